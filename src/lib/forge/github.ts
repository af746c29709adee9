import type { Http } from "../http/client.js"
import { fields, objects, text } from "../text/json.js"
import {
  type ForgeAccess,
  askForge,
  done,
  type Found,
  type CommentHost,
  type Page,
  pages,
  type Reply,
} from "./host.js"
import type { PullRequest } from "./pullRequest.js"

/** Access to GitHub with a token that needs a permission. */
export const githubAccess = (token: string, needs: string): ForgeAccess => ({
  name: "GitHub",
  needs,
  token,
  headers: {
    accept: "application/vnd.github+json",
    authorization: `Bearer ${token}`,
    "x-github-api-version": "2022-11-28",
  },
})

/** Comments of a pull request on GitHub, which are those of its issue. */
export function githubHost({ api, project, number }: PullRequest, token: string, http: Http): CommentHost {
  const access = githubAccess(token, "the permission `pull-requests: write`")
  const repository = `${api}/repos/${project}`
  const all = `${repository}/issues/${number}/comments`
  const one = ({ id }: Found) => `${repository}/issues/comments/${id}`
  return {
    list: async (beginning) => {
      const listed = await pages(http, access, `${all}?per_page=100`, nextLink)
      if (listed.kind !== "done") return listed
      return done(objects(listed.value).flatMap((comment) => found(comment, beginning)))
    },
    author: () => viewer(api, access, http),
    create: (body) => askForge(http, access, { method: "POST", url: all, json: { body } }),
    update: (comment, body) => askForge(http, access, { method: "PATCH", url: one(comment), json: { body } }),
    remove: (comment) => askForge(http, access, { method: "DELETE", url: one(comment) }),
  }
}

function found({ id, body, user }: Record<string, unknown>, beginning: string): Found[] {
  const begins = Number.isSafeInteger(id) && text(body).startsWith(beginning)
  return begins ? [{ id: String(id), body: text(body), author: text(fields(user).login) }] : []
}

/**
 * Parses the address of the next page from https://www.rfc-editor.org/rfc/rfc8288: `<https://…?page=2>; rel="next", …`.
 */
export function nextLink({ headers }: Page): string | undefined {
  const links = (headers.get("link") ?? "").split(",")
  return links.map((link) => /^\s*<([^<>]*)>\s*;\s*rel="?next"?/.exec(link)?.[1]).find(Boolean)
}

/**
 * Returns a check for comments by the token's author.
 *
 * A workflow's GITHUB_TOKEN may not request its identity by REST, but may by GraphQL. If that fails too, a bot's
 * comment counts as its own, and never a person's: no person's name ends in `[bot]`. This matters since a token that
 * may write comments may also edit those of others.
 */
async function viewer(
  api: string,
  access: ForgeAccess,
  http: Http,
): Promise<Reply<(comment: Found) => boolean>> {
  const url = `${api.replace(/\/api\/v3$/, "/api")}/graphql`
  const json = { query: "{ viewer { login } }" }
  const answer = await askForge(http, access, { method: "POST", url, json, repeatable: true })
  if (answer.kind === "unreachable" || (answer.kind === "refused" && answer.status === 401)) return answer
  const data = answer.kind === "done" ? fields(fields(answer.value.json).data) : {}
  const login = text(fields(data.viewer).login)
  return done(({ author }) => (login === "" ? author.endsWith("[bot]") : author === login))
}
