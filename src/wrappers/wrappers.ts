import type { Changeset } from "@dagger.io/dagger"
import { CI_HOSTS, type CiHost } from "../lib/config/wrappers.js"
import { fail } from "../lib/errors/catalogue.js"
import { describeWrappers } from "../lib/wrappers/description.js"
import { wrapperFiles } from "../lib/wrappers/files.js"
import type { PythonService } from "../stage/service.js"

/** The changes from generating the wrappers of these hosts, or of those in the settings, and people's script. */
export async function wrapperChanges(
  { source, config }: PythonService,
  hosts: readonly string[],
  pin: string,
): Promise<Changeset> {
  const chosen = hosts.length > 0 ? hosts.map(known) : config.wrappers.hosts
  const people = config.wrappers.deployScript
  if (chosen.length === 0 && people === undefined) return source.changes(source)
  const terraform = await source.glob("**/*.tf")
  const files = wrapperFiles(chosen, describeWrappers(config, pin, terraform.length > 0), people)
  return Object.entries(files)
    .reduce(
      (folder, [path, text]) =>
        // People call it by its name; hosts name the interpreter of theirs.
        path === people
          ? folder.withNewFile(path, text, { permissions: 0o755 })
          : folder.withNewFile(path, text),
      source,
    )
    .changes(source)
}

function known(name: string): CiHost {
  const host = CI_HOSTS.find((host) => host === name)
  if (host === undefined) throw fail("UNKNOWN_HOST", [name, CI_HOSTS])
  return host
}
