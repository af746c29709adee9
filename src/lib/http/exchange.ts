/** One request and its answer, without a further try: time limit, size limit, redirects. */

export interface HttpRequest {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  url: string
  headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  json?: unknown
  /** Sent as it is, with a `content-type` among the headers. */
  body?: string | Uint8Array<ArrayBuffer>
  /**
   * Whether it may be sent again when nobody knows what became of it.
   *
   * @default true for all but POST
   */
  repeatable?: boolean
}

/** What a server answered, whatever the status; a redirect too, where it isn't followed. */
export interface HttpAnswer {
  kind: "answer"
  status: number
  headers: Headers
  text: string
}

/** No answer. Its reason is in words of ours: those of the runtime may quote a header. */
export interface Unanswered {
  kind: "unanswered"
  reason: string
  /** What another try may do: nothing was `unsent`, the server may have done it (`uncertain`), or it's `final`. */
  state: "unsent" | "uncertain" | "final"
}

export interface ExchangeOptions {
  fetch: typeof fetch
  /** Milliseconds that the whole of it may take. */
  timeout: number
  /** Bytes that an answer may have. */
  limit: number
}

const REDIRECTS = 3

/** Sends a request once. Redirects are followed on the same origin only: its headers never reach another. */
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

/** Returns where to go on: 301, 302 and 303 let clients turn a request into a GET, so only a GET follows them. */
function redirected(
  { method }: HttpRequest,
  from: string,
  { status, headers }: Response,
): string | undefined {
  const followed = status === 307 || status === 308 || (method === "GET" && [301, 302, 303].includes(status))
  const location = headers.get("location")
  return followed && location !== null ? sameOrigin(location, from) : undefined
}

/** Returns an address as a whole one, if it is of the same origin as that which led to it. */
export function sameOrigin(address: string, base: string): string | undefined {
  if (!URL.canParse(address, base)) return undefined
  const url = new URL(address, base)
  return url.origin === new URL(base).origin && url.username === "" && url.password === ""
    ? url.href
    : undefined
}

async function answer(response: Response, limit: number): Promise<HttpAnswer | Unanswered> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    // Leaving the loop closes the connection.
    if (size > limit)
      return { kind: "unanswered", reason: `its answer has more than ${limit} bytes`, state: "final" }
    chunks.push(chunk)
  }
  const text = new TextDecoder().decode(Buffer.concat(chunks))
  return { kind: "answer", status: response.status, headers: response.headers, text }
}

type Reading = readonly [code: RegExp, reason: string, state: Unanswered["state"]]

/** By the codes of Node and of its fetch, undici. */
const READINGS: readonly Reading[] = [
  [/^ENOTFOUND$/, "no host of its name is known", "unsent"],
  [/^EAI_AGAIN$/, "its name can't be resolved for now", "unsent"],
  [/^ECONNREFUSED$/, "nothing listens at its address", "unsent"],
  [/^(?:EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/, "its address can't be reached", "unsent"],
  [/CERT|UNABLE_TO_|^ERR_TLS|^ERR_SSL|^EPROTO$/, "no safe connection to it can be made", "final"],
  [/^(?:ECONNRESET|EPIPE|ETIMEDOUT|UND_ERR_SOCKET)$/, "the connection to it broke off", "uncertain"],
  [/TIMEOUT/, "it took too long to answer", "uncertain"],
]

function unanswered(error: unknown): Unanswered {
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return { kind: "unanswered", reason: "it took too long to answer", state: "uncertain" }
  }
  const code = codeOf(error) ?? codeOf((error as { cause?: unknown } | null | undefined)?.cause)
  const reading = READINGS.find(([pattern]) => code !== undefined && pattern.test(code))
  if (reading === undefined)
    return { kind: "unanswered", reason: "the connection to it failed", state: "uncertain" }
  const [, reason, state] = reading
  return { kind: "unanswered", reason, state }
}

function codeOf(error: unknown): string | undefined {
  const code: unknown =
    typeof error === "object" && error !== null && "code" in error ? error.code : undefined
  return typeof code === "string" ? code : undefined
}
