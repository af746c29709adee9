import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { stickyComment, type CommentOutcome, type StickyComment } from "../../../src/lib/forge/comment.js"
import { marked, marker } from "../../../src/lib/forge/marker.js"
import type { HttpOptions } from "../../../src/lib/http/client.js"
import { CASES, type Case, Clock, type Forge, startForge } from "./forge.js"

const KEY = "infra plan staging terraform/azure"
const BODY = "## Plan\n\n1 to add"

let forge: Forge
let clock: Clock
beforeAll(async () => {
  forge = await startForge()
})
afterAll(() => forge.stop())
beforeEach(async () => {
  clock = new Clock()
  await forge.control({ reset: true })
})

const asked = async (): Promise<string[]> => (await forge.log()).requests.map(({ method }) => method)

describe.each(Object.entries(CASES))("stickyComment on %s", (name, host: Case) => {
  const write = (
    given: Partial<StickyComment> = {},
    options: Partial<HttpOptions> = {},
  ): Promise<CommentOutcome> => {
    const request = { pullRequest: host.pullRequest(forge.url), token: host.token, key: KEY, body: BODY }
    return stickyComment({ ...request, ...given }, clock.client(options))
  }
  const seed = (author: string | number, body: string) =>
    forge.control({ seed: { host: host.store, author, body } })
  const texts = async () => host.texts(await forge.comments())
  const ours = marked(KEY, BODY)

  it("creates a comment, keeps it while it stays the same, and updates it in place", async () => {
    expect(await write()).toEqual({ kind: "created" })
    expect(await texts()).toEqual([ours])
    expect(await write()).toEqual({ kind: "unchanged" })
    expect((await asked()).filter((method) => method !== "GET" && method !== "POST")).toEqual([])
    expect(await write({ body: "none" })).toEqual({ kind: "updated" })
    expect(await texts()).toEqual([marked(KEY, "none")])
  })

  it("writes a comment for each key", async () => {
    await write()
    expect(await write({ key: "infra plan production terraform/azure" })).toEqual({ kind: "created" })
    expect(await texts()).toHaveLength(2)
  })

  it("creates none if it may only update one", async () => {
    expect(await write({ onlyUpdate: true })).toEqual({ kind: "unchanged" })
    expect(await texts()).toEqual([])
    await write()
    expect(await write({ body: "new", onlyUpdate: true })).toEqual({ kind: "updated" })
  })

  it("finds its comment behind any number of pages", async () => {
    await forge.control({ page: 3 })
    for (let index = 0; index < 7; index += 1) await seed(host.other, `comment ${index}`)
    await write()
    for (let index = 0; index < 4; index += 1) await seed(host.other, `comment ${index}`)
    expect(await write({ body: "new" })).toEqual({ kind: "updated" })
    expect((await texts()).filter((body) => body.startsWith(marker(KEY)))).toEqual([marked(KEY, "new")])
  })

  it("ignores comments by others, or that quote the marker", async () => {
    await seed(host.other, `${marker(KEY)}\nforged`)
    await seed(host.self, `> ${marker(KEY)}\nquoted`)
    expect(await write()).toEqual({ kind: "created" })
    expect(await write({ body: "new" })).toEqual({ kind: "updated" })
    expect(await texts()).toEqual([`${marker(KEY)}\nforged`, `> ${marker(KEY)}\nquoted`, marked(KEY, "new")])
  })

  it("keeps the oldest of duplicates, and those of others", async () => {
    await seed(host.self, marked(KEY, "first"))
    await seed(host.self, marked(KEY, "second"))
    await seed(host.other, marked(KEY, "forged"))
    await seed(host.self, marked(KEY, "third"))
    expect(await write({ body: "new" })).toEqual({ kind: "updated" })
    expect(await texts()).toEqual([marked(KEY, "new"), marked(KEY, "forged")])
  })

  it("updates a comment although a duplicate can't be deleted", async () => {
    await seed(host.self, marked(KEY, "first"))
    await seed(host.self, marked(KEY, "second"))
    await forge.fault({ method: "DELETE", status: 403, body: "{}" })
    expect(await write({ body: "new" })).toEqual({ kind: "updated" })
  })

  it("creates the comment again if it was deleted meanwhile", async () => {
    await write()
    await forge.fault({ method: host.update, delete: true })
    expect(await write({ body: "new" })).toEqual({ kind: "created" })
    expect(await texts()).toEqual([marked(KEY, "new")])
  })

  it("creates the comment again if it is listed, but can't be updated any more", async () => {
    const { id } = await seed(host.self, marked(KEY, "old"))
    await forge.fault({ times: 9, method: host.update, path: `/${id}`, status: 404 })
    expect(await write()).toEqual({ kind: "created" })
    expect(await texts()).toEqual([marked(KEY, "old"), ours])
  })

  it("retries while the host is unavailable", async () => {
    await forge.fault({ times: 2, status: 503, body: "<html>busy</html>" })
    expect(await write()).toEqual({ kind: "created" })
    expect(clock.pauses).toEqual([1_000, 2_000])
    await forge.fault({ method: host.update, drop: true })
    expect(await write({ body: "new" })).toEqual({ kind: "updated" })
    expect(clock.pauses).toHaveLength(3)
  })

  it.each([
    ["502 after it was done", { method: "POST", path: "comments|notes|threads", status: 502, act: true }],
    [
      "lost connection after it was done",
      { method: "POST", path: "comments|notes|threads", drop: true, act: true },
    ],
  ])("doesn't create it twice after a %s", async (_, fault) => {
    await forge.fault(fault)
    expect(await write()).toEqual({ kind: "created" })
    expect(await texts()).toEqual([ours])
    expect((await asked()).filter((method) => method === "GET").length).toBeGreaterThan(1)
  })

  it("doesn't create it twice after an answer that comes too late", async () => {
    await forge.fault({ method: "POST", path: "comments|notes|threads", act: true, delay: 2 })
    expect(await write({}, { timeout: 1_000 })).toEqual({ kind: "created" })
    expect(await texts()).toEqual([ours])
  })

  it("creates it after a creation that has certainly failed", async () => {
    await forge.fault({ method: "POST", path: "comments|notes|threads", status: 503 })
    expect(await write()).toEqual({ kind: "created" })
    expect(await texts()).toEqual([ours])
  })

  it("gives up after three creations without an answer", async () => {
    await forge.fault({ times: 9, method: "POST", path: "comments|notes|threads", drop: true })
    const outcome = await write()
    expect(outcome).toEqual({ kind: "unreachable", reason: `${name}: the connection to it broke off` })
    expect((await asked()).filter((method) => method === "POST")).toHaveLength(3)
  })

  it("waits as long as a rate limit asks, within its patience", async () => {
    await forge.fault({ status: 429, headers: { "Retry-After": "17" }, body: "Retry later" })
    expect(await write()).toEqual({ kind: "created" })
    expect(clock.pauses).toEqual([17_000])
    await forge.fault({ times: 9, status: 429, headers: { "Retry-After": "3600" } })
    expect(await write({ body: "new" })).toEqual({
      kind: "unreachable",
      reason: `${name}: it takes no more requests for now (429): it wants 3600 s of waiting`,
    })
  })

  it("reports a refusal for a read-only token, with the permission that it needs", async () => {
    const outcome = await write({ token: host.readonly })
    expect(outcome).toMatchObject({ kind: "refused" })
    expect(outcome).toHaveProperty("reason", expect.stringContaining("(403)"))
    expect(outcome).toHaveProperty("reason", expect.stringContaining(host.needs))
  })

  it("reports a refusal for an unknown token", async () => {
    const outcome = await write({ token: "unknown" })
    expect(outcome).toMatchObject({ kind: "refused" })
    expect(outcome).toHaveProperty("reason", expect.stringContaining("doesn't accept the token (401)"))
    expect(await asked()).toEqual(["GET"])
  })

  it("reports a refusal for a missing pull request", async () => {
    const outcome = await write({ pullRequest: { ...host.pullRequest(forge.url), number: 8 } })
    expect(outcome).toMatchObject({ kind: "refused" })
    expect(outcome).toHaveProperty("reason", expect.stringContaining("no such pull request"))
  })

  it.each([401, 403, 404, 422, 500])("never quotes the token, even if a %i does", async (status) => {
    await forge.fault({ status, echo: true })
    const outcome = await write()
    const { reason } = outcome as { reason: string }
    expect(reason).toContain("you sent")
    expect(reason).toContain("***")
    expect(reason).not.toMatch(/[\n\r]/)
    expect(reason).not.toContain(host.token)
  })

  it("doesn't follow a redirect to another host", async () => {
    const elsewhere = { Location: "https://elsewhere.example/" }
    await forge.fault({ status: 302, headers: elsewhere })
    expect(await write()).toMatchObject({ kind: "refused" })
    expect(clock.pauses).toEqual([])
  })

  it.each([
    ["invalid JSON", "<html>proxy</html>", "no JSON"],
    ["an object", "{}", "not a list"],
    ["null", "null", "not a list"],
  ])("writes nothing if the list is %s", async (_, body, said) => {
    await forge.fault({ status: 200, body })
    const outcome = await write()
    expect(outcome).toMatchObject({ kind: "unreachable" })
    expect(outcome).toHaveProperty("reason", expect.stringContaining(said))
    expect(await texts()).toEqual([])
  })

  it("keeps entries of other kinds", async () => {
    await forge.fault({
      status: 200,
      body: name === "Azure DevOps" ? '{"value":[1,null,{}]}' : "[1,null,{}]",
    })
    expect(await write()).toEqual({ kind: "created" })
  })

  it("is unreachable if nothing listens", async () => {
    const pullRequest = { ...host.pullRequest("http://127.0.0.1:2") }
    const outcome = await write({ pullRequest })
    expect(outcome).toEqual({
      kind: "unreachable",
      reason: `${name}: nothing listens at its address (5 tries)`,
    })
  })

  it("escapes commands to the host, and removes characters that it can't store", async () => {
    expect(await write({ body: "/merge\n  /close\r\n\tfine\u0000\uD800\n/approve\n`/etc`" })).toEqual({
      kind: "created",
    })
    expect((await forge.log()).commands).toEqual([])
    expect(await texts()).toEqual([
      `${marker(KEY)}\n\u200B/merge\n  \u200B/close\n\tfine\uFFFD\uFFFD\n\u200B/approve\n\`/etc\``,
    ])
  })

  it("treats a comment with other line ends as unchanged", async () => {
    await seed(host.self, `${ours.replaceAll("\n", "\r\n")}\r\n`)
    expect(await write({ body: `${BODY}\n` })).toEqual({ kind: "unchanged" })
  })

  it.each(["", " ", "two words", "Ütoken", "line\nbreak"])(
    "refuses the token %j without a request",
    async (token) => {
      expect(await write({ token })).toMatchObject({ kind: "refused" })
      expect(await asked()).toEqual([])
    },
  )

  it("accepts a token with a trailing line break, as in files", async () => {
    expect(await write({ token: `${host.token}\n` })).toEqual({ kind: "created" })
  })

  it("refuses an invalid address without a request", async () => {
    const pullRequest = { ...host.pullRequest(forge.url), project: "../.." }
    expect(await write({ pullRequest })).toMatchObject({ kind: "refused" })
    expect(await asked()).toEqual([])
  })
})
