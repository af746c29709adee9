import { existsSync, readFileSync } from "node:fs"
import { basename, join, resolve } from "node:path"
import { fail } from "../../../src/lib/errors/catalogue.js"
import { lastLines } from "../debian/packages.js"
import { run } from "../../lib/shell.js"
import { contentKey, type Inputs, stored } from "../../lib/store.js"
import type { Platform } from "../debian/rootfs.js"

/** A program built from Go modules: a tool of a module in `dagger/kit/images/go`, or a folder of that module itself. */
export interface Program {
  /** The folder, in `dagger/kit/images/go` or anywhere, whose `go.mod` and `go.sum` name every module and its content. */
  module: string
  /** As Go imports it; `./folder` is the module's own. */
  package: string
  /** Of `go build`. */
  flags?: string[]
  /** What GOEXPERIMENT is to hold. */
  experiment?: string
  /** The compiler to build it with, whatever the machine's own, where its bytes matter. */
  toolchain?: string
}

const MODULES = join(import.meta.dirname, "go")

/** The program's file, built now unless the store has it. The compiler's cache is the machine's own. */
export async function builtProgram(program: Program, platform: Platform): Promise<string> {
  const { module, flags = [], experiment = "", toolchain } = program
  const folder = await stored(storeName(program, platform), inputs(program), async (folder) => {
    // Static, so that it runs in an image of any distribution.
    const how = { CGO_ENABLED: "0", GOFLAGS: "-mod=readonly", GOEXPERIMENT: experiment }
    const pinned = toolchain === undefined ? {} : { GOTOOLCHAIN: toolchain }
    const env = { ...process.env, ...how, ...pinned, GOOS: "linux", GOARCH: basename(platform) }
    const go = run({ cwd: resolve(MODULES, module), env })
    try {
      await go`go build ${flags} -o ${join(folder, programName(program))} ${program.package}`
    } catch (cause) {
      throw fail("GO_BUILD", [lastLines(cause)], { cause })
    }
  })
  return join(folder, programName(program))
}

/** What the program's command is called. */
export const programName = (program: Program): string => basename(program.package)

/** Names the program and what it is built from. */
export const programKey = (program: Program, platform: Platform): string =>
  `${storeName(program, platform)}-${contentKey(inputs(program))}`

function storeName(program: Program, platform: Platform): string {
  const names = new Set([basename(program.module), programName(program), basename(platform)])
  return [...names].join("-")
}

/** Of the module only what decides its content, so that code of its own beside it leaves its tools alone. */
function inputs({ module, package: name, ...how }: Program): Inputs {
  const folder = resolve(MODULES, module)
  const files = ["go.mod", "go.sum"].map((file) => readFileSync(join(folder, file), "utf8"))
  const own = join(folder, name)
  return { texts: [name, JSON.stringify(how), ...files], folders: existsSync(own) ? [own] : [] }
}
