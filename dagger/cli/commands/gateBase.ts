import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import type { Config } from "../../../src/lib/config/config.js"
import { parseConfig } from "../../../src/lib/config/parse.js"
import { POLICY_FILES, trustedFiles } from "../../../src/lib/gates/facts.js"
import { SlipwayError } from "../../../src/lib/errors/catalogue.js"
import { settingsIn } from "../../../src/lib/services/settings.js"
import { parseVersion } from "../../../src/lib/release/version.js"
import { gitIn, gitText } from "../../lib/git.js"
import { folderOfProcess } from "../../lib/temporary.js"
import type { Variables } from "../../lib/variables.js"
import { isAddress } from "./sourceFolder.js"

/** The event of a run, as far as its base follows from it. */
interface BaseTrigger {
  event: string
  ref: string
  baseRef?: string
  /** The names of the branches in slipway.yaml. */
  branches?: Config["branches"]
}

/** The commit that a run's gates are compared with. */
interface FoundBase {
  /** Its name, for people. */
  ref: string
  sha: string
}

/** Git in a folder: its output, or undefined if it failed. */
type Git = (...args: string[]) => string | undefined

/**
 * The module's arguments for what a run's gates are compared with; writes the base's files to a temporary folder, which
 * is deleted as this process ends.
 */
export function gateArguments(
  source: string,
  trigger: BaseTrigger,
  env: Variables = process.env,
  service?: string,
): string[] {
  const allow = (env["SLIPWAY_ALLOW"] ?? "").split(/\s+/).filter((setting) => setting !== "")
  const allowed = allow.map((setting) => `--allow=${setting}`)
  const base = isAddress(source) ? `only a folder has a base, not ${source}` : findBase(source, trigger)
  if (typeof base === "string") return ["with-gates", `--problem=${base}`, ...allowed]
  const named = [`--ref=${base.ref}`, `--sha=${base.sha}`]
  const folder = folderOfProcess("slipway-base-")
  const problem = writeBase(source, base.sha, folder, service)
  if (problem !== undefined) return ["with-gates", ...named, `--problem=${problem}`, ...allowed]
  return ["with-gates", `--base=${folder}`, ...named, ...allowed]
}

/** The usual names of branches that are released or deployed from: they are compared with the last release. */
const BRANCHES = ["main", "master", "develop"]

/**
 * Finds what a run's gates are compared with: where a pull request left its target branch; else the last release or the
 * default branch. Returns why there is none.
 */
