/** A repository on GitHub: reviews of pull requests, and how its branches are protected. */
import type { Http } from "../http/client.js"
import { fields, objects, text } from "../text/json.js"
import { githubAccess, nextLink } from "./github.js"
import { askForge, done, pages, type Reply } from "./host.js"

/** A repository on GitHub. */
export interface Repository {
  /** Base address of the API. */
  api: string
  /** `owner/repository`. */
  project: string
}

/** The repository of a web address, with the API of its host. Undefined for what can't be one. */
export function repositoryOf(address: string, api = ""): Repository | undefined {
  if (!URL.canParse(address)) return undefined
  const url = new URL(address)
  const [, project] = /^\/([\w.-]{1,100}\/[\w.-]{1,100}?)(?:\.git)?\/?$/.exec(url.pathname) ?? []
  if (project === undefined || !/^https?:$/.test(url.protocol) || /(?:^|\/)\.{1,2}(?:\/|$)/.test(project))
    return undefined
  const own = url.hostname === "github.com" ? "https://api.github.com" : `${url.origin}/api/v3`
  return { api: api.replace(/\/+$/, "") || own, project }
}

/** Asks by both ways in which GitHub protects branches. */
export async function branchAnswers(
  { api, project }: Repository,
  branch: string,
  token: string,
  http: Http,
): Promise<BranchAnswers> {
  const name = encodeURIComponent(branch)
  const get = async (path: string, needs: string): Promise<Reply<unknown>> => {
    const access = { ...githubAccess(token, needs), thing: "repository" }
    const answer = await askForge(http, access, { method: "GET", url: `${api}/repos/${project}/${path}` })
    return answer.kind === "done" ? done(answer.value.json) : answer
  }
  return {
    protection: await get(`branches/${name}/protection`, "the permission `administration: read`"),
    rules: await get(`rules/branches/${name}?per_page=100`, "the permission `metadata: read`"),
  }
}

/** The pull request that a commit came by, with who approved it; `none` where there is none. */
export async function reviewOf(
  { api, project }: Repository,
  commit: string,
  token: string,
  http: Http,
): Promise<Reply<Review | "none">> {
  const access = { ...githubAccess(token, "the permission `pull-requests: read`"), thing: "commit" }
  const base = `${api}/repos/${project}`
  const requests = await pages(http, access, `${base}/commits/${commit}/pulls?per_page=100`, nextLink)
  if (requests.kind !== "done") return requests
  const merged = objects(requests.value).filter((request) => text(request.merged_at) !== "")
  const own = merged.find((request) => request.merge_commit_sha === commit) ?? merged[0]
  if (own === undefined) return done("none")
  const number = Number(own.number)
  const reviews = await pages(http, access, `${base}/pulls/${number}/reviews?per_page=100`, nextLink)
  if (reviews.kind !== "done") return reviews
  const author = text(fields(own.user).login)
  return done({ number, url: text(own.html_url), author, approvedBy: approvers(objects(reviews.value)) })
}

/** By each one's last word; a comment is none. */
function approvers(reviews: readonly Record<string, unknown>[]): string[] {
  const last = new Map<string, string>()
  for (const { user, state } of reviews)
    if (["APPROVED", "CHANGES_REQUESTED", "DISMISSED"].includes(text(state)))
      last.set(text(fields(user).login), text(state))
  return [...last].flatMap(([name, state]) => (name !== "" && state === "APPROVED" ? [name] : []))
}

/** A branch on GitHub: its own protection, and the rules of all rulesets that hold for it. */
export interface BranchAnswers {
  protection: Reply<unknown>
  rules: Reply<unknown>
}

/** The pull request that a commit came by, as its host reports it. */
export interface Review {
  number: number
  url: string
  author: string
  /** Reviewers who approved and haven't asked for changes since. */
  approvedBy: readonly string[]
}
