import { normaliseName } from "../python/pins.js"
import { fields, objects, parseJson, strings, text } from "../text/json.js"

/** Processor with its number in ELF headers and its name in the tags of wheels. */
interface Processor {
  machine: number
  wheel: string
}

const PROCESSORS: Readonly<Record<string, Processor>> = {
  "linux/amd64": { machine: 62, wheel: "x86_64" },
  "linux/arm64": { machine: 183, wheel: "aarch64" },
}

/** Returns the processor of a platform. Throws for one that `image.platforms` doesn't allow. */
export function processor(platform: string): Processor {
  const known = PROCESSORS[platform]
  if (known === undefined) throw new Error(`no wheels are known for ${platform}`)
  return known
}

/** Properties of a base image, read without running it. */
export interface Base {
  /** The processor of its Python; absent without Python. */
  machine?: number
  /** `musl`, or glibc's version. */
  libc: string
}

export function readBase(json: string): Base {
  const { machine, libc } = fields(parseJson(json))
  return { libc: text(libc), ...(typeof machine === "number" && { machine }) }
}

/** Versions of glibc, 2.x, that uv accepts as a target. */
const MANYLINUX = [17, 28, ...Array.from({ length: 10 }, (_, index) => 31 + index)]

/**
 * Returns uv's name of a platform.
 *
 * @example uvPlatform("linux/arm64", "2.36") // "aarch64-manylinux_2_36"
 */
export function uvPlatform(platform: string, libc: string): string {
  const { wheel } = processor(platform)
  if (libc === "musl") return `${wheel}-unknown-linux-musl`
  const minor = Number(/^2\.(\d+)/.exec(libc)?.[1] ?? 0)
  const newest = MANYLINUX.findLast((version) => version <= minor)
  return newest === undefined ? `${wheel}-unknown-linux-gnu` : `${wheel}-manylinux_2_${newest}`
}

/** The processor of each program and library, by path. */
export type Programs = Readonly<Record<string, number>>

/** An installed package. */
export interface InstalledDistribution {
  name: string
  version: string
  /** The tags of its wheel. */
  tags: string[]
  programs: Programs
  /** The commands that it installs. */
  scripts: string[]
}

/** Installed packages and copied files. */
export interface Contents {
  distributions: InstalledDistribution[]
  /** Programs and libraries among the service's own files. */
  programs: Programs
  /** The packages that `python -m` can run. */
  modules: string[]
}

export function readContents(json: string): Contents {
  const { distributions, programs, modules } = fields(parseJson(json))
  return {
    distributions: objects(distributions).map((one) => ({
      name: text(one.name),
      version: text(one.version),
      tags: strings(one.tags),
      programs: numbers(one.programs),
      scripts: strings(one.scripts),
    })),
    programs: numbers(programs),
    modules: strings(modules),
  }
}

const numbers = (value: unknown): Programs =>
  Object.fromEntries(Object.entries(fields(value)).map(([path, machine]) => [path, Number(machine)]))

/** Extension modules that only one processor can import, whatever their name. */
const EXTENSION = /\.(cpython-\d\w*-[\w-]+|abi3)\.so$/
const NAMES_PROCESSOR = /(?<![a-z])(amd64|x86|x64|aarch64|arm|i[36]86|ppc64|s390x|riscv)/i

/** Files for another processor. One with a processor in its name is one of several to choose from. */
export const foreignFiles = (programs: Programs, platform: string): string[] =>
  Object.entries(programs)
    .filter(([, machine]) => machine !== processor(platform).machine)
    .map(([path]) => path)
    .filter((path) => EXTENSION.test(path) || !NAMES_PROCESSOR.test(path.replace(/^.*\//, "")))

/** Names the packages for another platform, by the tags of their wheels or by their files. */
export function foreignPackages({ distributions }: Contents, platform: string): string[] {
  const { wheel } = processor(platform)
  const fits = (tag: string) => tag.endsWith("-any") || tag.endsWith(`_${wheel}`)
  return distributions
    .filter(
      ({ tags, programs }) =>
        foreignFiles(programs, platform).length > 0 || (tags.length > 0 && !tags.some(fits)),
    )
    .map(({ name, version }) => `${normaliseName(name)}==${version}`)
}
