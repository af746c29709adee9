import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import type { ClusterAccess } from "../../../src/lib/kube/access.js"
import type { KubeOptions } from "../../../src/lib/kube/client.js"
import { type Act, type ApiServer, answer, clientOf, drop, refuse, startApi } from "./server.js"

let api: ApiServer
let access: ClusterAccess

beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api.stop())
beforeEach(() => {
  api.acts = []
  api.seen = []
  access = { server: `http://127.0.0.1:${api.port}`, insecure: false, namespace: "web", context: "test" }
})

const client = (options: Partial<KubeOptions> = {}) => clientOf(access, options).kube

/** A kubelet's answer for a pod that has just been scheduled. */
const UNKNOWN = refuse(404, "NotFound", "the server could not find the requested resource ( pods/log a)")

describe("client.logs", () => {
  it("returns a container's log", async () => {
    api.acts = [answer(200, "one\ntwo\n"), answer(200, "")]
    expect(
      await client().logs("web", "a", { container: "api", previous: true, tail: 5, sinceSeconds: 60 }),
    ).toBe("one\ntwo\n")
    expect(await client().logs("web", "a")).toBe("")
    expect(api.seen[0]).toMatchObject({
      path: "/api/v1/namespaces/web/pods/a/log",
      query: { container: "api", previous: "true", tailLines: "5", sinceSeconds: "60" },
    })
    expect(api.seen[1]?.query).toEqual({})
  })

  it.each([
    'container "api" in pod "a" is waiting to start: ContainerCreating',
    'container "api" in pod "a" is waiting to start: trying and failing to pull image',
    'previous terminated container "api" in pod "a" not found',
    'container "api" in pod "a" is not available',
  ])("is empty before the container starts: %s", async (message) => {
    api.acts = [refuse(400, "BadRequest", message)]
    expect(await client().logs("web", "a")).toBe("")
  })

  it("is empty while the node doesn't know the pod yet", async () => {
    api.acts = [UNKNOWN]
    expect(await client().logs("web", "a")).toBe("")
  })

  it("throws for any other refusal", async () => {
    api.acts = [
      refuse(400, "BadRequest", "a container name must be specified for pod a, choose one of: [api proxy]"),
    ]
    await expect(client().logs("web", "a")).rejects.toThrow("choose one of: [api proxy]")
    api.acts = [refuse(404, "NotFound", 'pods "a" not found')]
    await expect(client().logs("web", "a")).rejects.toMatchObject({ code: "KUBE_MISSING" })
  })
})

describe("client.follow", () => {
  const stamp = (second: number, nano = 0) =>
    `2026-01-01T00:00:${String(second).padStart(2, "0")}.${String(nano).padStart(9, "0")}Z`
  const pieces =
    (parts: (string | Buffer)[], end: "ends" | "breaks" | "stays" = "ends"): Act =>
    (_, response, request) => {
      response.writeHead(200)
      void (async () => {
        for (const part of parts) {
          response.write(part)
          await new Promise((done) => setTimeout(done, 5))
        }
        if (end === "ends") response.end()
        if (end === "breaks") request.socket.destroy()
      })()
    }
  const collect = async (lines: AsyncIterable<string>) => {
    const all: string[] = []
    for await (const line of lines) all.push(line)
    return all
  }
  const follow = (options: { sinceSeconds?: number; signal?: AbortSignal } = {}) =>
    client().follow("web", "a", { container: "api", ...options })

  it("returns line by line, whatever the chunks are", async () => {
    const bytes = Buffer.from(`${stamp(1)} größe\n${stamp(2)} \n${stamp(3)} last`)
    const cut = bytes.indexOf("ö") + 1
    api.acts = [pieces([bytes.subarray(0, 10), bytes.subarray(10, cut), bytes.subarray(cut)])]
    expect(await collect(follow({ sinceSeconds: 5 }))).toEqual(["größe", "", "last"])
    expect(api.seen[0]).toMatchObject({
      path: "/api/v1/namespaces/web/pods/a/log",
      query: { container: "api", sinceSeconds: "5", follow: "true", timestamps: "true" },
    })
  })

  it("continues behind the last line after a lost connection", async () => {
    api.acts = [
      pieces([`${stamp(1)} a\n${stamp(2, 5)} b\n${stamp(2, 5)} c\n${stamp(9)} half of a li`], "breaks"),
      drop,
      refuse(503, "ServiceUnavailable", "starting"),
      pieces([
        `${stamp(2, 1)} old\n${stamp(2, 5)} b\n${stamp(2, 5)} c\n${stamp(2, 5)} d\n${stamp(9)} half of a line\n`,
      ]),
    ]
    expect(await collect(follow({ sinceSeconds: 5 }))).toEqual(["a", "b", "c", "d", "half of a line"])
    expect(api.seen.at(-1)?.query).toMatchObject({ sinceTime: "2026-01-01T00:00:02Z" })
    expect(api.seen.at(-1)?.query).not.toHaveProperty("sinceSeconds")
  })

  it("waits until the node knows the pod", async () => {
    api.acts = [UNKNOWN, pieces([`${stamp(1)} a\n`])]
    expect(await collect(follow())).toEqual(["a"])
  })

  it("waits for the container to start, with a limit", async () => {
    const waiting = refuse(
      400,
      "BadRequest",
      'container "api" in pod "a" is waiting to start: ContainerCreating',
    )
    api.acts = [waiting, waiting, pieces([`${stamp(1)} a\n`])]
    expect(await collect(follow())).toEqual(["a"])
    api.acts = Array.from({ length: 99 }, () => waiting)
    await expect(collect(follow())).rejects.toThrow("the container hasn't started")
  })

  it("has no time limit between lines", async () => {
    const slow: Act = (_, response) => {
      setTimeout(() => response.writeHead(200).end(`${stamp(1)} late\n`), 1_000)
    }
    api.acts = [slow]
    expect(await collect(client({ timeout: 500 }).follow("web", "a", {}))).toEqual(["late"])
  })

  it("ends by its signal, before, between and without lines", async () => {
    expect(await collect(follow({ signal: AbortSignal.abort() }))).toEqual([])
    api.acts = [pieces([`${stamp(1)} a\n`], "stays"), () => undefined]
    for (const expected of [["a"], []]) {
      const { signal, abort } = ((control) => ({ signal: control.signal, abort: () => control.abort() }))(
        new AbortController(),
      )
      setTimeout(abort, 100)
      expect(await collect(follow({ signal }))).toEqual(expected)
    }
  })

  it("closes the connection when the reader stops", async () => {
    let closed: Promise<unknown> | undefined
    api.acts = [
      (seen, response, request) => {
        closed = new Promise((resolve) => request.socket.once("close", resolve))
        pieces([`${stamp(1)} a\n`], "stays")(seen, response, request)
      },
    ]
    for await (const line of follow()) {
      expect(line).toBe("a")
      break
    }
    await closed
  })

  it("ends if the pod has been deleted, and fails if it never existed", async () => {
    const gone = refuse(404, "NotFound", 'pods "a" not found')
    api.acts = [pieces([`${stamp(1)} a\n`], "breaks"), gone]
    expect(await collect(follow())).toEqual(["a"])
    api.acts = [gone]
    await expect(collect(follow())).rejects.toMatchObject({ code: "KUBE_MISSING" })
  })

  it("gives up if no connection returns a line", async () => {
    api.acts = Array.from({ length: 999 }, () => pieces([], "breaks"))
    await expect(collect(client({ patience: 1_000 }).follow("web", "a", {}))).rejects.toMatchObject({
      code: "KUBE_UNREACHABLE",
    })
  })
})

