import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { httpClient, type HttpOptions, type HttpRequest } from "../../../src/lib/http/client.js"

type Act = (request: IncomingMessage, response: ServerResponse) => void

const START = Date.UTC(2026, 0, 1)

let server: Server
let url: string
/** Reactions of the server to the requests, in order; afterwards it answers with 200. */
let acts: Act[]
let seen: { method?: string; path?: string; headers: IncomingMessage["headers"]; body: string }[]
let now: number
let pauses: number[]

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const { method, url: path, headers } = request
      seen.push({ method, path, headers, body: Buffer.concat(chunks).toString() })
      const act = acts.shift() ?? answer(200)
      act(request, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(() => {
  acts = []
  seen = []
  now = START
  pauses = []
})

const answer =
  (status: number, headers: Record<string, string> = {}, body = ""): Act =>
  (_, response) => {
    response.writeHead(status, headers).end(body)
  }

const drop: Act = (request) => void request.socket.destroy()

const client = (options: Partial<HttpOptions> = {}) =>
  httpClient({
    now: () => now,
    sleep: (milliseconds) => {
      pauses.push(milliseconds)
      now += milliseconds
      return Promise.resolve()
    },
    random: () => 1,
    timeout: 20_000,
    ...options,
  })

const send = (request: Partial<HttpRequest> = {}, options: Partial<HttpOptions> = {}) =>
  client(options).send({ method: "GET", url, ...request })

describe("httpClient", () => {
  it("sends a request unchanged, and returns its answer", async () => {
    acts = [answer(404, { "x-a": "b" }, "änswer")]
    const result = await send({
      method: "POST",
      url: `${url}/path?q=1`,
      json: { a: "ü" },
      headers: { "x-b": "c" },
    })
    expect(result).toMatchObject({ kind: "answer", status: 404, text: "änswer" })
    expect(result.kind === "answer" && result.headers.get("x-a")).toBe("b")
    expect(seen).toMatchObject([{ method: "POST", path: "/path?q=1", body: '{"a":"ü"}' }])
    expect(seen[0]?.headers).toMatchObject({
      "x-b": "c",
      "content-type": "application/json",
      "user-agent": "slipway",
    })
  })

  it("sends no content type without content", async () => {
    await send({ method: "DELETE" })
    expect(seen[0]?.headers).not.toHaveProperty("content-type")
  })

  it.each([502, 503, 504, 429])("retries after %i, with growing pauses", async (status) => {
    acts = [answer(status), answer(status), answer(status)]
    expect(await send()).toMatchObject({ status: 200 })
    expect(pauses).toEqual([1_000, 2_000, 4_000])
  })

  it.each([200, 204, 304, 400, 401, 403, 404, 409, 422, 500, 501])(
    "returns an answer with %i",
    async (status) => {
      acts = [answer(status)]
      expect(await send()).toMatchObject({ kind: "answer", status })
      expect(seen).toHaveLength(1)
    },
  )

  it("varies its pauses by up to half", async () => {
    acts = [answer(503), answer(503)]
    await send({}, { random: () => 0 })
    expect(pauses).toEqual([500, 1_000])
  })

  it("gives up after the maximum number of attempts", async () => {
    acts = Array.from({ length: 9 }, () => answer(503))
    expect(await send()).toEqual({ kind: "failure", reason: "it answered 503 (5 tries)", uncertain: true })
    expect(seen).toHaveLength(5)
  })

  it.each([
    ["seconds", "7", 7_000],
    ["a date", new Date(START + 9_000).toUTCString(), 9_000],
    ["a past date", new Date(START - 9_000).toUTCString(), 1_000],
    ["an unknown form", "soon", 1_000],
    ["less than the usual pause", "0", 1_000],
  ])("waits for a Retry-After with %s", async (_, value, pause) => {
    acts = [answer(503, { "retry-after": value })]
    expect(await send()).toMatchObject({ status: 200 })
    expect(pauses).toEqual([pause])
  })

  it.each([
    ["Retry-After", { "retry-after": "5" }, "", [5_000]],
    [
      "a count at its end",
      { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(START / 1_000 + 8) },
      "",
      [8_000],
    ],
    ["words alone", {}, "You have exceeded a secondary rate limit", []],
  ])("recognises a rate limit behind 403 by %s", async (_, headers, body, expected) => {
    acts = [answer(403, headers, body)]
    await send()
    expect(pauses).toEqual(expected)
  })

  it("returns any other 403", async () => {
    acts = [answer(403, { "x-ratelimit-remaining": "9", "x-ratelimit-reset": "99999999999" }, "forbidden")]
    expect(await send()).toMatchObject({ status: 403 })
  })

  it("doesn't wait beyond its patience, which all its requests share", async () => {
    acts = [answer(429, { "retry-after": "40" }), answer(200), answer(429, { "retry-after": "40" })]
    const http = client()
    expect(await http.send({ method: "GET", url })).toMatchObject({ status: 200 })
    expect(await http.send({ method: "GET", url })).toEqual({
      kind: "failure",
      reason: "it takes no more requests for now (429): it wants 40 s of waiting",
      uncertain: false,
    })
    expect(await http.pause(0)).toBe(true)
    now += 60_000
    expect(await http.pause(0)).toBe(false)
    expect(await http.send({ method: "GET", url })).toMatchObject({ reason: "no time was left to ask it" })
  })

  it("limits the time of an attempt", async () => {
    acts = Array.from({ length: 2 }, () => () => {})
    expect(await send({}, { timeout: 50, tries: 2 })).toEqual({
      kind: "failure",
      reason: "it took too long to answer (2 tries)",
      uncertain: true,
    })
  })

  it("limits the time of the whole answer, too", async () => {
    acts = [(_, response) => void response.writeHead(200).write("part")]
    expect(await send({}, { timeout: 50, tries: 1 })).toMatchObject({ reason: "it took too long to answer" })
  })

  it("limits the size of an answer", async () => {
    acts = [answer(200, {}, "x".repeat(1_000)), answer(200, {}, "x".repeat(1_001))]
    expect(await send({}, { limit: 1_000 })).toMatchObject({ status: 200 })
    expect(await send({}, { limit: 1_000 })).toEqual({
      kind: "failure",
      reason: "its answer has more than 1000 bytes",
      uncertain: true,
    })
    expect(seen).toHaveLength(2)
  })
})

describe("httpClient's retry of a request", () => {
  const post = () => send({ method: "POST", json: {} })

  it.each<[string, Act]>([
    ["a lost connection", drop],
    ["503", answer(503)],
    [
      "half an answer",
      (_, response) => {
        response.writeHead(200, { "content-length": "9" }).write("x")
        setTimeout(() => response.destroy(), 10)
      },
    ],
  ])("that isn't repeatable doesn't follow %s", async (_, act) => {
    acts = [act]
    expect(await post()).toMatchObject({ kind: "failure", uncertain: true })
    expect(seen).toHaveLength(1)
  })

  it("that isn't repeatable follows answers for requests that weren't carried out", async () => {
    acts = [answer(429), answer(403, { "retry-after": "1" })]
    expect(await post()).toMatchObject({ status: 200 })
    expect(seen).toHaveLength(3)
  })

  it("follows uncertain answers if it is declared repeatable", async () => {
    acts = [drop, answer(502)]
    expect(await send({ method: "POST", repeatable: true })).toMatchObject({ status: 200 })
  })

  it.each(["PUT", "PATCH", "DELETE"] as const)("follows a lost connection for %s", async (method) => {
    acts = [drop]
    expect(await send({ method })).toMatchObject({ status: 200 })
    expect(seen).toHaveLength(2)
  })

  it("leaves it certain that nothing was done if nothing listens", async () => {
    const result = await send({ method: "POST", url: "http://127.0.0.1:2" })
    expect(result).toEqual({
      kind: "failure",
      reason: "nothing listens at its address (5 tries)",
      uncertain: false,
    })
  })
})

describe("a redirect", () => {
  const to = (status: number, location: string) => answer(status, { location })

  it.each([301, 302, 303, 307, 308])("of a GET by %i is followed on the same origin", async (status) => {
    acts = [to(status, "/there"), answer(200, {}, "there")]
    expect(await send({ headers: { authorization: "secret" } })).toMatchObject({ status: 200, text: "there" })
    expect(seen[1]).toMatchObject({ path: "/there", headers: { authorization: "secret" } })
  })

  it.each([307, 308])("of a POST by %i is followed with its body", async (status) => {
    acts = [to(status, `${url}/there`), answer(201)]
    expect(await send({ method: "POST", json: { a: 1 } })).toMatchObject({ status: 201 })
    expect(seen[1]).toMatchObject({ method: "POST", path: "/there", body: '{"a":1}' })
  })

  it.each([301, 302, 303])("of a POST by %i is returned", async (status) => {
    acts = [to(status, "/there")]
    expect(await send({ method: "POST" })).toMatchObject({ status })
    expect(seen).toHaveLength(1)
  })

  it.each([
    "http://localhost:1/",
    "https://127.0.0.1/",
    "//elsewhere.example/",
    "http://u:p@127.0.0.1/",
    "http://[",
  ])("to %s is returned", async (location) => {
    acts = [to(302, location)]
    expect(await send()).toMatchObject({ kind: "answer", status: 302 })
    expect(seen).toHaveLength(1)
  })

  it("with credentials in its address is returned", async () => {
    acts = [to(302, url.replace("//", "//user:password@"))]
    expect(await send()).toMatchObject({ kind: "answer", status: 302 })
  })

  it("is followed a limited number of times", async () => {
    acts = Array.from({ length: 9 }, () => to(302, "/on"))
    expect(await send()).toMatchObject({ status: 302 })
    expect(seen).toHaveLength(4)
  })
})

describe("a failure", () => {
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- libraries reject with anything
  const failing = (error: unknown) => send({}, { fetch: () => Promise.reject(error), tries: 1 })
  const caused = (code: string) =>
    new TypeError("fetch failed", { cause: Object.assign(new Error("x"), { code }) })

  it.each([
    ["ENOTFOUND", "no host of its name is known", false],
    ["EAI_AGAIN", "its name can't be resolved for now", false],
    ["ENETUNREACH", "its address can't be reached", false],
    ["UND_ERR_CONNECT_TIMEOUT", "its address can't be reached", false],
    ["UND_ERR_SOCKET", "the connection to it broke off", true],
    ["UND_ERR_HEADERS_TIMEOUT", "it took too long to answer", true],
    [
      "DEPTH_ZERO_SELF_SIGNED_CERT",
      "no authority that is known signed its certificate (DEPTH_ZERO_SELF_SIGNED_CERT)",
      true,
    ],
    ["EWHATEVER", "the connection to it failed", true],
  ])("by %s is explained", async (code, reason, uncertain) => {
    expect(await failing(caused(code))).toEqual({ kind: "failure", reason, uncertain })
  })

  it("never quotes a header that can't be sent", async () => {
    const result = await send({ headers: { authorization: "Bearer se\ncret" } }, { tries: 1 })
    expect(result).toEqual({ kind: "failure", reason: "the connection to it failed", uncertain: true })
  })

  it.each([undefined, null, "text"])("without a known error (%j) is explained, too", async (error) => {
    expect(await failing(error)).toMatchObject({ kind: "failure" })
  })

  it("by a certificate isn't retried", async () => {
    let tries = 0
    await send({}, { fetch: () => Promise.reject(((tries += 1), caused("CERT_HAS_EXPIRED"))) })
    expect(tries).toBe(1)
  })
})
