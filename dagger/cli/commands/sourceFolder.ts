import { createHash } from "node:crypto"
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs"
import { join, relative, resolve } from "node:path"
import type { Config } from "../../../src/lib/config/config.js"
import { parseConfig } from "../../../src/lib/config/parse.js"
import { fail, SlipwayError } from "../../../src/lib/errors/catalogue.js"
import { serviceName } from "../../../src/lib/python/name.js"
import { declaredServices, type ServicePlace, servicePlace, WHOLE } from "../../../src/lib/services/places.js"
import { settingsIn } from "../../../src/lib/services/settings.js"
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

/** The registry that a folder's slipway.yaml names, or that of a service in it. */
export const configuredRegistry = (source: string, service?: string): string | undefined =>
  configured(source, service)?.release.registry

/**
 * The text of a folder's slipway.yaml, or the settings of a service in it; undefined if missing or empty, and for an
 * address.
 *
 * Fails with UNKNOWN_SERVICE and CONFIG_INVALID for a service.
 */
export function settingsOf(source: string, service?: string): string | undefined {
  if (isAddress(source)) return undefined
  const read = (path: string) => {
    const file = join(source, path)
    return existsSync(file) ? readFileSync(file, "utf8") : ""
  }
  return settingsIn(read, service).text || undefined
}

/** These settings, parsed; undefined without any, or if invalid, which the module reports. */
export function configured(source: string, service?: string): Config | undefined {
  try {
    const settings = settingsOf(source, service)
    return settings === undefined ? undefined : parseConfig(settings)
  } catch (error) {
    if (error instanceof SlipwayError) return undefined
    throw error
  }
}

/** The services that a source declares. */
export const servicesIn = (source: string): ServicePlace[] =>
  isAddress(source) ? [] : declaredServices(configured(source) ?? { services: {} })

/**
 * The service that a command is about: the chosen one or the only one; undefined for a source that is one itself.
 *
 * Fails with WHICH_SERVICE if there are several.
 */
export function oneService(source: string, chosen: string | undefined): string | undefined {
  const names = servicesIn(source).map(({ name }) => name)
  if (chosen === undefined && names.length > 1) throw fail("WHICH_SERVICE", [names])
  return chosen ?? names[0]
}

/** A service of the source, by its name or folder; the whole source for one that is a service itself. */
export const chosenPlace = (source: string, service: string | undefined): ServicePlace =>
  service === undefined ? WHOLE : servicePlace(service, configured(source) ?? { services: {} })

/** The folder of a service in the source; empty for a source that is one itself. */
export const folderOf = (source: string, service: string | undefined): string =>
  chosenPlace(source, service).path

/** The repository that the service in a folder is published to, without the registry's host. */
export function repositoryName(folder: string, { release, name }: Config): string {
  const manifest = join(folder, "pyproject.toml")
  const manifests = { "pyproject.toml": existsSync(manifest) ? readFileSync(manifest, "utf8") : "" }
  return release.repository ?? serviceName(manifests, name) ?? "service"
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

/** The repository's default branch, as its remote says or as far as its name shows; undefined if nothing does. */
export async function defaultBranchOf(source: string): Promise<string | undefined> {
  const git = async (...args: string[]) =>
    (await run({ nothrow: true })`git -C ${source} ${args}`).stdout.trim()
  const remote = await git("symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
  if (remote !== "") return remote.replace(/^origin\//, "")
  const format = "--format=%(refname:lstrip=-1)"
  const there = (await git("for-each-ref", format, "refs/heads", "refs/remotes/origin")).split("\n")
  return ["main", "master"].find((name) => there.includes(name))
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
  for (const name of (await sourceFiles(source)).sort()) {
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

/** Paths in folders that tools make, which no upload includes. */
export const MADE_BY_TOOLS =
  /(?:^|\/)(?:\.git|\.?venv|node_modules|__pycache__|\.[^/]*_cache|\.terraform)(?:\/|$)/

/** Files tracked or trackable by git; without git, all files that an upload would include. */
export async function sourceFiles(source: string): Promise<string[]> {
  const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]
  const known = await run({ nothrow: true })`git -C ${source} ${list}`
  if (known.exitCode === 0) return [...new Set(known.stdout.split("\0").filter((name) => name !== ""))]
  return readdirSync(source, { recursive: true, encoding: "utf8" }).filter(
    (name) => !MADE_BY_TOOLS.test(name),
  )
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
