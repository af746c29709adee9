import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text as bodyOf } from "node:stream/consumers"
import { gunzipSync } from "node:zlib"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { annotationsOf } from "../../../../dagger/cli/hosts/findings.js"
import { reportToHost } from "../../../../dagger/cli/hosts/report.js"
import { aliases, keepTokens, tokenRequests } from "../../../../dagger/cli/hosts/tokens.js"
import type { Finding } from "../../../../src/lib/run/finding.js"
import { httpClient } from "../../../../src/lib/http/client.js"
import { sarif } from "../../../../src/lib/report/sarif.js"
import type { Group } from "../../../../src/lib/pipeline/stages.js"
import type { StageReport, Verdict } from "../../../../src/lib/run/verdict.js"

const out = mkdtempSync(join(tmpdir(), "slipway-test-"))
afterAll(() => rmSync(out, { recursive: true, force: true }))

const finding = (more: Partial<Finding>): Finding => ({
  tool: "mypy",
  rule: "return-value",
  level: "error",
  message: "wrong",
  file: "app/a b.py",
  line: 3,
  ...more,
})
const stage = (more: Partial<StageReport>): StageReport => ({
  name: "mypy",
  group: "quality",
  status: "failed",
  milliseconds: 1,
  cached: false,
  reason: "1 error",
  repro: "",
  exitCode: 1,
  findings: [],
  version: "1",
  log: "",
  ...more,
})
const stages = [
  stage({
    name: "bandit",
    status: "passed",
    findings: [finding({ tool: "bandit", rule: "B101", level: "warning" })],
  }),
  stage({ findings: [finding({}), finding({ line: 9 })] }),
  stage({ name: "secrets", group: "security", status: "error", reason: "no image" }),
  stage({ name: "drift", group: "drift", status: "passed" }),
]
const verdict: Verdict = {
  schema: 1,
  status: "failed",
  exitCode: 1,
  milliseconds: 1,
  stages,
  problem: null,
  run: { id: "1", event: "push", ref: "refs/heads/x", sha: "a".repeat(40), startedAt: "" },
}

interface Asked {
  path: string
  headers: IncomingMessage["headers"]
  body: string
}
let asked: Asked[] = []
let answer = { status: 202, body: "{}" }
const server = createServer((request, response) => {
  void bodyOf(request).then((body) => {
    asked.push({ path: request.url ?? "", headers: request.headers, body })
    response.writeHead(answer.status).end(answer.body)
  })
})
let url = ""

