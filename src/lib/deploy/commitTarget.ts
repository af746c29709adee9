/** Where a deployment is committed in place of being applied, and what git is asked to do there. */
import { isDeepStrictEqual } from "node:util"
import { type Config, DEFAULTS } from "../config/config.js"
import type { Environment } from "../config/environments.js"
import { fail } from "../errors/catalogue.js"
import { scrub } from "../secrets/scrub.js"
import type { ManifestFiles } from "./imagePlaces.js"

type DeploySettings = Config["deploy"]

/** A folder of a branch of a repository of manifests. */
export interface CommitTarget {
  repository: string
  branch: string
  /** Without a slash at its end; empty for all of the repository. */
  folder: string
}

/** Returns where an environment's deployments are committed; undefined if Slipway applies them itself. */
export function commitTargetOf(
  { commit }: Pick<DeploySettings, "commit">,
  environment: Environment,
): CommitTarget | undefined {
  const { repository, branch, path } = commit
  if (repository === undefined) return undefined
  const [to, on, folder] = [repository, branch, path].map((text) =>
    text.replaceAll("{environment}", environment),
  ) as [string, string, string]
  const parts = folder.split("/").filter((part) => part !== "" && part !== ".")
  return { repository: to, branch: on, folder: parts.join("/") }
}

/** Says for people where a commit goes: `staging of https://git.example.com/manifests`. */
export const placeOfTarget = ({ repository, branch, folder }: CommitTarget): string =>
  `${folder === "" ? branch : `${folder} on ${branch}`} of ${repository}`

/** What the controller decides in place of Slipway. */
const IGNORED = {
  "deploy.overlay": ({ overlay }: DeploySettings) => overlay,
  "deploy.chart": ({ chart }: DeploySettings) => chart,
  "deploy.smoke.command": ({ smoke }: DeploySettings) => smoke.command,
  "deploy.smoke.k6": ({ smoke }: DeploySettings) => smoke.k6,
  "deploy.soak": ({ soak }: DeploySettings) => soak,
  "deploy.hold": ({ hold }: DeploySettings) => hold,
} as const

/**
 * Fails with COMMIT_IGNORES for settings without an effect, COMMIT_SHARED and COMMIT_KEY.
 *
 * @param hasHosts True if the source has the file of `deploy.commit.knownHosts`.
 */
export function requireCommit(deploy: DeploySettings, hasHosts: boolean): void {
  const ignored = Object.entries(IGNORED).flatMap(([key, of]) =>
    isDeepStrictEqual(of(deploy), of(DEFAULTS.deploy)) ? [] : [key],
  )
  if (ignored.length > 0) throw fail("COMMIT_IGNORES", [ignored])
  const { commit, environments } = deploy
  const { repository = "", branch, path, knownHosts = "" } = commit
  const isOwn = [repository, branch, path].some((text) => text.includes("{environment}"))
  if (!isOwn && environments.length > 1) throw fail("COMMIT_SHARED", [environments])
  if (isSsh(repository) && !hasHosts) throw fail("COMMIT_KEY", [repository, knownHosts])
}

/** True for an address of SSH. */
export const isSsh = (repository: string): boolean => !/^(?:https?|git):\/\//.test(repository)

/** The secret that logs in to a repository of manifests; none for one without a login. */
export const manifestsSecret = (repository: string | undefined): string[] => {
  if (repository === undefined) return []
  if (isSsh(repository)) return ["MANIFESTS_SSH_KEY"]
  return repository.startsWith("git://") ? [] : ["MANIFESTS_TOKEN"]
}

/** Exit code of the script if somebody else has pushed first. */
export const OVERTAKEN = 10

/** Returns the command that reads a folder's files with the last part of an image's name in them. */
export const readCommand = (
  script: string,
  work: string,
  { repository, branch, folder }: CommitTarget,
  image: string,
): string[] => [
  "sh",
  script,
  "read",
  work,
  repository,
  branch,
  folder,
  image.slice(image.lastIndexOf("/") + 1),
]

/** Returns the command that commits the files of a folder, and pushes them. */
export const writeCommand = (
  script: string,
  work: string,
  { branch }: CommitTarget,
  { changed, message }: { changed: string; message: string },
): string[] => ["sh", script, "write", work, branch, changed, message]

/** Reads the script's list of files: a line each, path and content in base64. */
export function manifestFiles(list: string): ManifestFiles {
  const decoded = (text = "") => Buffer.from(text, "base64").toString("utf8")
  const lines = list.split("\n").filter((line) => line !== "")
  return Object.fromEntries(
    lines.map((line) => {
      const [path, content] = line.split(" ")
      return [decoded(path), decoded(content)]
    }),
  )
}

const REASON_LENGTH = 300

/** Returns what git said last, without the token. */
export function reasonOf({ exitCode, stderr }: { exitCode: number; stderr: string }, token: string): string {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "")
  const said = lines.at(-1)?.trim() ?? `git ended with ${exitCode}`
  return scrub(
    said,
    [token.trim()].filter((secret) => secret !== ""),
  ).slice(0, REASON_LENGTH)
}

/** What a commit says of itself. */
export interface CommitReason {
  kind: "deploy" | "rollback"
  service: string
  environment: string
  version: { name: string; repository: string; digest: string; commit: string }
  run: string
  who: string
}

/** The message of a commit: service, version and environment; digest, run and actor. */
export function commitMessage({ kind, service, environment, version, run, who }: CommitReason): string {
  const { name, repository, digest, commit } = version
  const what =
    kind === "deploy"
      ? `Deploy ${service} ${name} to ${environment}`
      : `Roll ${service} back to ${name} in ${environment}`
  const lines = [
    `Image: ${repository}@${digest}`,
    ...(commit === "" ? [] : [`Commit: ${commit}`]),
    `Run: ${run}`,
    ...(who === "" ? [] : [`By: ${who}`]),
  ]
  return `${[what, "", ...lines].map((line) => line.replace(/[\r\n]+/g, " ")).join("\n")}\n`
}

/** A version's name as the tag of an image: `1.2.3` of `v1.2.3`. */
export function tagOf(name: string): string {
  const tag = name.replace(/^v(?=\d)/, "").replace(/[^\w.-]/g, "-")
  return /^\w/.test(tag) ? tag.slice(0, 128) : `v${tag}`.slice(0, 128)
}
