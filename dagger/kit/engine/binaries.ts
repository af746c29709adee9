import { copyFileSync, statSync } from "node:fs"
import { join, resolve } from "node:path"
import { run } from "../../lib/shell.js"
import { fail } from "../../../src/lib/errors/catalogue.js"
import { PINNED } from "../../../src/lib/wrappers/description.js"
import { goSettings } from "../images/programs.js"
import { isStored, stored } from "../../lib/store.js"
import { lastLines } from "../debian/packages.js"

/** The version of engine, CLI and SDK that this kit builds. */
export const DAGGER_VERSION = `v${PINNED.dagger}`

const MODULE = join(import.meta.dirname, "go")
const PROGRAMS = ["dagger", "dnsname", "engine", "init"]
const COMMANDS = ["codegen", ...PROGRAMS].map((name) => `github.com/dagger/dagger/cmd/${name}`)

const VARIABLE = "github.com/dagger/dagger/engine"
const FLAGS = `-s -w -X ${VARIABLE}.Version=${DAGGER_VERSION} -X ${VARIABLE}.Tag=${DAGGER_VERSION}`
const inputs = () => ({ texts: [FLAGS, ...COMMANDS], folders: [MODULE] })

/** True if `builtBinaries` has nothing to build. */
export const binariesAreBuilt = (): boolean => isStored("dagger", inputs())

/**
 * Copies somebody's own engine, CLI and their helpers from the folder SLIPWAY_DAGGER, as the engine's root sees only
 * what is below Slipway's home; undefined if it isn't set. Fails with PROGRAM_MISSING.
 *
 * They are told apart by size and time: reading half a gigabyte would delay each start.
 */
export async function givenBinaries(): Promise<string | undefined> {
  const given = process.env["SLIPWAY_DAGGER"]
  if (!given) return undefined
  const from = resolve(given)
  const files = PROGRAMS.map((name) => ({
    name,
    stat: statSync(join(from, name), { throwIfNoEntry: false }),
  }))
  const missing = files.filter(({ stat }) => !stat?.isFile()).map(({ name }) => name)
  if (missing.length > 0) throw fail("PROGRAM_MISSING", [from, missing])
  const texts = files.map(({ name, stat }) => `${name} ${stat?.size} ${stat?.mtimeMs}`)
  return stored("dagger", { texts: [from, ...texts] }, (folder) => {
    for (const name of PROGRAMS) copyFileSync(join(from, name), join(folder, name))
    return Promise.resolve()
  })
}

/**
 * Builds engine, CLI, their helpers and the SDK's generator from Go modules, with the machine's own build cache. Fails
 * with GO_BUILD.
 */
export function builtBinaries(): Promise<string> {
  return stored("dagger", inputs(), async (folder) => {
    // Static, since dagger-init runs inside containers of foreign architectures too.
    const go = run({ cwd: MODULE, env: goSettings() })
    try {
      await go`go build -tags dfexcludepatterns,dfparents -ldflags ${FLAGS} -o ${folder}/ ${COMMANDS}`
    } catch (cause) {
      throw fail("GO_BUILD", [lastLines(cause)], { cause })
    }
  })
}
