import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { DEFAULTS } from "../../../src/lib/config/config.js"
import { ignorePatterns } from "../../../src/lib/image/context.js"
import { parseDockerfile } from "../../../src/lib/image/dockerfile.js"
import { COMPOSE_FILES, contextFiles, DOCKERFILES, findDockerfile } from "../../../src/lib/image/find.js"
import { needsHistory } from "../../../src/lib/image/history.js"
import { planStages } from "../../../src/lib/image/plan.js"
import { gitIn, gitText, gitLines } from "../../lib/git.js"
import { folderOfProcess } from "../../lib/temporary.js"
import { configured, isAddress } from "./sourceFolder.js"

/** Files that say how a project's version is found. */
const MANIFESTS = ["pyproject.toml", "setup.py", "setup.cfg"]

const PATTERNS = [...DOCKERFILES, ...COMPOSE_FILES].map((pattern) => `:(glob)${pattern}`)

/** Only the names of stages matter here, which no platform changes. */
const ANY = { target: "linux/amd64", native: "linux/amd64" }

/**
 * A temporary folder with the history of the sources, if the Dockerfile's build needs it and git knows it. It is deleted
 * as this process ends.
 *
 * The commits and tags that lead to the present commit, with the files of that alone and without the clone's settings:
 * the same for each clone, so that the build stays cached.
 */
export function historyFolder(source: string): string | undefined {
  if (isAddress(source) || !readsHistory(source) || gitIn(source)("rev-parse", "HEAD") === undefined)
    return undefined
  const folder = folderOfProcess("slipway-git-")
  return writeHistory(source, folder) ? folder : undefined
}

/** True if the folder's Dockerfile needs the history. */
export function readsHistory(folder: string): boolean {
  const { image } = configured(folder) ?? DEFAULTS
  const read = (path: string) =>
    existsSync(join(folder, path)) ? readFileSync(join(folder, path), "utf8") : ""
  const file = image.dockerfile ?? foundDockerfile(folder) ?? "Dockerfile"
  const stages = planStages(parseDockerfile(read(file)), image.target, ANY, {}) ?? []
  const ignore = read(`${file}.dockerignore`) || read(".dockerignore")
  return needsHistory({ stages, ignored: ignorePatterns(ignore), manifests: MANIFESTS.map(read) })
}

/** The Dockerfile that the module finds in a folder. */
function foundDockerfile(folder: string): string | undefined {
  const has = (path: string) => existsSync(join(folder, path))
  if (has("Dockerfile")) return "Dockerfile"
  const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ...PATTERNS]
  const paths =
    gitIn(folder)(...list)
      ?.toString()
      .split("\0")
      .filter((path) => path !== "" && has(path)) ?? []
  const files = Object.fromEntries(paths.map((path) => [path, readFileSync(join(folder, path), "utf8")]))
  return findDockerfile(files, (path) => {
    const context = contextFiles(path, files[path] ?? "")
    return context.has.every(has) && !context.lacks.some(has)
  }).file
}

/** Writes the history as a `.git` folder; false if objects are missing. */
export function writeHistory(source: string, folder: string): boolean {
  const read = gitText(source)
  const git = (...args: string[]) => read(...args) ?? ""
  for (const name of ["objects/pack", "refs/heads", "refs/tags"])
    mkdirSync(join(folder, name), { recursive: true })
  const [head, branch] = [git("rev-parse", "HEAD"), git("symbolic-ref", "--quiet", "HEAD")]
  const tags = gitLines(
    git("for-each-ref", "--merged=HEAD", "--format=%(objectname) %(refname)", "refs/tags"),
  )
  const refs = [...(branch === "" ? [] : [`${head} ${branch}`]), ...tags]
  writeFileSync(join(folder, "packed-refs"), refs.map((line) => `${line}\n`).join(""))
  writeFileSync(join(folder, "HEAD"), branch === "" ? `${head}\n` : `ref: ${branch}\n`)
  const shallow = resolve(source, git("rev-parse", "--git-path", "shallow"))
  if (existsSync(shallow)) copyFileSync(shallow, join(folder, "shallow"))
  const tagged = tags.map((line) => line.split(" ")[0] ?? "")
  const objects = [...gitLines(git("rev-list", "HEAD")), ...tagged, ...filesOf(git)]
  // Each object by itself: which of them are stored as differences depends on the clone.
  const options = ["--threads=1", "--window=0", "--no-reuse-delta", "--no-reuse-object", "--quiet"]
  const pack = join(folder, "objects/pack/pack")
  const packed = gitIn(source, `${objects.join("\n")}\n`)("pack-objects", ...options, pack)
  const index = gitIn(source, undefined, { GIT_INDEX_FILE: join(folder, "index") })("read-tree", "HEAD")
  return packed !== undefined && index !== undefined
}

/** The trees and files of the present commit. */
const filesOf = (git: (...args: string[]) => string): string[] => [
  git("rev-parse", "HEAD^{tree}"),
  ...gitLines(git("ls-tree", "-r", "-t", "--full-tree", "HEAD")).flatMap(
    (line) => /^\d+ (?:blob|tree) (\w+)/.exec(line)?.[1] ?? [],
  ),
]
