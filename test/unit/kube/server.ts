/** API server for tests, with certificates that openssl creates once per run. */
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from "node:http"
import { createServer as createHttps, type Server } from "node:https"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TLSSocket } from "node:tls"
import type { ClusterAccess } from "../../../src/lib/kube/access.js"
import { Kube, type KubeOptions } from "../../../src/lib/kube/client.js"

export interface Pair {
  certificate: string
  key: string
}

export interface Certificates {
  authority: Pair
  /** Another authority, which has signed nothing. */
  stranger: Pair
  server: Pair
  client: Pair
}

export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "slipway-kube-"))
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" })
  const read = (name: string): Pair => ({
    certificate: readFileSync(join(folder, `${name}.crt`), "utf8"),
    key: readFileSync(join(folder, `${name}.key`), "utf8"),
  })
  const fresh = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
  const authority = (name: string) =>
    openssl("req", "-x509", ...fresh, "-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.crt`)
  const signed = (name: string, subject: string, names: string) => {
    writeFileSync(join(folder, `${name}.ext`), names)
    openssl("req", ...fresh, "-subj", subject, "-keyout", `${name}.key`, "-out", `${name}.csr`)
    openssl(
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      "-CA",
      "authority.crt",
      "-CAkey",
      "authority.key",
      "-CAcreateserial",
      "-days",
      "30",
      "-extfile",
      `${name}.ext`,
      "-out",
      `${name}.crt`,
    )
  }
  try {
    authority("authority")
    authority("stranger")
    signed("server", "/CN=kube-apiserver", "subjectAltName=DNS:kubernetes,IP:10.96.0.1\n")
    signed("client", "/O=team/CN=ann", "extendedKeyUsage=clientAuth\n")
    return {
      authority: read("authority"),
      stranger: read("stranger"),
      server: read("server"),
      client: read("client"),
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

export interface Seen {
  method: string
  /** Without the query. */
  path: string
  query: Record<string, string>
  headers: IncomingMessage["headers"]
  body: unknown
  /** Name in the client's certificate. */
  user?: string
  name?: string
}

/** The server's reaction to a request. */
export type Act = (seen: Seen, response: ServerResponse, request: IncomingMessage) => void

export interface ApiServer {
  port: number
  /** Reactions to the requests, in order; afterwards it answers with 200 and an empty object. */
  acts: Act[]
  seen: Seen[]
  /** Stops the server and its connections; `start` makes it listen again on the same port. */
  stop(): Promise<void>
  start(): Promise<void>
}

export async function startApi(certificates?: Certificates): Promise<ApiServer> {
  const api: ApiServer = { port: 0, acts: [], seen: [], stop, start }
  let server: Server | ReturnType<typeof createHttp>

  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("error", () => undefined)
    request.on("end", () => {
      const seen = seenOf(request, Buffer.concat(chunks).toString())
      api.seen.push(seen)
      const act = api.acts.shift() ?? answer(200, {})
      act(seen, response, request)
    })
  }

  async function start() {
    server =
      certificates === undefined
        ? createHttp(listener)
        : createHttps(
            {
              cert: certificates.server.certificate,
              key: certificates.server.key,
              ca: certificates.authority.certificate,
              requestCert: true,
              rejectUnauthorized: false,
            },
            listener,
          )
    await new Promise<void>((resolve) => server.listen(api.port, "127.0.0.1", resolve))
    api.port = (server.address() as AddressInfo).port
  }

  async function stop() {
    server.closeAllConnections()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }

  await start()
  return api
}

function seenOf(request: IncomingMessage, body: string): Seen {
  const { method = "", url = "", headers, socket } = request
  const { pathname, searchParams } = new URL(url, "http://none")
  const tls = socket as Partial<TLSSocket>
  const subject = tls.authorized ? tls.getPeerCertificate?.().subject.CN : undefined
  return {
    method,
    path: pathname,
    query: Object.fromEntries(searchParams),
    headers,
    body: body === "" ? undefined : JSON.parse(body),
    user: subject?.toString(),
    name: typeof tls.servername === "string" ? tls.servername : undefined,
  }
}

export const answer =
  (status: number, body: unknown, headers: Record<string, string> = {}): Act =>
  (_, response) => {
    const text = typeof body === "string" ? body : JSON.stringify(body)
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(text)
  }

/** Drops the connection after the request has arrived, so that its outcome is uncertain. */
export const drop: Act = (_, __, request) => void request.socket.destroy()

/** Refuses a request as API servers do. */
export const refuse = (
  code: number,
  reason: string,
  message: string,
  details: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Act =>
  answer(
    code,
    { kind: "Status", apiVersion: "v1", status: "Failure", reason, message, code, details },
    headers,
  )

export const START = Date.UTC(2026, 0, 1)

/** Creates a client whose clock is advanced by its pauses only. */
export function clientOf(access: ClusterAccess, options: Partial<KubeOptions> = {}) {
  const clock = { now: Date.now(), pauses: [] as number[] }
  const kube = new Kube(access, {
    now: () => clock.now,
    sleep: (milliseconds) => {
      clock.pauses.push(milliseconds)
      clock.now += milliseconds
      return Promise.resolve()
    },
    random: () => 1,
    timeout: 20_000,
    ...options,
  })
  return { kube, clock }
}
