import { join } from "node:path"
import { run } from "../../lib/shell.js"
import { fail } from "../../../src/lib/errors/catalogue.js"
import { PINNED } from "../../../src/lib/wrappers/description.js"
import { goSettings } from "../images/programs.js"
import { isStored, stored } from "../../lib/store.js"
import { lastLines } from "../debian/packages.js"

/** The version of engine, CLI and SDK that this kit builds. */
export const DAGGER_VERSION = `v${PINNED.dagger}`

const MODULE = join(import.meta.dirname, "go")
const COMMANDS = ["codegen", "dagger", "dnsname", "engine", "init"].map(
  (name) => `github.com/dagger/dagger/cmd/${name}`,
)

const VARIABLE = "github.com/dagger/dagger/engine"
const FLAGS = `-s -w -X ${VARIABLE}.Version=${DAGGER_VERSION} -X ${VARIABLE}.Tag=${DAGGER_VERSION}`
const inputs = () => ({ texts: [FLAGS, ...COMMANDS], folders: [MODULE] })

/** True if `binaries` has nothing to build. */
export const binariesAreBuilt = (): boolean => isStored("dagger", inputs())

/** Builds engine, CLI and their helpers from Go modules, with the machine's own build cache. */
export function binaries(): Promise<string> {
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
