import { posix } from "node:path"
import { glob } from "../security/glob.js"
import type { Instruction } from "./dockerfile.js"
import { copiedPaths, copiesContext, mountsOf, type PlannedStage } from "./plan.js"

/** The repository's folder, with the history that versions are taken from. */
export const GIT = ".git"

/** Projects whose version or list of files comes from git. */
const VERSIONED =
  /\b(?:setuptools[-_]scm|use_scm_version|setuptools[-_]git[-_]versioning|hatch[-_]vcs|versioningit|versioneer|dunamai|pbr|(?:poetry|uv|pdm)[-_]dynamic[-_]versioning|flit[-_]scm)\b|\bsource\s*=\s*["']scm["']/

/** Commands of git that read the history. */
const READING = "describe rev-parse rev-list log show status tag ls-files archive".split(" ")

/** What a Dockerfile's build reads, as far as its use of the history follows from it. */
export interface ContextTexts {
  stages: readonly PlannedStage[]
  /** The patterns of the ignore file. */
  ignored: readonly string[]
  /** The project's own files: pyproject.toml, setup.py, setup.cfg. */
  manifests: readonly string[]
}

/**
 * True if a build needs the history: it copies or mounts `.git`, or the whole context for a project or a command that
 * takes the version from it.
 *
 * For any other, each commit would build anew what earlier ones have built.
 */
export function needsHistory({ stages, ignored, manifests }: ContextTexts): boolean {
  if (isIgnored(ignored)) return false
  const instructions = stages.flatMap(({ stage }) => stage.instructions)
  if (instructions.some(takesHistory)) return true
  const reads = manifests.some((text) => VERSIONED.test(text)) || instructions.some(readsHistory)
  return reads && instructions.some(takesAll)
}

/** True for an instruction that copies or mounts `.git` by its name. */
export const takesHistory = (instruction: Instruction): boolean =>
  contextPaths(instruction).some((path) => path === GIT || path.startsWith(`${GIT}/`))

const takesAll = (instruction: Instruction): boolean => contextPaths(instruction).includes(".")

const readsHistory = ({ keyword, rest, heredocs }: Instruction): boolean =>
  keyword === "RUN" && [rest, ...heredocs.map(({ content }) => content)].some(callsGit)

/** True if a shell's text calls a command of git that reads the history. */
function callsGit(text: string): boolean {
  const words = text.split(/\s+/)
  return words.some((word, index) => {
    if (word.split(/\W/).at(-1) !== "git") return false
    let next = index + 1
    while (words[next]?.startsWith("-")) next += /^-[Cc]$/.test(words[next] ?? "") ? 2 : 1
    return READING.includes(words[next]?.split(/[^\w-]/)[0] ?? "")
  })
}

/** Paths that an instruction takes from the build context; the context itself is `.`. */
function contextPaths(instruction: Instruction): string[] {
  if (instruction.keyword === "RUN")
    return mountsOf(instruction)
      .filter(({ type = "bind", from }) => type === "bind" && from === undefined)
      .map(({ source, src }) => clean(source ?? src ?? "."))
  return copiesContext(instruction) ? copiedPaths(instruction).map(clean) : []
}

const clean = (path: string): string =>
  posix
    .normalize(path.replace(/^\/(?=.)/, ""))
    .replace(/(?<=.)\/$/, "")
    .replace(/^\/$/, ".")

/** True if the patterns of an ignore file leave out the history. The last that matches decides. */
export function isIgnored(patterns: readonly string[]): boolean {
  const matches = (pattern: string): boolean => [GIT, `${GIT}/HEAD`].some(glob(pattern))
  const last = patterns.findLast((pattern) => matches(pattern.replace(/^!/, "")))
  return last !== undefined && !last.startsWith("!")
}
