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
  /** Flags of `go build`. */
  flags?: string[]
  /** The value of GOEXPERIMENT. */
  experiment?: string
  /** The Go toolchain to build with, if the build must be reproducible; the machine's own by default. */
  toolchain?: string
}

const MODULES = join(import.meta.dirname, "go")

/**
 * Modules whose programs are compiled without inlining, a quarter of the compiler's time, since nobody waits for their
 * own speed. Not regctl, which compresses layers.
 */
const UNINLINED = ["cosign", "helm", "prometheus", "registry", "sigstore", "terraform", "tofu"]

/**
 * The environment of the Go compiler, the same for every program, so that they share what is compiled of the same
 * packages. Debugging information, which the linker drops, would cost a seventh of its time, more collections of its own
 * garbage a twentieth. Static, so that a program runs in an image of any distribution.
 *
 * None of it is part of a key: it changes how long programs take to compile, and not what they do.
 */
export function goSettings(module = "", toolchain?: string): NodeJS.ProcessEnv {
  const compiler = UNINLINED.includes(module) ? "'-gcflags=all=-dwarf=false -l'" : "-gcflags=all=-dwarf=false"
  // A build with a pinned toolchain has its hash written down: nothing but its own flags may be in it.
  const flags = toolchain === undefined ? ["-trimpath", "-buildvcs=false", compiler] : []
  return {
    GOGC: "400",
    ...process.env,
    CGO_ENABLED: "0",
    GOFLAGS: ["-mod=readonly", ...flags].join(" "),
    ...(toolchain !== undefined && { GOTOOLCHAIN: toolchain }),
  }
}

/** Returns the program's file and builds it first unless it is stored. Uses the machine's own build cache. */
export async function builtProgram(program: Program, platform: Platform): Promise<string> {
  const { module, flags = [], experiment = "", toolchain } = program
  const folder = await stored(storeName(program, platform), inputs(program), async (folder) => {
    const env = {
      ...goSettings(module, toolchain),
      GOEXPERIMENT: experiment,
      GOOS: "linux",
      GOARCH: basename(platform),
    }
    const go = run({ cwd: resolve(MODULES, module), env })
    try {
      await go`go build ${flags} -o ${join(folder, programName(program))} ${program.package}`
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
  return { texts: [name, JSON.stringify(settings), ...files], folders: existsSync(own) ? [own] : [] }
}
