import { createHash } from "node:crypto"
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs"
import { join, relative, resolve } from "node:path"
import type { Config } from "../../../src/lib/config/config.js"
import { parseConfig } from "../../../src/lib/config/parse.js"
import { fail, SlipwayError } from "../../../src/lib/errors/catalogue.js"
import { webAddress } from "../../../src/lib/image/revision.js"
import { run } from "../../lib/shell.js"

/** True for a git address, which only the engine can read. */
export const isAddress = (source: string): boolean => /^\w+:\/\/|^git@/.test(source)

/** Resolves a source for `--source`: git addresses stay, folders become absolute. Fails with NO_SOURCE. */
export function absoluteSource(source: string): string {
  if (isAddress(source)) return source
  const folder = resolve(source)
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw fail("NO_SOURCE", [folder])
  return folder
}

/** The registry that a folder's slipway.yaml names. */
export const configuredRegistry = (source: string): string | undefined => configured(source)?.release.registry

/** The text of a folder's slipway.yaml; undefined if missing or empty, and for an address. */
export function settingsOf(source: string): string | undefined {
  const file = join(source, "slipway.yaml")
  return isAddress(source) || !existsSync(file) ? undefined : readFileSync(file, "utf8") || undefined
}

/** The settings in a folder's slipway.yaml; undefined without one, or if invalid, which the module reports. */
export function configured(source: string): Config | undefined {
  if (isAddress(source) || !existsSync(join(source, "slipway.yaml"))) return undefined
  try {
    return parseConfig(settingsOf(source))
  } catch (error) {
    if (error instanceof SlipwayError) return undefined
    throw error
  }
}

/** The state of the sources in git; fields are empty if unknown. */
export interface GitState {
  ref: string
  sha: string
  committed: string
  origin: string
  /** The folder within the repository, without slashes around it. */
  path: string
}

/** Reads the git state of a folder. */
export async function gitStateOf(source: string): Promise<GitState> {
  const git = async (...args: string[]) =>
    (await run({ nothrow: true })`git -C ${source} ${args}`).stdout.trim()
  return {
    ref: await git("symbolic-ref", "--quiet", "HEAD"),
    sha: await git("rev-parse", "--verify", "--quiet", "HEAD"),
    committed: await git("log", "-1", "--format=%cI"),
    origin: webAddress(await git("remote", "get-url", "origin")),
    path: (await git("rev-parse", "--show-prefix")).replace(/\/$/, ""),
  }
}

/** The web address of a source's repository, by git; empty if unknown. */
export const originOf = async (source: string): Promise<string> =>
  isAddress(source) ? "" : (await gitStateOf(source)).origin

/**
 * Digest of a folder with uncommitted changes, without `out` and ignored files; empty if there are none.
 *
 * Equal content gives an equal digest.
 */
export async function uncommittedDigest(source: string, out: string, { sha }: GitState): Promise<string> {
  if (isAddress(source)) return ""
  if (sha !== "" && (await uncommitted(source, out)).length === 0) return ""
  return contentDigest(source, out)
}

/** Digest of a folder's content, with or without changes. */
export async function contentDigest(source: string, out: string): Promise<string> {
  const own = relative(source, out)
  const hash = createHash("sha256")
  for (const name of (await filesOf(source)).sort()) {
    if (name === own || name.startsWith(`${own}/`)) continue
    const entry = lstatSync(join(source, name), { throwIfNoEntry: false })
    const content = entry?.isSymbolicLink()
      ? readlinkSync(join(source, name))
      : entry?.isFile()
        ? readFileSync(join(source, name))
        : undefined
    if (content === undefined) continue
    const kind = entry?.isSymbolicLink() ? "link" : (entry?.mode ?? 0) & 0o100 ? "executable" : "file"
    hash.update(`${kind} ${createHash("sha256").update(content).digest("hex")} ${name}\0`)
  }
  return `sha256:${hash.digest("hex")}`
}

/** Files tracked or trackable by git; without git, all files that an upload would include. */
async function filesOf(source: string): Promise<string[]> {
  const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]
  const known = await run({ nothrow: true })`git -C ${source} ${list}`
  if (known.exitCode === 0) return [...new Set(known.stdout.split("\0").filter((name) => name !== ""))]
  const left = /(?:^|\/)(?:\.git|\.?venv|node_modules|__pycache__|\.[^/]*_cache|\.terraform)(?:\/|$)/
  return readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) => !left.test(name))
}

/** Fails with DIRTY if files below a folder, except in `out`, have uncommitted changes. */
export async function refuseDirty(source: string, out: string): Promise<void> {
  const paths = await uncommitted(source, out)
  if (paths.length > 0) throw fail("DIRTY", [paths.slice(0, 5), paths.length])
}

/** Files with uncommitted changes, from the repository's root; none without git. */
async function uncommitted(source: string, out: string): Promise<string[]> {
  if (isAddress(source)) return []
  const below = relative(source, out)
  const left = below === "" || /^\.\.(\/|$)/.test(below) ? [] : [`:(exclude,literal)${below}`]
  const options = ["--porcelain=v1", "-z", "--untracked-files=all", "--no-renames"]
  const { stdout } = await run({
    nothrow: true,
  })`git --no-optional-locks -C ${source} status ${options} -- . ${left}`
  return stdout
    .split("\0")
    .filter((line) => line !== "")
    .map((line) => line.slice("XY ".length))
}
