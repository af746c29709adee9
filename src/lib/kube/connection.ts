/** One request to an API server and its answer, over Node's own TLS: fetch knows neither client certificates nor authorities. */
import {
  Agent as HttpAgent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as http,
} from "node:http"
import { Agent, type AgentOptions, request as https } from "node:https"
import { isIP } from "node:net"
import { checkServerIdentity } from "node:tls"
import type { Access } from "./access.js"
import { type Trouble, troubleOf } from "./trouble.js"

export interface Request {
  method: string
  /** With its query, below the server's address. */
  path: string
  headers?: Readonly<Record<string, string>>
  body?: string
  /** Milliseconds for the whole of it; of a stream, until the connection stands. */
  timeout: number
  signal?: AbortSignal
}

export interface Answer {
  kind: "answer"
  status: number
  headers: IncomingHttpHeaders
  text: string
}

export interface Stream {
  kind: "stream"
  status: number
  headers: IncomingHttpHeaders
  /** Ends by an error where the connection breaks off. */
  body: IncomingMessage
}

export interface Connection {
  /** Sends a request once and reads its answer. Never throws. */
  send(request: Request): Promise<Answer | Trouble>
  /** Sends a request once; its answer's body is for the caller to read. Never throws. */
  open(request: Request): Promise<Stream | Trouble>
  close(): void
}

export interface Address {
  host: string
  port: number
}

/** An answer of more is none that Slipway asks for. */
const MOST_BYTES = 64 * 1024 * 1024

export function connection(access: Access, connectTo?: Address): Connection {
  const url = new URL(access.server)
  const secure = url.protocol === "https:"
  const agent = secure
    ? new Agent({ keepAlive: true, ...security(access, url) })
    : new HttpAgent({ keepAlive: true })
  const target = {
    agent,
    host: connectTo?.host ?? url.hostname.replace(/^\[|\]$/g, ""),
    port: connectTo?.port ?? (url.port || (secure ? 443 : 80)),
  }
  const base = url.pathname.replace(/\/$/, "")
  const headers = {
    host: url.host,
    "user-agent": "slipway",
    ...(access.token === undefined ? {} : { authorization: `Bearer ${access.token}` }),
  }
  const start = (request: Request) =>
    (secure ? https : http)({
      ...target,
      method: request.method,
      path: `${base}${request.path}`,
      headers: { ...headers, ...lengthOf(request), ...request.headers },
    })
  return {
    send: (request) => exchange(start, request, true),
    open: (request) => exchange(start, request, false),
    close: () => agent.destroy(),
  }
}

/** Of a request to delete, Node sends a body without saying how long it is, and the server takes it for the next request. */
const lengthOf = ({ body }: Request) =>
  body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }

function security(access: Access, url: URL): AgentOptions {
  const name = access.serverName ?? url.hostname.replace(/^\[|\]$/g, "")
  return {
    ...(access.authority === undefined ? {} : { ca: access.authority }),
    ...(access.certificate === undefined ? {} : { cert: access.certificate, key: access.key }),
    rejectUnauthorized: !access.insecure,
    // An address may not be asked for by name in TLS; the certificate must be of it all the same.
    servername: isIP(name) === 0 ? name : "",
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
  }
}

type Start = (request: Request) => ReturnType<typeof https>

function exchange(start: Start, request: Request, whole: true): Promise<Answer | Trouble>
function exchange(start: Start, request: Request, whole: false): Promise<Stream | Trouble>
function exchange(start: Start, request: Request, whole: boolean): Promise<Answer | Stream | Trouble> {
  return new Promise((resolve) => {
    const progress = { connected: false, answered: false, timedOut: false }
    let sent: ReturnType<Start>
    try {
      sent = start(request)
    } catch (error) {
      return resolve(troubleOf(error, progress))
    }
    const timer = setTimeout(() => {
      progress.timedOut = true
      sent.destroy()
    }, request.timeout)
    const abort = () => void sent.destroy()
    const done = (result: Answer | Stream | Trouble) => {
      clearTimeout(timer)
      if (result.kind !== "stream") request.signal?.removeEventListener("abort", abort)
      resolve(result)
    }
    const failed = (error: unknown) => done(troubleOf(error, progress))
    sent.on("socket", (socket) => {
      const ready = () => {
        progress.connected = true
        // A stream's first line may be long in coming.
        if (!whole) clearTimeout(timer)
      }
      if (!socket.connecting) ready()
      else socket.once("encrypted" in socket ? "secureConnect" : "connect", ready)
    })
    sent.on("error", failed)
    sent.on("response", (response) => {
      progress.answered = true
      const { statusCode: status = 0, headers } = response
      if (!whole) {
        response.once("close", () => request.signal?.removeEventListener("abort", abort))
        return done({ kind: "stream", status, headers, body: response })
      }
      read(response).then((text) => done({ kind: "answer", status, headers, text }), failed)
    })
    if (request.signal?.aborted) abort()
    request.signal?.addEventListener("abort", abort, { once: true })
    sent.end(request.body)
  })
}

/** Reads all of a body; rejects where it breaks off, or is too large. */
export async function read(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    if (size > MOST_BYTES) throw Object.assign(new Error("too large"), { code: "TOO_LARGE" })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
