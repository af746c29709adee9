/** A single request over fetch, without retries: time limit, size limit, redirects. */
import { readBody } from "./body.js"
import { type Unanswered, unanswered } from "./unanswered.js"

export interface HttpRequest {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  url: string
  headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  json?: unknown
  /** Sent unchanged, with a `content-type` among the headers. */
  body?: string | Uint8Array<ArrayBuffer>
  /**
   * True if it may be sent again after its answer was lost.
   *
   * @default true for all but POST
   */
  repeatable?: boolean
}

/** Answer of a server, whatever its status; a redirect too if it isn't followed. */
export interface HttpAnswer {
  kind: "answer"
  status: number
  headers: Headers
  text: string
}

export interface ExchangeOptions {
  fetch: typeof fetch
  /** Milliseconds for the request and its whole answer. */
  timeout: number
  /** Maximum bytes of the answer. */
  limit: number
}

const REDIRECTS = 3

/** Sends a request once. Redirects are followed on the same origin only, so that headers never reach another. */
export async function exchange(
  request: HttpRequest,
  options: ExchangeOptions,
): Promise<HttpAnswer | Unanswered> {
  const signal = AbortSignal.timeout(Math.max(1, options.timeout))
  let url = request.url
  try {
    for (let redirects = 0; ; redirects += 1) {
      const response = await options.fetch(url, init(request, signal))
      const next = redirects < REDIRECTS ? redirected(request, url, response) : undefined
      if (next === undefined) return await answer(response, options.limit)
      await response.body?.cancel()
      url = next
    }
  } catch (error) {
    return unanswered(error)
  }
}

const init = ({ method, headers, json, body }: HttpRequest, signal: AbortSignal): RequestInit => ({
  method,
  headers: {
    "user-agent": "slipway",
    ...(json === undefined ? {} : { "content-type": "application/json" }),
    ...headers,
  },
  ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  ...(body === undefined ? {} : { body }),
  redirect: "manual",
  signal,
})

/**
 * Returns the address of a redirect to follow. Only a GET follows 301, 302 and 303, which let clients turn a request
 * into a GET.
 */
function redirected(
  { method }: HttpRequest,
  from: string,
  { status, headers }: Response,
): string | undefined {
  const followed = status === 307 || status === 308 || (method === "GET" && [301, 302, 303].includes(status))
  const location = headers.get("location")
  return followed && location !== null ? sameOrigin(location, from) : undefined
}

/** Returns the absolute address if it has the same origin as its base, and no credentials. */
export function sameOrigin(address: string, base: string): string | undefined {
  if (!URL.canParse(address, base)) return undefined
  const url = new URL(address, base)
  return url.origin === new URL(base).origin && url.username === "" && url.password === ""
    ? url.href
    : undefined
}

async function answer(response: Response, limit: number): Promise<HttpAnswer> {
  const text = await readBody((response.body ?? []) as AsyncIterable<Uint8Array>, limit)
  return { kind: "answer", status: response.status, headers: response.headers, text }
}
