/** Repository on GitHub: reviews of pull requests, and protection of branches. */
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

/** Returns the repository at a web address, with the API of its host; undefined for an invalid address. */
export function repositoryOf(address: string, api = ""): Repository | undefined {
  if (!URL.canParse(address)) return undefined
  const url = new URL(address)
  const [, project] = /^\/([\w.-]{1,100}\/[\w.-]{1,100}?)(?:\.git)?\/?$/.exec(url.pathname) ?? []
  if (project === undefined || !/^https?:$/.test(url.protocol) || /(?:^|\/)\.{1,2}(?:\/|$)/.test(project))
    return undefined
  const own = url.hostname === "github.com" ? "https://api.github.com" : `${url.origin}/api/v3`
  return { api: api.replace(/(?<!\/)\/+$/, "") || own, project }
}

/** Requests both kinds of protection of a branch: its own, and rulesets. */
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

/** Returns the pull request of a commit with its approvers; `none` without one. */
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

/** Reviewers whose last review is an approval; comments don't count. */
function approvers(reviews: readonly Record<string, unknown>[]): string[] {
  const last = new Map<string, string>()
  for (const { user, state } of reviews)
    if (["APPROVED", "CHANGES_REQUESTED", "DISMISSED"].includes(text(state)))
      last.set(text(fields(user).login), text(state))
  return [...last].flatMap(([name, state]) => (name !== "" && state === "APPROVED" ? [name] : []))
}

/** Protection of a branch on GitHub: its own, and the rules of all rulesets for it. */
export interface BranchAnswers {
  protection: Reply<unknown>
  rules: Reply<unknown>
}

/** Pull request of a commit, as reported by its host. */
export interface Review {
  number: number
  url: string
  author: string
  /** Reviewers who approved and haven't requested changes since. */
  approvedBy: readonly string[]
}
