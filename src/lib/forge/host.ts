/** The interface of a host for comments, and the reading of its answers. */
import type { Http, HttpRequest } from "../http/client.js"
import { sameOrigin } from "../http/exchange.js"
import { parseJson } from "../text/json.js"
import { forgeRefusal } from "./refusal.js"
import type { PullRequest } from "./pullRequest.js"

/** The reason why a request was not carried out. */
export interface ForgeRefusal {
  /** The host doesn't let this token do it, or it can't be asked at all. */
  kind: "refused" | "unreachable"
  /** One line, without the token. */
  reason: string
  /** The status of the host's answer, if there was one. */
  status?: number
  /** In its own words. */
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

/** A comment as its host lists it. */
export interface Found {
  /** In the host's own terms. */
  id: string
  body: string
  /** The id of who wrote it, in the terms of `Host.author`. */
  author: string
  /** Of a thread that has one. */
  status?: string
}

/** Comments of one pull request. */
export interface CommentHost {
  /** All comments that begin with the text, the oldest first. */
  list(beginning: string): Promise<Reply<Found[]>>
  /** Says whose comments this token writes. */
  author(): Promise<Reply<(comment: Found) => boolean>>
  /** `settled`: nothing in it waits for anybody. */
  create(body: string, settled: boolean): Promise<Reply<unknown>>
  update(comment: Found, body: string, settled: boolean): Promise<Reply<unknown>>
  remove(comment: Found): Promise<Reply<unknown>>
}

export type CommentHostOf = (pullRequest: PullRequest, token: string, http: Http) => CommentHost

/** How a host is called, what its tokens need, and how they are handed over. */
export interface ForgeAccess {
  name: string
  /** The permission that a token needs, in words. */
  needs: string
  headers: Readonly<Record<string, string>>
  token: string
  /**
   * What is asked for.
   *
   * @default "pull request"
   */
  thing?: string
}

export interface Page {
  json: unknown
  headers: Headers
}

/** Asks a host, and reads its answer as JSON; every other answer is a refusal. */
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
  // 203: Azure DevOps shows a page to sign in to whose token it doesn't know.
  if (status < 200 || status > 299 || status === 203) return forgeRefusal(access, answer)
  const json = parseJson(text)
  if (json !== undefined || text === "") return done({ json, headers })
  return { kind: "unreachable", reason: `${access.name}: it answered ${status} with what is no JSON`, status }
}

/** More are no discussion any more: 100 comments are on each. */
const PAGES = 100

/** Reads all pages of a list; `next` says where the next one is, undefined that there is none. */
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
    if (!Array.isArray(page.value.json)) return forgeUnreachable(access, "it answered with what is no list")
    items.push(...(page.value.json as unknown[]))
    const address = next(page.value, url)
    url = address === undefined ? undefined : sameOrigin(address, url)
    if (url === undefined && address !== undefined)
      return forgeUnreachable(access, "its next page is on another host")
  }
  return done(items)
}

/** A server that doesn't speak as its documentation says. */
export const forgeUnreachable = ({ name }: ForgeAccess, reason: string): ForgeRefusal => ({
  kind: "unreachable",
  reason: `${name}: ${reason}`,
})
