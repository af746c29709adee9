/** Interface to the comments of a code host, and parsing of its answers. */
import type { Http, HttpRequest } from "../http/client.js"
import { sameOrigin } from "../http/exchange.js"
import { parseJson } from "../text/json.js"
import { forgeRefusal } from "./refusal.js"
import type { PullRequest } from "./pullRequest.js"

/** Reason why a request was not carried out. */
export interface ForgeRefusal {
  /** `refused`: the token lacks a permission; `unreachable`: there was no valid answer. */
  kind: "refused" | "unreachable"
  /** One line, without the token. */
  reason: string
  /** Status of the host's answer, if there was one. */
  status?: number
  /** The host's own message. */
  said?: string
  /** True if the host may have carried it out. */
  uncertain?: boolean
}

export interface ForgeResult<T> {
  kind: "done"
  value: T
}

export type Reply<T> = ForgeResult<T> | ForgeRefusal

export const done = <T>(value: T): ForgeResult<T> => ({ kind: "done", value })

/** Comment as listed by its host. */
export interface Found {
  /** The host's own id. */
  id: string
  body: string
  /** Id of its author, as in `Host.author`. */
  author: string
  /** Status of its thread, if it has one. */
  status?: string
}

/** Comments of one pull request. */
export interface CommentHost {
  /** Lists the comments that begin with the text, the oldest first. */
  list(beginning: string): Promise<Reply<Found[]>>
  /** Returns a check for comments by this token's author. */
  author(): Promise<Reply<(comment: Found) => boolean>>
  /** Creates a comment; `settled` if it requires no attention. */
  create(body: string, settled: boolean): Promise<Reply<unknown>>
  update(comment: Found, body: string, settled: boolean): Promise<Reply<unknown>>
  remove(comment: Found): Promise<Reply<unknown>>
}

export type CommentHostOf = (pullRequest: PullRequest, token: string, http: Http) => CommentHost

/** API of a host, the permissions of its tokens, and their headers. */
export interface ForgeAccess {
  name: string
  /** Name of the permission that a token needs. */
  needs: string
  headers: Readonly<Record<string, string>>
  token: string
  /**
   * Name of the requested object in messages.
   *
   * @default "pull request"
   */
  thing?: string
}

export interface Page {
  json: unknown
  headers: Headers
}

/** Sends a request to a host and parses its answer as JSON; any other answer is a refusal. */
export async function askForge(
  http: Http,
  access: ForgeAccess,
  request: Pick<HttpRequest, "method" | "url" | "json" | "repeatable">,
): Promise<Reply<Page>> {
  const answer = await http.send({ ...request, headers: access.headers })
  if (answer.kind === "failure") {
    return { kind: "unreachable", reason: `${access.name}: ${answer.reason}`, uncertain: answer.uncertain }
  }
  const { status, text, headers } = answer
  // 203: Azure DevOps shows a sign-in page for an unknown token.
  if (status < 200 || status > 299 || status === 203) return forgeRefusal(access, answer)
  const json = parseJson(text)
  if (json !== undefined || text === "") return done({ json, headers })
  return { kind: "unreachable", reason: `${access.name}: it answered ${status} with what is no JSON`, status }
}

/** Maximum number of pages with 100 comments each, more than any discussion has. */
const PAGES = 100

/** Reads all pages of a list; `next` returns the next page's address, undefined for the last. */
export async function pages(
  http: Http,
  access: ForgeAccess,
  first: string,
  next: (page: Page, url: string) => string | undefined,
): Promise<Reply<unknown[]>> {
  const items: unknown[] = []
  let url: string | undefined = first
  for (let count = 0; url !== undefined; count += 1) {
    if (count === PAGES) return forgeUnreachable(access, `its list goes on after ${PAGES} pages`)
    const page = await askForge(http, access, { method: "GET", url })
    if (page.kind !== "done") return page
    if (!Array.isArray(page.value.json)) return forgeUnreachable(access, "its answer is not a list")
    items.push(...(page.value.json as unknown[]))
    const address = next(page.value, url)
    url = address === undefined ? undefined : sameOrigin(address, url)
    if (url === undefined && address !== undefined)
      return forgeUnreachable(access, "its next page is on another host")
  }
  return done(items)
}

/** Refusal for a server whose answers don't match its documentation. */
export const forgeUnreachable = ({ name }: ForgeAccess, reason: string): ForgeRefusal => ({
  kind: "unreachable",
  reason: `${name}: ${reason}`,
})
