import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { stickyComment, type CommentOutcome, type StickyComment } from "../../../src/lib/forge/comment.js"
import { marked, marker } from "../../../src/lib/forge/marker.js"
import { CASES, Clock, type Forge, startForge } from "./forge.js"

const KEY = "drift production"

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

const writer =
  (name: string) =>
  (given: Partial<StickyComment> = {}): Promise<CommentOutcome> => {
    const { pullRequest, token } = CASES[name] ?? expect.fail(name)
    const request = { pullRequest: pullRequest(forge.url), token, key: KEY, body: "text" }
    return stickyComment({ ...request, ...given }, clock.client())
  }

const headers = async () => (await forge.log()).requests.map((request) => request.headers)

describe("GitHub", () => {
  const write = writer("GitHub")

  it("recognises the author of a workflow's token by GraphQL, and of a person's likewise", async () => {
    expect(await write({ token: "ghp_robot" })).toEqual({ kind: "created" })
    expect(await write({ token: "ghp_robot", body: "new" })).toEqual({ kind: "updated" })
    // Another author gets another comment.
    expect(await write({ body: "third" })).toEqual({ kind: "created" })
    expect((await forge.comments()).github.map(({ user }) => user.login)).toEqual([
      "acme-robot",
      "github-actions[bot]",
    ])
  })

  it.each([
    ["is refused", { status: 403, body: '{"message":"Resource not accessible by integration"}' }],
    ["returns nobody", { status: 200, body: '{"errors":[{"type":"RATE_LIMITED"}]}' }],
  ])("has a bot's comment treated as the token's own, and no person's, if GraphQL %s", async (_, fault) => {
    await forge.control({ seed: { host: "github", author: "mallory", body: marked(KEY, "forged") } })
    await forge.control({ seed: { host: "github", author: "github-actions[bot]", body: marked(KEY, "old") } })
    await forge.fault({ path: "/graphql", ...fault })
    expect(await write()).toEqual({ kind: "updated" })
    expect((await forge.comments()).github.map(({ body }) => body)).toEqual([
      marked(KEY, "forged"),
      marked(KEY, "text"),
    ])
  })

  it("receives the documented headers", async () => {
    await write()
    expect((await headers())[0]).toMatchObject({
      authorization: "Bearer ghs_slipway",
      accept: "application/vnd.github+json",
      "x-github-api-version": "2022-11-28",
      "user-agent": "slipway",
    })
  })

  it.each([
    ["names a time", { "Retry-After": "30" }, "", 30_000],
    [
      "names the reset of the limit",
      { "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1767225625" },
      "",
      25_000,
    ],
  ])("is waited for after a 403 that %s", async (_, given, body, pause) => {
    await forge.fault({ status: 403, headers: given, body })
    expect(await write()).toEqual({ kind: "created" })
    expect(clock.pauses).toEqual([pause])
  })

  it("isn't retried after a secondary limit without a time: a minute is too long", async () => {
    await forge.fault({ status: 403, body: '{"message":"You have exceeded a secondary rate limit."}' })
    expect(await write()).toMatchObject({ kind: "unreachable" })
    expect(clock.pauses).toEqual([])
  })

  it("isn't followed to another host for the next page", async () => {
    const Link = '<http://127.0.0.1:2/github/repos/acme/shop/issues/7/comments?page=2>; rel="next"'
    await forge.fault({ status: 200, body: "[]", headers: { Link } })
    expect(await write()).toEqual({ kind: "unreachable", reason: "GitHub: its next page is on another host" })
  })

  it("isn't read without end", async () => {
    const Link = `<${forge.url}/github/repos/acme/shop/issues/7/comments>; rel="next"`
    await forge.fault({ times: 1000, status: 200, body: "[]", headers: { Link } })
    expect(await write()).toMatchObject({ kind: "unreachable" })
    expect((await forge.log()).requests).toHaveLength(100)
  })

  it("has its message quoted on one line, bounded, with every control character visible", async () => {
    const message = `a\n::error::b\u001b[31m\u202e${"c".repeat(1e6)}`
    await forge.fault({ status: 403, body: JSON.stringify({ message }) })
    const { reason } = (await write()) as { reason: string }
    expect(reason).toContain("(403): a ::error::b\\x1b[31m\\u202ec")
    expect(reason.length).toBeLessThan(400)
  })

  it("has its message on an invalid text quoted", async () => {
    await forge.fault({
      method: "POST",
      status: 422,
      body: '{"message":"Validation Failed","errors":[{"message":"too long"}]}',
    })
    expect(await write()).toEqual({
      kind: "refused",
      reason: "GitHub refuses this (422): Validation Failed, too long",
    })
  })
})

