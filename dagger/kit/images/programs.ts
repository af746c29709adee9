import { existsSync, readFileSync } from "node:fs"
import { basename, join, resolve } from "node:path"
import { fail } from "../../../src/lib/errors/catalogue.js"
import { lastLines } from "../debian/packages.js"
import { run } from "../../lib/shell.js"
import { contentKey, type StoreInputs, stored } from "../../lib/store.js"
import type { Platform } from "../debian/rootfs.js"

/** A program built from Go modules: a tool of a module in `dagger/kit/images/go`, or a folder of that module itself. */
export interface Program {
  /** The folder, below `dagger/kit/images/go` or an absolute path, whose `go.mod` and `go.sum` pin every module. */
  module: string
  /** The Go import path; `./folder` is the module's own. */
  package: string
  /** Values that the linker sets, by the variable's full name. */
  stamps?: Record<string, string>
  /** Build tags. */
  tags?: string[]
  /** Leaves out inlining, a quarter of the compiler's time: for programs whose own speed nobody waits for. */
  uninlined?: boolean
  /** The value of GOEXPERIMENT. */
  experiment?: string
  /** The Go toolchain to build with, if the build must be reproducible; the machine's own by default. */
  toolchain?: string
}

const MODULES = join(import.meta.dirname, "go")

/**
 * The environment of the Go compiler, without cgo. Fewer collections of its garbage save a twentieth of its time.
 */
export const GO_SETTINGS: NodeJS.ProcessEnv = {
  GOGC: "400",
  ...process.env,
  CGO_ENABLED: "0",
  GOFLAGS: "-mod=readonly",
}

/**
 * Flags that every program is compiled with, so that they share what is compiled of the same packages. Debugging
 * information, which the linker drops, costs a seventh of the compiler's time.
 */
export const GO_FLAGS = ["-trimpath", "-buildvcs=false", "-gcflags=all=-dwarf=false"]

/** The flags of `go build`. A build with a pinned toolchain has its hash written down: nothing but its tags may vary. */
export function goFlags({ stamps = {}, tags = [], uninlined = false, toolchain }: Program): string[] {
  const set = Object.entries(stamps).map(([name, value]) => ` -X ${name}=${value}`)
  return [
    ...(toolchain === undefined ? GO_FLAGS : ["-trimpath"]),
    ...(uninlined ? ["-gcflags=all=-dwarf=false -l"] : []),
    ...["-ldflags", `-s -w${set.join("")}`],
    ...(tags.length > 0 ? ["-tags", tags.join()] : []),
  ]
}

/** Returns the program's file and builds it first unless it is stored. Uses the machine's own build cache. */
export async function builtProgram(program: Program, platform: Platform): Promise<string> {
  const { module, experiment = "", toolchain } = program
  const folder = await stored(storeName(program, platform), inputs(program), async (folder) => {
    // Static, so that it runs in an image of any distribution.
    const settings = { ...GO_SETTINGS, GOEXPERIMENT: experiment }
    const pinned = toolchain === undefined ? {} : { GOTOOLCHAIN: toolchain }
    const env = { ...settings, ...pinned, GOOS: "linux", GOARCH: basename(platform) }
    const go = run({ cwd: resolve(MODULES, module), env })
    try {
      await go`go build ${goFlags(program)} -o ${join(folder, programName(program))} ${program.package}`
    } catch (cause) {
      throw fail("GO_BUILD", [lastLines(cause)], { cause })
    }
  })
  return join(folder, programName(program))
}

/** The name of the program's command. */
export const programName = (program: Program): string => basename(program.package)

/** Content key of the program: its name and everything it is built from. */
export const programKey = (program: Program, platform: Platform): string =>
  `${storeName(program, platform)}-${contentKey(inputs(program))}`

function storeName(program: Program, platform: Platform): string {
  const names = new Set([basename(program.module), programName(program), basename(platform)])
  return [...names].join("-")
}

/** Only the files that decide the program's content: other code of the module doesn't rebuild its tools. */
function inputs({ module, package: name, ...settings }: Program): StoreInputs {
  const folder = resolve(MODULES, module)
  const files = ["go.mod", "go.sum"].map((file) => readFileSync(join(folder, file), "utf8"))
  const own = join(folder, name)
  return {
    texts: [name, JSON.stringify(settings), ...goFlags({ module, package: name, ...settings }), ...files],
    folders: existsSync(own) ? [own] : [],
  }
}
