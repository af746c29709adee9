import { continuationIn, type Instruction, parseDockerfile, splitInstruction } from "./dockerfile.js"
import { type Mount, readMount } from "./plan.js"

/**
 * Gives every cache that a Dockerfile mounts an id below a prefix, so that it can't name those of others.
 *
 * Commands with options are written anew, in the one way that can't be read differently, each on its last line: the
 * lines keep their numbers.
 *
 * @param prefix Without quotes, commas, `$` and backslashes.
 */
export function withOwnCaches(text: string, prefix: string): string {
  const { globals, stages } = parseDockerfile(text)
  const continued = continuationIn(text)
  const lines = text.split("\n")
  for (const instruction of [...globals, ...stages.flatMap(({ instructions }) => instructions)]) {
    const written = rewritten(instruction, prefix)
    if (written === undefined) continue
    lines.fill("", instruction.line - 1, instruction.lastLine)
    // A break that ends no line keeps a last backslash from joining it to the next.
    lines[instruction.lastLine - 1] = continued.test(written) ? `${written}\v` : written
  }
  return lines.join("\n")
}

type Parts = Pick<Instruction, "keyword" | "flags" | "rest">

/** A `RUN` with the ids of its caches; undefined for an instruction that can mount none. */
function rewritten({ keyword, flags, rest }: Parts, prefix: string): string | undefined {
  if (keyword === "ONBUILD") {
    const run = rewritten(splitInstruction(rest), prefix)
    return run === undefined ? undefined : ["ONBUILD", ...flags.map(quoted), run].join(" ")
  }
  // What begins with `--` is no option to us, and must be none to the engine.
  const unread = rest.startsWith("--")
  if (keyword !== "RUN" || (flags.length === 0 && !unread)) return undefined
  const options = flags.map((flag) => quoted(withOwnCache(flag, prefix)))
  return ["RUN", ...options, ...(unread ? ["--"] : []), rest].join(" ")
}

const MOUNT = "--mount="

/** Adds the id to the option: the last one counts. */
function withOwnCache(flag: string, prefix: string): string {
  if (!flag.startsWith(MOUNT)) return flag
  const mount = readMount(flag.slice(MOUNT.length))
  const type = mount.type ?? "bind"
  // Of a variable or of quoted fields, only the engine knows the type.
  const known = !/[$"]/.test(type) && !flag.includes('"')
  return known && type.toLowerCase() !== "cache" ? flag : `${flag},id=${cacheId(mount, prefix)}`
}

/** Id of a cache mount: its own or, as in the engine, its target. */
export const cacheId = (mount: Mount, prefix: string): string =>
  `${prefix}/${(mount.id || (mount.target ?? mount.dst ?? mount.destination ?? "")).replaceAll('"', "")}`

const quoted = (flag: string): string => {
  const [, name = "", value] = /^(--[^=]*=?)(.*)$/s.exec(flag) ?? []
  return `${name}"${(value ?? "").replace(/[\\"]/g, "\\$&")}"`
}