describe("GitLab", () => {
  const write = writer("GitLab")

  it("accepts a project's path as well as its number", async () => {
    const pullRequest = { ...(CASES.GitLab ?? expect.fail()).pullRequest(forge.url), project: "acme/shop" }
    expect(await write({ pullRequest })).toEqual({ kind: "created" })
    const [first] = (await forge.log()).requests
    expect(first?.path).toContain("/projects/acme%2Fshop/")
    expect(first?.headers["private-token"]).toBe("glpat-slipway")
  })

  it("isn't called with a job's token", async () => {
    expect(await write({ token: "glcbt-64_x" })).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("CI_JOB_TOKEN") as string,
    })
    expect((await forge.log()).requests).toEqual([])
  })

  it("has notes of the system, which are ignored", async () => {
    await forge.control({ seed: { host: "gitlab", author: 2001, body: marked(KEY, "old"), system: true } })
    expect(await write()).toEqual({ kind: "created" })
  })

  it("has its message on an invalid text quoted from a field", async () => {
    await forge.fault({ method: "POST", status: 400, body: '{"message":{"note":["can\'t be blank"]}}' })
    expect(await write()).toEqual({
      kind: "refused",
      reason: 'GitLab refuses this (400): {"note":["can\'t be blank"]}',
    })
  })
})

describe("Azure DevOps", () => {
  const write = writer("Azure DevOps")
  const threads = async () => (await forge.comments()).azure
  const seed = (given: Record<string, unknown>) => {
    const author = CASES["Azure DevOps"]?.self
    return forge.control({ seed: { host: "azure", author, body: marked(KEY, "old"), ...given } })
  }

  it("has an active thread with changes, and a closed one without", async () => {
    await write()
    expect((await threads()).map(({ status }) => status)).toEqual(["active"])
    expect(await write({ body: "none", settled: true })).toEqual({ kind: "updated" })
    expect((await threads()).map(({ status }) => status)).toEqual(["closed"])
    expect(await write()).toEqual({ kind: "updated" })
    expect((await threads()).map(({ status }) => status)).toEqual(["active"])
  })

  it("gets a closed thread by a first run without changes", async () => {
    expect(await write({ settled: true })).toEqual({ kind: "created" })
    expect((await threads()).map(({ status }) => status)).toEqual(["closed"])
  })

  it("keeps a status that somebody set, while the text stays the same", async () => {
    await seed({ status: "wontFix", body: marked(KEY, "text") })
    expect(await write()).toEqual({ kind: "unchanged" })
    expect((await threads()).map(({ status }) => status)).toEqual(["wontFix"])
  })

  it("has the status changed first, so that the next run fixes a failure in between", async () => {
    await seed({})
    await forge.fault({ times: 9, method: "PATCH", path: "/comments/", status: 500 })
    expect(await write({ settled: true })).toMatchObject({ kind: "unreachable" })
    await forge.control({ faults: [] })
    expect((await threads()).map(({ status }) => status)).toEqual(["closed"])
    expect((await threads())[0]?.comments[0]?.content).toBe(marked(KEY, "old"))
  })

  it("lists deleted comments, which are ignored", async () => {
    const first = { id: 1, author: { id: CASES["Azure DevOps"]?.self }, content: marked(KEY, "old") }
    const threads = [
      { id: 1, isDeleted: true, comments: [first] },
      { id: 2, comments: [{ ...first, isDeleted: true }] },
    ]
    await forge.fault({ status: 200, body: JSON.stringify({ value: threads }) })
    expect(await write()).toEqual({ kind: "created" })
    expect((await forge.log()).requests.map(({ method }) => method)).toEqual(["GET", "POST"])
  })

  it.each([
    ["on a file", { threadContext: { filePath: "/main.tf" } }],
    ["of the system", { kind: "system" }],
  ])("has threads %s, which are ignored", async (_, given) => {
    await seed(given)
    expect(await write()).toEqual({ kind: "created" })
  })

  it("accepts a personal token, as Basic, and a job's, as Bearer", async () => {
    const personal = `${"pat".repeat(17)}x`
    expect(await write({ token: personal })).toEqual({ kind: "created" })
    expect(await write()).toEqual({ kind: "created" })
    const sent = (await headers()).map(({ authorization }) => authorization?.split(" ")[0])
    expect([...new Set(sent)]).toEqual(["Basic", "Bearer"])
    await forge.fault({ status: 403, echo: true })
    const { reason } = (await write({ token: personal })) as { reason: string }
    expect(reason).toContain("***")
    expect(reason).not.toContain(Buffer.from(`:${personal}`).toString("base64").slice(0, 20))
  })

  it("has its sign-in page reported as an unknown token", async () => {
    await forge.fault({ status: 203, body: "<html>Sign in</html>" })
    expect(await write()).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("doesn't accept the token (203)") as string,
    })
  })
})

it("marker is safe for every key, and differs for each", () => {
  const keys = ["", "-->", "a\nb", "<!--", "\uD800", "k".repeat(1e6), "infra", "infra "]
  const markers = keys.map(marker)
  expect(new Set(markers).size).toBe(keys.length)
  for (const each of markers) expect(each).toMatch(/^<!-- slipway:[0-9a-f]{40} -->$/)
})