describe("client.proxy", () => {
  const proxy = (options: { timeout?: number; method?: string } = {}) =>
    client().proxy({ pod: "a" }, "web", 8000, "/health?deep=1", options)

  it("returns any answer of the pod", async () => {
    api.acts = [
      answer(200, "ok"),
      answer(503, "down"),
      answer(404, '{"detail":"Not Found"}'),
      answer(429, "later"),
      answer(401, "who?"),
    ]
    const answers = []
    for (let count = 0; count < 5; count += 1) answers.push(await proxy())
    expect(answers.map(({ status, body }) => `${status} ${body}`)).toEqual([
      "200 ok",
      "503 down",
      '404 {"detail":"Not Found"}',
      "429 later",
      "401 who?",
    ])
    expect(answers[0]?.milliseconds).toBeTypeOf("number")
    expect(answers[0]).not.toHaveProperty("problem")
    expect(api.seen).toHaveLength(5)
    expect(api.seen[0]).toMatchObject({
      path: "/api/v1/namespaces/web/pods/a%3A8000/proxy/health",
      query: { deep: "1" },
    })
  })

  it("reaches a service by the name of its port", async () => {
    await client().proxy({ service: "api" }, "web", "http", "", { method: "POST" })
    expect(api.seen[0]).toMatchObject({
      method: "POST",
      path: "/api/v1/namespaces/web/services/api%3Ahttp/proxy/",
    })
  })

  it.each([
    [
      503,
      "ServiceUnavailable",
      "error trying to reach service: dial tcp 10.0.0.7:8000: connect: connection refused",
      "dial tcp 10.0.0.7:8000: connect: connection refused",
    ],
    [503, "ServiceUnavailable", 'no endpoints available for service "api"', "no endpoints available"],
    [404, "NotFound", 'pods "a" not found', 'pods "a" not found'],
    [400, "BadRequest", "pod a does not have a host assigned", "does not have a host assigned"],
  ])("returns status 0 for an unreachable pod: %i %s %s", async (status, reason, message, problem) => {
    api.acts = [refuse(status, reason, message)]
    const result = await proxy()
    expect(result).toMatchObject({ status: 0, body: "" })
    expect(result.problem).toContain(problem)
    expect(api.seen).toHaveLength(1)
  })

  it("returns status 0 for a pod that takes too long, or closes the connection", async () => {
    api.acts = [
      () => undefined,
      (_, response) => (response.writeHead(200).write("x"), void setTimeout(() => response.destroy(), 20)),
    ]
    expect((await proxy({ timeout: 50 })).problem).toMatch(/it gave no answer within \d+ ms/)
    expect(await proxy()).toMatchObject({ status: 0, problem: "the connection to it broke off" })
  })

  it("retries while the API server restarts", async () => {
    api.acts = [
      drop,
      refuse(503, "ServiceUnavailable", "apiserver is shutting down"),
      refuse(429, "TooManyRequests", "slow"),
      answer(200, "ok"),
    ]
    expect(await proxy()).toMatchObject({ status: 200, body: "ok" })
    api.acts = [drop]
    await expect(proxy({ method: "POST" })).rejects.toMatchObject({ code: "KUBE_UNREACHABLE" })
  })

  it("throws for a missing permission", async () => {
    const message =
      'pods "a" is forbidden: User "ann" cannot get resource "pods/proxy" in API group "" in the namespace "web"'
    api.acts = [refuse(403, "Forbidden", message)]
    await expect(proxy()).rejects.toThrow('"ann" may not get pods/proxy in the namespace "web"')
    api.acts = [refuse(401, "Unauthorized", "Unauthorized")]
    await expect(proxy()).rejects.toMatchObject({ code: "KUBE_UNAUTHORIZED" })
  })
})
