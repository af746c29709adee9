import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeEach, describe, expect, it, test, vi } from "vitest"
import { clockFinding } from "../../../dagger/cli/doctor/clock.js"
import { clusterFindings } from "../../../dagger/cli/doctor/cluster.js"
import {
  doctorExitCode,
  type DoctorFinding,
  findingsJson,
  findingsText,
} from "../../../dagger/cli/doctor/finding.js"
import { versionsFinding } from "../../../dagger/cli/doctor/machine.js"
import { registryFindings } from "../../../dagger/cli/doctor/registry.js"
import { secretFindings } from "../../../dagger/cli/doctor/secrets.js"
import { serviceFindings } from "../../../dagger/cli/doctor/service.js"
import { sizesBelow, uploadFinding } from "../../../dagger/cli/doctor/upload.js"
import { DAGGER_VERSION } from "../../../dagger/kit/engine/binaries.js"
import { ExitCode } from "../../../src/lib/errors/catalogue.js"

const scratch = mkdtempSync(join(tmpdir(), "slipway-test-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const DELIVERY = ["SLACK_WEBHOOK", "TEAMS_WEBHOOK", "NOTIFY_WEBHOOK", "NOTIFY_WEBHOOK_SECRET"].concat(
  "LOAD_AUTHORIZATION",
  "DAST_AUTH_HEADER",
)

const by = (findings: readonly DoctorFinding[], name: string): DoctorFinding => {
  const found = findings.find((each) => each.name === name)
  if (found === undefined) throw new Error(`no ${name}: ${findingsText(findings)}`)
  return found
}

it("findingsText prints remedies below problems, and doctorExitCode is that of a run", () => {
  const findings: DoctorFinding[] = [
    { name: "node", status: "ok", value: "20", exitCode: 0 },
    { name: "signer", status: "failed", value: "none", remedy: "set one", exitCode: 4 },
    { name: "clock", status: "failed", value: "600 s", remedy: "set it", exitCode: 3 },
  ]
  expect(findingsText(findings)).toBe(
    "✓ node    20\n✗ signer  none\n  → set one\n✗ clock   600 s\n  → set it\n",
  )
  expect(doctorExitCode(findings)).toBe(ExitCode.badInput)
  expect(doctorExitCode(findings.slice(2))).toBe(ExitCode.infrastructure)
  expect(doctorExitCode(findings.slice(0, 1))).toBe(ExitCode.passed)
  expect(JSON.parse(findingsJson(findings))).toEqual({ status: "failed", exitCode: 4, findings })
})

test.each([
  [DAGGER_VERSION, DAGGER_VERSION, "ok"],
  [DAGGER_VERSION, "v99.0.0", "warning"],
  ["v99.0.0", DAGGER_VERSION, "failed"],
  [DAGGER_VERSION, "v0.20.0", "failed"],
  ["none", DAGGER_VERSION, "failed"],
])("versionsFinding of a CLI of %s and an engine of %s: %s", (command, server, status) => {
  expect(versionsFinding(command, server).status).toBe(status)
})

test.each([
  [0, "ok"],
  [29, "ok"],
  [-31, "warning"],
  [299, "warning"],
  [301, "failed"],
  [-86_400, "failed"],
])("clockFinding of a clock that is %i s ahead: %s", (seconds, status) => {
  const now = Date.parse("2026-03-01T12:00:00Z")
  const found = clockFinding("e.com", new Date(now - seconds * 1000).toUTCString(), now)
  expect(found.status).toBe(status)
  if (status !== "ok") expect(found.value).toContain(seconds < 0 ? "behind e.com" : "ahead of e.com")
  expect(clockFinding("e.com", "", now).status).toBe("warning")
})

describe("uploadFinding", () => {
  it("counts only uploaded files, and names the largest folders", () => {
    const folder = mkdtempSync(join(scratch, "u-"))
    const put = (path: string, bytes: number) => {
      mkdirSync(join(folder, path, ".."), { recursive: true })
      writeFileSync(join(folder, path), Buffer.alloc(bytes))
    }
    put("src/a.py", 1000)
    put(".git/objects/x", 9_000_000)
    put("app/.venv/lib/x", 9_000_000)
    put("deep/node_modules/x", 9_000_000)
    put(".mypy_cache/x", 9_000_000)
    put("out/report.html", 9_000_000)
    expect(sizesBelow(folder).get("")).toEqual({ path: "", bytes: 1000, files: 1 })
    expect(uploadFinding(folder)).toMatchObject({
      status: "ok",
      value: "0.0 MB in 1 files are uploaded the first time",
    })
    put("data/models/weights.bin", 90_000_000)
    put("data/samples/a.wav", 30_000_000)
    const found = uploadFinding(folder)
    expect(found).toMatchObject({ status: "warning", exitCode: 0 })
    expect(found.value).toBe(
      "120 MB in 3 files are uploaded the first time; the largest: data/models (90 MB), data/samples (30 MB)",
    )
  })
})

describe("the secrets for an event", () => {
  const need = {
    groups: ["release", "deploy"] as const,
    environment: "production" as const,
    embedded: false,
    aks: false,
  }
  const names = (findings: DoctorFinding[], status: DoctorFinding["status"]) =>
    findings.filter((each) => each.status === status).map(({ name }) => name)

  it("are reported if missing, with the variable to set", () => {
    const found = secretFindings(need, {})
    expect(names(found, "failed")).toEqual(["signer", "cluster"])
    expect(by(found, "cluster").remedy).toBe("set PRODUCTION_KUBECONFIG")
    expect(doctorExitCode(found)).toBe(ExitCode.badInput)
    expect(by(secretFindings({ ...need, aks: true }, {}), "cluster").remedy).toContain("AZURE_CREDENTIALS")
  })

  it("are accepted if set, and never shown", () => {
    const env = { COSIGN_PRIVATE_KEY: "s3cret", KUBECONFIG: "s3cret", PRODUCTION_DATABASE_URL: "s3cret" }
    const found = secretFindings(need, env)
    expect(names(found, "ok")).toEqual(["signer", "cluster", "database"])
    expect(findingsJson(found)).not.toContain("s3cret")
    expect(names(secretFindings(need, { ...env, SIGSTORE_ID_TOKEN: "x" }), "failed")).toEqual(["signer"])
    expect(
      names(secretFindings({ ...need, aks: true }, { ...env, KUBECONFIG: "", AZURE_CREDENTIALS: "x" }), "ok"),
    ).toContain("cluster")
  })

  it("aren't needed for checks, and for the embedded registry and cluster", () => {
    expect(secretFindings({ ...need, groups: ["quality", "tests"] }, {})).toEqual([])
    expect(secretFindings({ ...need, embedded: true }, {})).toEqual([])
  })

  it("are recommended if infrastructure is planned", () => {
    const pull = { GITHUB_REF: "refs/pull/7/merge", GITHUB_REPOSITORY: "a/b" }
    const found = secretFindings({ ...need, groups: ["plan"] }, pull)
    expect(names(found, "warning")).toEqual(["terraform", "plan key", "comment"])
    const set = { ...pull, GITHUB_TOKEN: "x", SLIPWAY_PLAN_KEY: "x", TF_VAR_a: "x" }
    expect(names(secretFindings({ ...need, groups: ["plan"] }, set), "ok")).toEqual(["terraform", "plan key"])
  })
})

describe("registryFindings", () => {
  const servers: Server[] = []
  afterEach(() => {
    for (const server of servers.splice(0)) server.close()
    vi.unstubAllEnvs()
  })

  /** A registry that issues tokens, and answers an authorized upload with the status `may`. */
  async function registry(
    may: number,
    more: (request: IncomingMessage, response: ServerResponse) => boolean = () => false,
  ) {
    const seen: string[] = []
    const server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? "", "http://x")
      seen.push(`${request.method} ${pathname}`)
      if (more(request, response)) return
      const own = `http://${request.headers.host ?? ""}`
      if (pathname === "/token") {
        const right = request.headers.authorization === `Basic ${Buffer.from("me:pass").toString("base64")}`
        seen.push(searchParams.get("scope") ?? "")
        response.writeHead(right ? 200 : 401).end(JSON.stringify({ token: "t0ken" }))
      } else if (request.headers.authorization !== "Bearer t0ken")
        response.writeHead(401, { "www-authenticate": `Bearer realm="${own}/token",service="reg"` }).end()
      else response.writeHead(may, { location: `${pathname}1?state=x` }).end()
    })
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
    const ask = (password: string | undefined = "pass") =>
      registryFindings({
        host,
        repository: "team/service",
        username: "me",
        password,
        plainHttp: true,
        publishes: true,
      })
    return { ask, seen }
  }

  it("passes if the user may push: starts an upload and cancels it", async () => {
    const { ask, seen } = await registry(202)
    const found = await ask()
    expect(found.map(({ name, status }) => `${name} ${status}`)).toEqual([
      "registry ok",
      "clock ok",
      "push ok",
    ])
    expect(by(found, "push").value).toBe("me may push to team/service")
    expect(seen).toEqual([
      "GET /v2/",
      "GET /token",
      "repository:team/service:pull,push",
      "POST /v2/team/service/blobs/uploads/",
      "DELETE /v2/team/service/blobs/uploads/1",
    ])
  })

  test.each([
    [403, "failed", "may not push", 4],
    [404, "failed", "has no repository team/service", 4],
    [500, "warning", "answers 500", 0],
  ])("reports an upload that is answered with %i", async (status, verdict, says, exitCode) => {
    const { ask } = await registry(status)
    const push = by(await ask(), "push")
    expect(push).toMatchObject({ status: verdict, exitCode })
    expect(push.value).toContain(says)
  })

  it("reports a wrong or a missing password, and never shows it", async () => {
    const { ask } = await registry(202)
    const wrong = await ask("wr0ng")
    expect(by(wrong, "push")).toMatchObject({ status: "failed", exitCode: 4 })
    expect(findingsJson(wrong)).not.toContain("wr0ng")
    expect(findingsJson(await ask())).not.toMatch(/pass"|t0ken/)
    expect(by(await registryFindings({ ...(await unsaid()), password: undefined }), "push").value).toContain(
      "wants a user",
    )
  })

  const unsaid = async () => {
    await registry(202)
    const { port } = servers.at(-1)?.address() as AddressInfo
    return {
      host: `127.0.0.1:${port}`,
      repository: "a",
      username: "",
      password: "",
      plainHttp: true,
      publishes: true,
    }
  }

  it("sends no password to an unsafe token server", async () => {
    const { seen, ask } = await registry(202, (request, response) => {
      if (request.url !== "/v2/") return false
      response.writeHead(401, { "www-authenticate": 'Bearer realm="file:///etc/passwd"' }).end()
      return true
    })
    expect(by(await ask(), "push").status).toBe("failed")
    expect(seen).not.toContain("GET /token")
  })

  it("reports a host that can't be reached, or isn't a registry", async () => {
    const gone = {
      host: "127.0.0.1:1",
      repository: "a",
      username: "",
      password: undefined,
      plainHttp: true,
      publishes: true,
    }
    expect(await registryFindings(gone)).toEqual([
      expect.objectContaining({ name: "registry", status: "failed", exitCode: 3 }),
    ])
    const { ask } = await registry(202, (_, response) => {
      response.writeHead(418).end("I'm a teapot")
      return true
    })
    expect(by(await ask(), "push").value).toContain("answers 418")
  })
})

