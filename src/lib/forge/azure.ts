import type { Http } from "../http/client.js"
import { fields, objects, text } from "../text/json.js"
import { type ForgeAccess, askForge, forgeUnreachable, done, type Found, type CommentHost } from "./host.js"
import type { PullRequest } from "./pullRequest.js"

const VERSION = "api-version=7.1"

/** Comments of a pull request in Azure DevOps: each is the first of a thread, which has a status. */
export function azureHost(pullRequest: PullRequest, token: string, http: Http): CommentHost {
  const access: ForgeAccess = {
    name: "Azure DevOps",
    needs:
      'the permission "Contribute to pull requests" on the repository, and a personal one the scope Code (read & write)',
    headers: {
      accept: "application/json",
      authorization: authorization(token),
      // Without it, the answer to an invalid token is a sign-in page.
      "x-tfs-fedauthredirect": "Suppress",
    },
    token,
  }
  const all = threadsOf(pullRequest)
  const thread = (id: string) => `${all}/${id}?${VERSION}`
  const one = ({ id }: Found) => `${all}/${id.replace(":", "/comments/")}?${VERSION}`

  const update: CommentHost["update"] = async (comment, body, settled) => {
    const status = statusOf(settled)
    // The status first: if the text then fails, the next run updates both.
    if (comment.status !== status) {
      const [id = ""] = comment.id.split(":")
      const changed = await askForge(http, access, { method: "PATCH", url: thread(id), json: { status } })
      if (changed.kind !== "done") return changed
    }
    return askForge(http, access, { method: "PATCH", url: one(comment), json: { content: body } })
  }

  return {
    list: async (beginning) => {
      const answer = await askForge(http, access, { method: "GET", url: `${all}?${VERSION}` })
      if (answer.kind !== "done") return answer
      const { value } = fields(answer.value.json)
      if (!Array.isArray(value)) return forgeUnreachable(access, "its answer is not a list of threads")
      const oldest = objects(value).sort((a, b) => Number(a.id) - Number(b.id))
      return done(oldest.flatMap((each) => found(each, beginning)))
    },
    author: () => self(pullRequest.api, access, http),
    create: (content, settled) => {
      const comments = [{ parentCommentId: 0, content, commentType: "text" }]
      const json = { comments, status: statusOf(settled) }
      return askForge(http, access, { method: "POST", url: `${all}?${VERSION}`, json })
    },
    update,
    remove: (comment) => askForge(http, access, { method: "DELETE", url: one(comment) }),
  }
}

/** Status of the thread: a policy may require that none is active, so that somebody looks at the changes. */
const statusOf = (settled: boolean): string => (settled ? "closed" : "active")

/**
 * Authorization header. System.AccessToken and Entra's tokens are JWTs, three parts joined by dots; a personal token
 * isn't.
 */
const authorization = (token: string): string =>
  /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token)
    ? `Bearer ${token}`
    : `Basic ${Buffer.from(`:${token}`).toString("base64")}`

function threadsOf({ api, project, number }: PullRequest): string {
  const [name = "", repository = ""] = project.split("/").map(encodeURIComponent)
  return `${api}/${name}/_apis/git/repositories/${repository}/pullRequests/${number}/threads`
}

/** Parses a thread; threads on a file or by the system, as for a push, are left out. */
function found(thread: Record<string, unknown>, beginning: string): Found[] {
  const [first = {}] = objects(thread.comments)
  const numbered = Number.isSafeInteger(thread.id) && Number.isSafeInteger(first.id)
  const alive = thread.isDeleted !== true && first.isDeleted !== true && first.commentType !== "system"
  const own = (thread.threadContext ?? null) === null && text(first.content).startsWith(beginning)
  if (!numbered || !alive || !own) return []
  const author = text(fields(first.author).id).toLowerCase()
  const status = text(thread.status)
  return [{ id: `${String(thread.id)}:${String(first.id)}`, body: text(first.content), author, status }]
}

/** Requests the identity of the token. Only this preview API returns that of a job's own token. */
async function self(api: string, access: ForgeAccess, http: Http): ReturnType<CommentHost["author"]> {
  const url = `${api}/_apis/connectionData?api-version=7.1-preview`
  const answer = await askForge(http, access, { method: "GET", url })
  if (answer.kind !== "done") return answer
  const id = text(fields(fields(answer.value.json).authenticatedUser).id).toLowerCase()
  if (id === "") return forgeUnreachable(access, "it doesn't say whose token this is")
  return done(({ author }) => author === id)
}
