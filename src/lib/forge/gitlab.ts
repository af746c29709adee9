import type { Http } from "../http/client.js"
import { fields, objects, text } from "../text/json.js"
import {
  type ForgeAccess,
  askForge,
  forgeUnreachable,
  done,
  type Found,
  type CommentHost,
  type Page,
  pages,
} from "./host.js"
import type { PullRequest } from "./pullRequest.js"

/** True for the token of a job, CI_JOB_TOKEN: GitLab allows it to write no notes; in newer versions it may read them. */
export const isJobToken = (token: string): boolean => token.startsWith("glcbt-")

/** Comments of a merge request on GitLab, which calls them notes. */
export function gitlabHost({ api, project, number }: PullRequest, token: string, http: Http): CommentHost {
  const access: ForgeAccess = {
    name: "GitLab",
    needs:
      "the scope `api` and the role Reporter or higher in the project (CI_JOB_TOKEN can't write comments)",
    headers: { accept: "application/json", "private-token": token },
    token,
  }
  const all = `${api}/projects/${encodeURIComponent(project)}/merge_requests/${number}/notes`
  const one = ({ id }: Found) => `${all}/${id}`
  return {
    list: async (beginning) => {
      const first = `${all}?per_page=100&sort=asc&order_by=created_at`
      const listed = await pages(http, access, first, nextPage)
      if (listed.kind !== "done") return listed
      return done(objects(listed.value).flatMap((note) => found(note, beginning)))
    },
    // Maintainers may edit the notes of others.
    author: async () => {
      const answer = await askForge(http, access, { method: "GET", url: `${api}/user` })
      if (answer.kind !== "done") return answer
      const { id } = fields(answer.value.json)
      if (!Number.isSafeInteger(id)) return forgeUnreachable(access, "it doesn't say whose token this is")
      return done(({ author }) => author === String(id))
    },
    create: (body) => askForge(http, access, { method: "POST", url: all, json: { body } }),
    update: (note, body) => askForge(http, access, { method: "PUT", url: one(note), json: { body } }),
    remove: (note) => askForge(http, access, { method: "DELETE", url: one(note) }),
  }
}

/** Parses a note; notes by the system, as for a push, are left out. */
function found({ id, body, author, system }: Record<string, unknown>, beginning: string): Found[] {
  const begins = Number.isSafeInteger(id) && system !== true && text(body).startsWith(beginning)
  return begins ? [{ id: String(id), body: text(body), author: String(fields(author).id) }] : []
}

/** Number of the next page; the header is empty on the last one. */
function nextPage({ headers }: Page, current: string): string | undefined {
  const number = headers.get("x-next-page") ?? ""
  if (!/^\d{1,9}$/.test(number)) return undefined
  const url = new URL(current)
  url.searchParams.set("page", number)
  return url.href
}
