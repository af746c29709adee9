import type { Changeset } from "@dagger.io/dagger"
import { CI_HOSTS, type CiHost } from "../lib/config/wrappers.js"
import { fail } from "../lib/errors/catalogue.js"
import { describeWrappers } from "../lib/wrappers/description.js"
import { wrapperFiles } from "../lib/wrappers/files.js"
import type { PythonService } from "../stage/service.js"

/** The changes from generating the wrappers of these hosts, or of those in the settings. */
export async function wrapperChanges(
  { source, config }: PythonService,
  hosts: readonly string[],
  pin: string,
): Promise<Changeset> {
  const chosen = hosts.length > 0 ? hosts.map(known) : config.wrappers.hosts
  if (chosen.length === 0) return source.changes(source)
  const terraform = await source.glob("**/*.tf")
  return Object.entries(wrapperFiles(chosen, describeWrappers(config, pin, terraform.length > 0)))
    .reduce((folder, [path, text]) => folder.withNewFile(path, text), source)
    .changes(source)
}

function known(name: string): CiHost {
  const host = CI_HOSTS.find((host) => host === name)
  if (host === undefined) throw fail("UNKNOWN_HOST", [name, CI_HOSTS])
  return host
}