export function findBase(source: string, trigger: BaseTrigger): FoundBase | string {
  const { event, ref, baseRef = "", branches } = trigger
  const known = [...Object.values(branches ?? {}), ...BRANCHES]
  const git: Git = gitText(source)
  if (git("rev-parse", "--git-dir") === undefined) return "the sources are no git repository"
  const head = git("rev-parse", "--verify", "--quiet", "HEAD")
  if (head === undefined) return "the repository has no commit"
  if ((event === "pull_request" || event === "merge_queue") && baseRef !== "")
    return branchBase(git, baseRef.replace(/^refs\/heads\//, ""))
  const branch = ref.replace(/^refs\/heads\//, "")
  const released = ref.startsWith("refs/tags/") || known.includes(branch) || branch.startsWith("hotfix/")
  const main = (there: Git) => defaultBranch(there, known)
  const candidates = released ? [lastRelease, main] : [main, lastRelease]
  for (const candidate of candidates) {
    const found = candidate(git)
    // Uncommitted changes are compared with their own commit.
    if (found !== undefined && (found.sha !== head || event === "local")) return found
  }
  const before = git("rev-parse", "--verify", "--quiet", "HEAD^1")
  return before === undefined ? "this is the first commit" : { ref: "the commit before", sha: before }
}

function branchBase(git: Git, branch: string): FoundBase | string {
  const tip = tipOf(git, branch)
  if (tip === undefined)
    return `the branch ${branch} isn't in this clone: fetch all branches (fetch-depth: 0 in CI)`
  const sha = git("merge-base", "HEAD", tip)
  return sha === undefined
    ? `this clone has no commit in common with ${branch}: fetch the whole history (fetch-depth: 0 in CI)`
    : { ref: branch, sha }
}

/** The commit of a branch: the remote's, which others can't have changed here, before a local one. */
const tipOf = (git: Git, branch: string): string | undefined =>
  [`refs/remotes/origin/${branch}`, `refs/heads/${branch}`]
    .map((name) => git("rev-parse", "--verify", "--quiet", `${name}^{commit}`))
    .find((sha) => sha !== undefined)

function defaultBranch(git: Git, known: readonly string[]): FoundBase | undefined {
  const remote = git("symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")?.replace(
    /^origin\//,
    "",
  )
  const name = [...(remote === undefined ? [] : [remote]), ...known].find(
    (each) => tipOf(git, each) !== undefined,
  )
  const found = name === undefined ? undefined : branchBase(git, name)
  return typeof found === "string" ? undefined : found
}

/** The highest version before this commit. */
function lastRelease(git: Git): FoundBase | undefined {
  const here = new Set((git("tag", "--points-at", "HEAD") ?? "").split("\n"))
  const tags = (git("tag", "--merged", "HEAD", "--sort=-version:refname", "--list", "v*") ?? "").split("\n")
  const tag = tags.find((name) => !here.has(name) && parseVersion(name.slice(1)) !== undefined)
  const sha =
    tag === undefined ? undefined : git("rev-parse", "--verify", "--quiet", `refs/tags/${tag}^{commit}`)
  return tag === undefined || sha === undefined ? undefined : { ref: tag, sha }
}

/** Regular files of a commit with their objects, by path. */
function filesAt(source: string, sha: string): Map<string, string> | undefined {
  const listed = gitIn(source)("ls-tree", "-r", "-z", sha)?.toString()
  if (listed === undefined) return undefined
  const entries = listed.split("\0").flatMap((line): [string, string][] => {
    const [, object, name] = /^100\d{3} blob (\w+)\t(.+)$/s.exec(line) ?? []
    const outside = name === undefined || /(^|\/)(\.\.?|\.git)(\/|$)/.test(name) || name.startsWith("/")
    return object === undefined || outside ? [] : [[name, object]]
  })
  return new Map(entries)
}

/** Writes what policies are read from, as the service alone sees it; returns why it can't be. */
function writeBase(source: string, sha: string, folder: string, service?: string): string | undefined {
  const files = filesAt(source, sha)
  if (files === undefined) return `the files of ${sha} aren't in this clone`
  const read = (name: string): string => {
    const object = files.get(name)
    return object === undefined ? "" : (gitIn(source)("cat-file", "blob", object)?.toString() ?? "")
  }
  const settings = baseSettings(read, service)
  if ("problem" in settings) return settings.problem
  const { text, path } = settings
  const named = namedBy(text)
  const wanted = new Set([...POLICY_FILES, ...named])
  const prefix = path === "" ? "" : `${path}/`
  const own = [...files].flatMap(([name, object]): [string, string][] =>
    name.startsWith(prefix) ? [[name.slice(prefix.length), object]] : [],
  )
  const ofRoot = [...files].filter(([name]) => named.includes(name) && !files.has(`${prefix}${name}`))
  const chosen = [...own.filter(([name]) => /\.pyi?$/.test(name) || wanted.has(name)), ...ofRoot]
  const contents = blobs(
    source,
    chosen.map(([, object]) => object),
  )
  if (contents === undefined) return `some files of ${sha} aren't in this clone`
  chosen.forEach(([name], index) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), contents[index] ?? "")
  })
  if (path !== "") writeFileSync(join(folder, "slipway.yaml"), text)
  return undefined
}

/** The settings of the base, for a service those of the root and its own, and the service's folder. */
function baseSettings(
  read: (name: string) => string,
  service: string | undefined,
): { text: string; path: string } | { problem: string } {
  try {
    return settingsIn(read, service)
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error
    return { problem: error.message.split("\n")[0] ?? "" }
  }
}

/** The files that settings name; none for invalid ones, which the module reports. */
function namedBy(settings: string): string[] {
  try {
    return trustedFiles(parseConfig(settings || undefined))
  } catch {
    return []
  }
}

/** Reads objects as they are stored: no filter and no attribute of the repository changes or hides them. */
function blobs(source: string, objects: readonly string[]): Buffer[] | undefined {
  if (objects.length === 0) return []
  const output = gitIn(source, `${objects.join("\n")}\n`)("cat-file", "--batch")
  if (output === undefined) return undefined
  const contents: Buffer[] = []
  for (let at = 0; at < output.length;) {
    const end = output.indexOf("\n", at)
    const size = Number(/^\w+ blob (\d+)$/.exec(output.toString("latin1", at, end))?.[1] ?? NaN)
    if (Number.isNaN(size)) return undefined
    contents.push(output.subarray(end + 1, end + 1 + size))
    at = end + 1 + size + 1
  }
  return contents.length === objects.length ? contents : undefined
}

/** Files of a folder that differ from a commit, with those that git doesn't know yet; undefined if git fails. */
export function changedFiles(source: string, sha: string): string[] | undefined {
  const git = gitIn(source)
  const changed = git("diff", "--name-only", "--no-renames", "--relative", "-z", sha)
  const added = git("ls-files", "--others", "--exclude-standard", "-z")
  if (changed === undefined || added === undefined) return undefined
  return [changed, added].flatMap((list) => list.toString().split("\0")).filter((name) => name !== "")
}