beforeAll(async () => {
  for (const folder of ["sarif", "gitlab"]) mkdirSync(join(out, folder))
  for (const report of stages) writeFileSync(join(out, `sarif/${report.name}.sarif`), sarif(report, "1"))
  writeFileSync(join(out, "summary.md"), "## Slipway\n")
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => void server.close())
afterEach(() => {
  asked = []
  answer = { status: 202, body: "{}" }
})

describe("annotationsOf", () => {
  it("returns the errors that stopped the run first, with file and line, and stages without a location", () => {
    const all = annotationsOf(out, verdict)
    expect(all.map(({ level, title, message, file, line }) => [level, title, message, file, line])).toEqual([
      ["error", "mypy return-value", "wrong", "app/a b.py", 3],
      ["error", "mypy return-value", "wrong", "app/a b.py", 9],
      ["error", "secrets: error", "no image", undefined, undefined],
      ["warning", "bandit B101", "wrong", "app/a b.py", 3],
    ])
    expect(new Set(all.map(({ fingerprint }) => fingerprint)).size).toBe(4)
  })
})

describe("reportToHost", () => {
  const github = () => ({
    GITHUB_TOKEN: "t0ken",
    GITHUB_REPOSITORY: "o/r",
    GITHUB_API_URL: url,
    GITHUB_SHA: "a".repeat(40),
    GITHUB_REF: "refs/heads/x",
    GITHUB_STEP_SUMMARY: join(out, "page.md"),
  })

  it("appends to GitHub's summary, and uploads the findings of each completed tool separately", async () => {
    writeFileSync(join(out, "page.md"), "before\n")
    const { commands } = await reportToHost("github", out, verdict, github())
    expect(commands.map((line) => line.split(" ")[0])).toEqual(["::error", "::error", "::error", "::warning"])
    expect(readFileSync(join(out, "page.md"), "utf8")).toBe("before\n## Slipway\n")
    expect(asked.map(({ path, headers }) => [path, headers.authorization])).toEqual(
      Array(2).fill(["/repos/o/r/code-scanning/sarifs", "Bearer t0ken"]),
    )
    const uploads = asked.map(
      ({ body }) => JSON.parse(body) as { sarif: string; commit_sha: string; ref: string },
    )
    expect(uploads[0]).toMatchObject({ commit_sha: "a".repeat(40), ref: "refs/heads/x" })
    const categories = uploads.map(
      (upload) =>
        /"id": ?"(slipway\/\w+\/)"/.exec(gunzipSync(Buffer.from(upload.sarif, "base64")).toString())?.[1],
    )
    expect(categories.sort()).toEqual(["slipway/bandit/", "slipway/mypy/"])
  })

  it("reports a refusal by GitHub once, and doesn't fail", async () => {
    answer = { status: 403, body: '{"message":"Advanced Security must be enabled"}' }
    const { messages } = await reportToHost("github", out, verdict, github())
    expect(messages).toEqual([
      "code scanning: GitHub doesn't let the token do this (403): Advanced Security must be enabled; the token needs the permission `security-events: write`, and the repository code scanning",
    ])
  })

  it("uploads nothing for a fork, which lacks the permission, and reports that", async () => {
    const event = join(out, "event.json")
    writeFileSync(event, '{"pull_request":{"head":{"repo":{"full_name":"someone/r"}}}}')
    const { messages } = await reportToHost("github", out, verdict, { ...github(), GITHUB_EVENT_PATH: event })
    expect(asked).toEqual([])
    expect(messages.at(-1)).toMatch(/^code scanning: a pull request from a fork/)
  })

  it("writes GitLab's reports: code quality by location, and links", async () => {
    expect(
      await reportToHost("gitlab", out, verdict, { CI_JOB_URL: "https://gitlab.example.com/j/1" }),
    ).toEqual({ commands: [], messages: [] })
    const read = (name: string) => JSON.parse(readFileSync(join(out, "gitlab", name), "utf8")) as unknown
    const quality = read("code-quality.json") as { fingerprint: string; location: object; severity: string }[]
    expect(quality.map(({ location, severity }) => [location, severity])).toEqual([
      [{ path: "app/a b.py", lines: { begin: 3 } }, "major"],
      [{ path: "app/a b.py", lines: { begin: 9 } }, "major"],
      [{ path: "app/a b.py", lines: { begin: 3 } }, "minor"],
    ])
    expect(new Set(quality.map(({ fingerprint }) => fingerprint)).size).toBe(3)
    expect(JSON.stringify(read("annotations.json"))).toContain(
      "https://gitlab.example.com/j/1/artifacts/file/out/report.html",
    )
  })

  it("passes the summary to Azure", async () => {
    const { commands } = await reportToHost("azure", out, verdict, {})
    expect(commands.at(-1)).toBe(`##vso[task.uploadsummary]${join(out, "summary.md")}`)
  })
})

describe("tokens", () => {
  const github = () => ({
    ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/token?api-version=2`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: "r3quest",
    AZURE_CLIENT_ID: "client",
  })

  it("are requested by audience, masked, stored in files and deleted at the end", async () => {
    answer = { status: 200, body: '{"value":"t0ken"}' }
    const masked: string[] = []
    const { addresses, end } = await keepTokens(
      tokenRequests("github", github(), ["release", "deploy"]),
      (token) => masked.push(token),
    )
    expect(masked).toEqual(["t0ken", "t0ken"])
    expect(asked.map(({ path, headers }) => [path, headers.authorization]).sort()).toEqual([
      ["/token?api-version=2&audience=api%3A%2F%2FAzureADTokenExchange", "Bearer r3quest"],
      ["/token?api-version=2&audience=sigstore", "Bearer r3quest"],
    ])
    expect(Object.keys(addresses)).toEqual(["AZURE_OIDC_TOKEN", "SIGSTORE_ID_TOKEN"])
    const file = (addresses["SIGSTORE_ID_TOKEN"] ?? "").replace("file://", "")
    expect(readFileSync(file, "utf8")).toBe("t0ken")
    end()
    expect(() => readFileSync(file)).toThrow("ENOENT")
  })

  it("that a host refuses are omitted", async () => {
    answer = { status: 401, body: "{}" }
    const kept = await keepTokens(
      tokenRequests("github", github(), ["release", "deploy"]),
      () => undefined,
      () => httpClient({ tries: 1 }),
    )
    expect(kept.addresses).toEqual({})
    kept.end()
  })

  it("are requested only if needed", () => {
    const names = (env: Record<string, string>, groups: Group[] = ["release", "deploy"]) =>
      tokenRequests("github", { ...github(), ...env }, groups).map(({ name }) => name)
    expect(names({ COSIGN_PRIVATE_KEY: "k" })).toEqual(["AZURE_OIDC_TOKEN"])
    expect(names({ AZURE_CLIENT_SECRET: "s" })).toEqual(["SIGSTORE_ID_TOKEN"])
    expect(names({ AZURE_CLIENT_ID: "" })).toEqual(["SIGSTORE_ID_TOKEN"])
    expect(names({ ACTIONS_ID_TOKEN_REQUEST_URL: "" })).toEqual([])
    expect(names({}, ["quality", "image"])).toEqual([])
    expect(names({}, ["plan"])).toEqual(["AZURE_OIDC_TOKEN"])
    // A registry of Azure takes it too.
    expect(names({}, ["release"])).toEqual(["AZURE_OIDC_TOKEN", "SIGSTORE_ID_TOKEN"])
    expect(names({}, ["notify"])).toEqual(["AZURE_OIDC_TOKEN"])
    expect(tokenRequests("gitlab", github(), ["release"])).toEqual([])
  })

  it("of Azure Pipelines come from the service connection", () => {
    const env = {
      SYSTEM_OIDCREQUESTURI: "https://dev.example.com/oidc",
      SYSTEM_ACCESSTOKEN: "job",
      AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: "c-1",
    }
    const [request] = tokenRequests("azure", env, ["drift"])
    expect(request?.request).toMatchObject({
      method: "POST",
      url: "https://dev.example.com/oidc?api-version=7.1&serviceConnectionId=c-1",
    })
  })

  it("have aliases on Azure and CircleCI, over which our own variables take precedence", () => {
    const azure = { servicePrincipalId: "sp", tenantId: "t", idToken: "i", AZURE_TENANT_ID: "own" }
    expect(aliases("azure", azure)).toEqual({ AZURE_CLIENT_ID: "sp", AZURE_OIDC_TOKEN: "i" })
    expect(aliases("circleci", { CIRCLE_OIDC_TOKEN_V2: "o" })).toEqual({})
    expect(aliases("circleci", { CIRCLE_OIDC_TOKEN_V2: "o", AZURE_CLIENT_ID: "c" })).toEqual({
      AZURE_OIDC_TOKEN: "o",
    })
  })
})
