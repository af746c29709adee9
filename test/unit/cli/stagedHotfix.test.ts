import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { reasonOffMain } from "../../../dagger/cli/commands/stagedHotfix.js"
import { nextEntry, ledgerLine, type LedgerRecord } from "../../../src/lib/run/ledger.js"

const root = mkdtempSync(join(tmpdir(), "slipway-staged-"))
const COMMIT = "c".repeat(40)
const TAG = { event: "tag", ref: "refs/tags/v1.2.4" }

/** A cluster's API with the ledger of staging, as far as a list of ConfigMaps needs it. */
let server: Server
let records: Partial<LedgerRecord>[]
let status: number
let asked: string[]
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request.url ?? "")
    const lines = records.reduce<{ text: string; last: ReturnType<typeof nextEntry>[] }>(
      ({ text, last }, record) => {
        const entry = nextEntry(
          last.filter((one) => one !== undefined),
          { ...RECORD, ...record },
        )
        return { text: text + (entry === undefined ? "" : ledgerLine(entry)), last: [...last, entry] }
      },
      { text: "", last: [] },
    )
    const items = [{ metadata: { name: "slipway-ledger-api-0001" }, data: { "entries.jsonl": lines.text } }]
    response.writeHead(status, { "content-type": "application/json" })
    response.end(JSON.stringify({ kind: "ConfigMapList", apiVersion: "v1", metadata: {}, items }))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
})
afterAll(() => {
  server.close()
  rmSync(root, { recursive: true, force: true })
})

const RECORD: LedgerRecord = {
  kind: "deploy",
  status: "succeeded",
  environment: "staging",
  subject: "api",
  sha: COMMIT,
  run: "run-1",
  startedAt: "2026-11-01T10:00:00.000Z",
  finishedAt: "2026-11-01T10:01:00.000Z",
  facts: { image: `registry.example.com/team/shop@sha256:${"1".repeat(64)}`, digest: "sha256:1" },
}

function repository(branch: string): string {
  const folder = mkdtempSync(join(root, "r-"))
  const env = { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" }
  const git = (...args: string[]) => {
    const who = ["-c", "user.name=a", "-c", "user.email=a@localhost", "-C", folder]
    expect(spawnSync("git", [...who, ...args], { env }).status).toBe(0)
  }
  git("init", "--quiet", "--initial-branch=main")
  writeFileSync(join(folder, "slipway.yaml"), "release: { repository: team/shop }\n")
  git("add", ".")
  git("commit", "--quiet", "-m", "one")
  if (branch !== "main") git("checkout", "--quiet", "-b", branch)
  git("commit", "--quiet", "--allow-empty", "-m", "two")
  return folder
}

const kubeconfig = (): string => {
  const { port } = server.address() as AddressInfo
  const cluster = { name: "c", cluster: { server: `http://127.0.0.1:${port}` } }
  const context = { name: "c", context: { cluster: "c", user: "u" } }
  const users = [{ name: "u", user: {} }]
  return `\n${JSON.stringify({ "current-context": "c", clusters: [cluster], contexts: [context], users })}`
}

describe("reasonOffMain", () => {
  const source = repository("hotfix/x")
  const reason = (env: Record<string, string>, more: { offMain?: string; source?: string } = {}) =>
    reasonOffMain({ source, trigger: TAG, commit: COMMIT, ...more }, env)
  const of = (...given: Partial<LedgerRecord>[]) => {
    ;[records, status, asked] = [given, 200, []]
    return { STAGING_KUBECONFIG: kubeconfig() }
  }

  const denied = () => {
    const env = of({})
    status = 403
    return env
  }

  it("names the deployment of a hotfix to staging", async () => {
    const env = of({}, { run: "run-2", finishedAt: "2026-11-02T00:00:00.000Z" })
    expect(await reason(env)).toBe("a hotfix, deployed to staging at 2026-11-02T00:00:00.000Z by run run-2")
    expect(asked.join()).toContain("labelSelector=slipway.dev%2Fledger")
  })

  it.each([
    ["another commit", { sha: "d".repeat(40) }],
    ["a deployment that failed", { status: "failed" as const }],
  ])(
    "refuses a hotfix of which staging's ledger has only %s, unless a reason is given",
    async (_, record) => {
      const env = of(record)
      await expect(reason(env)).rejects.toThrow(
        /hotfix "v1\.2\.4" was never deployed to staging.*--off-main "REASON".*HOTFIX_NOT_STAGED/s,
      )
      expect(await reason(env, { offMain: "staging is down" })).toBe("staging is down")
    },
  )

  it.each([
    ["there is no kubeconfig", () => ({}), /there is no STAGING_KUBECONFIG/],
    ["the kubeconfig is none", () => ({ KUBECONFIG: "none\n" }), /kubeconfig/],
    [
      "the ledger is another service's",
      () => of({ facts: { image: "r/else@sha256:1" } }),
      /has deployments of team\/shop/,
    ],
    ["the ledger is production's", () => of({ environment: "production" }), /has deployments of team\/shop/],
    ["it may not be read", denied, /403|not allowed|may not/],
  ])("says that it can't tell, in ledger and output, where %s", async (_, env, problem) => {
    const said = vi.spyOn(process.stderr, "write").mockReturnValue(true)
    const text = await reason(env())
    expect(text).toMatch(/^a hotfix; whether it was deployed to staging is unknown: /)
    expect(text).toMatch(problem)
    expect(said).toHaveBeenCalledWith(
      expect.stringContaining("can't tell whether v1.2.4 was deployed to staging"),
    )
    said.mockRestore()
  })

  it("asks nobody for a version on main", async () => {
    expect(await reason(of({}), { source: repository("main") })).toBeUndefined()
    expect(asked).toEqual([])
  })
})
