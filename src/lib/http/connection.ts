/**
 * Connection to one server over Node's own HTTP and TLS, without retries.
 *
 * Node's fetch supports neither client certificates nor custom authorities, and can't dial another address than the
 * URL's.
 */
import {
  Agent as HttpAgent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as http,
} from "node:http"
import { Agent, type AgentOptions, request as https } from "node:https"
import { isIP } from "node:net"
import { checkServerIdentity } from "node:tls"
import { readBody } from "./body.js"
import { type Unanswered, unanswered } from "./unanswered.js"

/** A server, and the credentials for it. */
export interface ServerEndpoint {
  /** The server's address, without a slash at its end. */
  server: string
  /** The name that its certificate must have, if not the address's. */
  serverName?: string
  /** Authorities for its certificate, PEM; undefined for those of Node. */
  authority?: string
  insecure: boolean
  /** The client's certificate, PEM. */
  certificate?: string
  /** Its key, PEM. */
  key?: string
  token?: string
}

export interface ConnectionRequest {
  method: string
  /** Below the server's address, with the query. */
  path: string
  headers?: Readonly<Record<string, string>>
  body?: string
  /** Milliseconds for the whole exchange; for a stream, until it is connected. */
  timeout: number
  signal?: AbortSignal
}

export interface ConnectionAnswer {
  kind: "answer"
  status: number
  headers: IncomingHttpHeaders
  text: string
}

export interface ConnectionStream {
  kind: "stream"
  status: number
  headers: IncomingHttpHeaders
  /** Ends with an error if the connection breaks off. */
  body: IncomingMessage
}

export interface Connection {
  /** Sends a request once and reads its answer. Never throws. */
  send(request: ConnectionRequest): Promise<ConnectionAnswer | Unanswered>
  /** Sends a request once, and leaves the answer's body to the caller. Never throws. */
  open(request: ConnectionRequest): Promise<ConnectionStream | Unanswered>
  close(): void
}

/** An address to dial. */
export interface DialAddress {
  host: string
  port: number
}

/** Maximum bytes of an answer. */
export const MOST_BYTES = 64 * 1024 * 1024

/** Opens connections to a server as needed, and keeps them for further requests. */
export function connection(endpoint: ServerEndpoint, connectTo?: DialAddress): Connection {
  const url = new URL(endpoint.server)
  const secure = url.protocol === "https:"
  const agent = secure
    ? new Agent({ keepAlive: true, ...security(endpoint, url) })
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
    ...(endpoint.token === undefined ? {} : { authorization: `Bearer ${endpoint.token}` }),
  }
  const start = (request: ConnectionRequest) =>
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

/** Length of the body. Node sends a DELETE's body without it, and the server takes that for the next request. */
const lengthOf = ({ body }: ConnectionRequest) =>
  body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }

function security(endpoint: ServerEndpoint, url: URL): AgentOptions {
  const name = endpoint.serverName ?? url.hostname.replace(/^\[|\]$/g, "")
  return {
    ...(endpoint.authority === undefined ? {} : { ca: endpoint.authority }),
    ...(endpoint.certificate === undefined ? {} : { cert: endpoint.certificate, key: endpoint.key }),
    rejectUnauthorized: !endpoint.insecure,
    // TLS doesn't allow an IP address as server name; the certificate is checked against it all the same.
    servername: isIP(name) === 0 ? name : "",
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
  }
}

type Start = (request: ConnectionRequest) => ReturnType<typeof https>

function exchange(
  start: Start,
  request: ConnectionRequest,
  whole: true,
): Promise<ConnectionAnswer | Unanswered>
function exchange(
  start: Start,
  request: ConnectionRequest,
  whole: false,
): Promise<ConnectionStream | Unanswered>
function exchange(
  start: Start,
  request: ConnectionRequest,
  whole: boolean,
): Promise<ConnectionAnswer | ConnectionStream | Unanswered> {
  return new Promise((resolve) => {
    const progress = { connected: false, answered: false, timedOut: false }
    let sent: ReturnType<Start>
    try {
      sent = start(request)
    } catch (error) {
      return resolve(unanswered(error, progress))
    }
    const timer = setTimeout(() => {
      progress.timedOut = true
      sent.destroy()
    }, request.timeout)
    const abort = () => void sent.destroy()
    const done = (result: ConnectionAnswer | ConnectionStream | Unanswered) => {
      clearTimeout(timer)
      if (result.kind !== "stream") request.signal?.removeEventListener("abort", abort)
      resolve(result)
    }
    const failed = (error: unknown) => done(unanswered(error, progress))
    sent.on("socket", (socket) => {
      const ready = () => {
        progress.connected = true
        // The first line of a stream may take long to arrive.
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
      readBody(response, MOST_BYTES).then((text) => done({ kind: "answer", status, headers, text }), failed)
    })
    if (request.signal?.aborted) abort()
    request.signal?.addEventListener("abort", abort, { once: true })
    sent.end(request.body)
  })
}