describe("a service", () => {
  beforeEach(() => {
    for (const name of [
      "REGISTRY_USERNAME",
      "COSIGN_PRIVATE_KEY",
      "SIGSTORE_ID_TOKEN",
      "KUBECONFIG",
      ...DELIVERY,
    ])
      vi.stubEnv(name, undefined)
  })
  afterEach(() => vi.unstubAllEnvs())
  const folder = (settings: string): string => {
    const made = mkdtempSync(join(scratch, "s-"))
    writeFileSync(join(made, "slipway.yaml"), settings)
    return made
  }

  it("fails with invalid settings", async () => {
    const found = await serviceFindings({ source: folder("qualty: {}\n") })
    expect(by(found, "slipway.yaml")).toMatchObject({ status: "failed", exitCode: 4 })
    expect(by(found, "slipway.yaml").value).toContain("qualty")
  })

  it("has one warning for settings under old names", async () => {
    const found = await serviceFindings({
      source: folder("deploy: { slow: 1s }\nimage: { unfixed: named }\n"),
    })
    expect(by(found, "slipway.yaml")).toMatchObject({
      status: "warning",
      value:
        'slipway.yaml:1:11: deploy.slow: renamed; write "latencyP95"; ' +
        'slipway.yaml:2:19: image.unfixed: "named" was renamed; write report',
    })
  })

  it("is checked for the needs of the event", async () => {
    const source = folder("release: { registry: '127.0.0.1:1' }\n")
    expect((await serviceFindings({ source })).map(({ name }) => name)).toEqual([
      "upload",
      "event",
      "registry",
    ])
    writeFileSync(join(source, "slipway.yaml"), "dast: { header: X }\nrelease: { registry: '127.0.0.1:1' }\n")
    const found = await serviceFindings({ source, event: "push", ref: "develop" })
    expect(found.map(({ name }) => name)).toEqual([
      "upload",
      "event",
      "commit",
      "signer",
      "cluster",
      "database",
      "scan",
      "registry",
      "contracts",
    ])
    expect(by(found, "event").value).toContain("a push to develop: quality")
    const previews = 'deploy: { preview: { namespace: "api-pr-{number}" } }'
    writeFileSync(join(source, "slipway.yaml"), `release: { registry: '127.0.0.1:1' }\n${previews}\n`)
    const request = { source, event: "pull_request", ref: "refs/pull/7/merge", baseRef: "main", fork: false }
    const needed = await serviceFindings(request)
    expect(by(needed, "event").value).toMatch(/release, deploy$/)
    // Its image isn't signed.
    expect(needed.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["cluster", "database", "registry"]),
    )
    expect(needed.map(({ name }) => name)).not.toContain("signer")
    expect(await serviceFindings({ source: "https://e.com/a.git", event: "push" })).toHaveLength(1)
  })

  it("fails if its cluster can't be reached, or its kubeconfig is invalid", async () => {
    const config = (server: string) =>
      JSON.stringify({
        "current-context": "a",
        contexts: [{ name: "a", context: { cluster: "a", user: "a" } }],
        clusters: [{ name: "a", cluster: { server } }],
        users: [{ name: "a", user: { token: "t0ken" } }],
      })
    const gone = await clusterFindings("staging", {
      STAGING_KUBECONFIG: `${config("https://127.0.0.1:1")}\n`,
    })
    expect(gone).toEqual([expect.objectContaining({ name: "kubernetes", status: "failed", exitCode: 3 })])
    expect(findingsJson(gone)).not.toContain("t0ken")
    expect(await clusterFindings("staging", { KUBECONFIG: "nothing\n" })).toEqual([
      expect.objectContaining({
        status: "failed",
        exitCode: 4,
        remedy: expect.stringContaining("[KUBECONFIG]") as string,
      }),
    ])
    expect(await clusterFindings("production", { STAGING_KUBECONFIG: "x" })).toEqual([])
  })
})
