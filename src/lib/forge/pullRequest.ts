/** Pull request of a run, from the environment that its CI host sets. */
import { fields, text } from "../text/json.js"

export type HostKind = "github" | "gitlab" | "azure-devops"

export interface PullRequest {
  host: HostKind
  /** Base address of the API: GitHub's, GitLab's (with `/api/v4`), or that of an organisation in Azure DevOps. */
  api: string
  /** GitHub: `owner/repository`; GitLab: the project's number or path; Azure DevOps: `project/repository`. */
  project: string
  number: number
}

type Environment = Readonly<Record<string, string | undefined>>

const GITHUB_API = "https://api.github.com"

/**
 * Reads the pull request from the variables of GitHub Actions, GitLab CI or Azure Pipelines, or from its address, which
 * Jenkins and CircleCI set.
 *
 * Undefined if there is none or it is invalid. GitHub's `pull_request_target` has only the base branch, so it has none.
 */
export function pullRequestOf(env: Environment): PullRequest | undefined {
  return [github, gitlab, azure, byAddress].map((read) => read(env)).find((found) => found !== undefined)
}

/** True for a pull request whose parts can be put into an address safely. */
export function isPullRequest(value: unknown): value is PullRequest {
  const { host, api, project, number } = fields(value)
  const part = Object.entries(PART).find(([name]) => name === host)?.[1]
  if (part === undefined || baseAddress(text(api)) !== api) return false
  if (!Number.isSafeInteger(number) || Number(number) < 1) return false
  const parts = text(project).split("/")
  const count = host === "gitlab" ? parts.length <= 21 : parts.length === 2
  return count && parts.every((each) => part.test(each) && !/^\.{1,2}$/.test(each))
}

/** Valid projects by host; Azure's may have spaces and letters of any script. */
const PART: Readonly<Record<HostKind, RegExp>> = {
  github: /^[\w.-]{1,100}$/,
  gitlab: /^[\w.-]{1,255}$/,
  "azure-devops": /^[^\p{Cc}\p{Cs}/\\?#%]{1,255}$/u,
}

/** The number in the ref by which GitHub, Azure DevOps and GitLab offer a pull request. */
export const numberInRef = (ref = ""): string | undefined =>
  /^refs\/(?:pull|merge-requests)\/(\d+)\/(?:merge|head)$/.exec(ref)?.[1]

function github(env: Environment): PullRequest | undefined {
  const number = numberInRef(env.GITHUB_REF)
  return made("github", env.GITHUB_API_URL || GITHUB_API, env.GITHUB_REPOSITORY, number)
}

function gitlab(env: Environment): PullRequest | undefined {
  return made("gitlab", env.CI_API_V4_URL, env.CI_MERGE_REQUEST_PROJECT_ID, env.CI_MERGE_REQUEST_IID)
}

/** For a repository on GitHub, Azure's id of a pull request isn't GitHub's number. */
function azure(env: Environment): PullRequest | undefined {
  const provider = env.BUILD_REPOSITORY_PROVIDER ?? "TfsGit"
  if (provider === "GitHub") {
    return made("github", GITHUB_API, env.BUILD_REPOSITORY_NAME, env.SYSTEM_PULLREQUEST_PULLREQUESTNUMBER)
  }
  if (provider !== "TfsGit") return undefined
  const project = `${env.SYSTEM_TEAMPROJECT ?? ""}/${env.BUILD_REPOSITORY_ID ?? ""}`
  return made("azure-devops", env.SYSTEM_COLLECTIONURI, project, env.SYSTEM_PULLREQUEST_PULLREQUESTID)
}

/** Reads the address of a pull request's page: on GitHub, an own enterprise server included, or GitLab. */
function byAddress(env: Environment): PullRequest | undefined {
  const address = baseAddress(env.CHANGE_URL || env.CIRCLE_PULL_REQUEST)
  // The token is sent there.
  if (!address?.startsWith("https:")) return undefined
  const { origin, hostname, pathname } = new URL(address)
  const [, project, number] = /^\/(.+)\/-\/merge_requests\/(\d+)$/.exec(pathname) ?? []
  if (project !== undefined) return made("gitlab", `${origin}/api/v4`, project, number)
  const [, repository, pull] = /^\/([^/]+\/[^/]+)\/pull\/(\d+)$/.exec(pathname) ?? []
  return made("github", hostname === "github.com" ? GITHUB_API : `${origin}/api/v3`, repository, pull)
}

function made(
  host: HostKind,
  address: string | undefined,
  project: string | undefined,
  digits: string | undefined,
): PullRequest | undefined {
  const api = baseAddress(address)
  if (api === undefined || project === undefined || !/^\d{1,15}$/.test(digits ?? "")) return undefined
  const pullRequest = { host, api, project, number: Number(digits) }
  return isPullRequest(pullRequest) ? pullRequest : undefined
}

/** Returns an address without a trailing slash; undefined for one with credentials, a query or a fragment. */
function baseAddress(address = ""): string | undefined {
  if (!URL.canParse(address)) return undefined
  const url = new URL(address)
  const plain = ["https:", "http:"].includes(url.protocol) && !/[@?#]/.test(address)
  return plain ? `${url.origin}${url.pathname.replace(/\/{1,8}$/, "")}` : undefined
}
