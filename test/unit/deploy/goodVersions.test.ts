import { describe, expect, it, test } from "vitest"
import { goodVersions, rollbackTarget } from "../../../src/lib/deploy/goodVersions.js"
import { type LedgerEntry, type LedgerRecord, nextEntry } from "../../../src/lib/run/ledger.js"
import { record } from "./entries.js"
import { facts, revision } from "./objects.js"

const chain = (...records: LedgerRecord[]): LedgerEntry[] =>
  records.reduce<LedgerEntry[]>((all, each) => [...all, nextEntry(all, each) as LedgerEntry], [])

const of = (version: string, more: Partial<LedgerRecord> = {}): LedgerRecord =>
  record(`run-${version}-${more.status ?? ""}-${more.kind ?? ""}-${more.sha ?? ""}`, {
    facts: { version, digest: `sha256:${version}`, image: `r.io/web@sha256:${version}` },
    ...more,
  })

const entries = chain(
  of("v1"),
  of("v2"),
  of("v3", { status: "failed" }),
  of("v4", { status: "held" }),
  of("infra", { kind: "apply" }),
  of("v5", { kind: "manual" }),
  of("v1", { kind: "rollback", sha: "again" }),
  record("by-tag", { kind: "manual", facts: { version: "latest" } }),
)

const now = (digest: string) => facts({ revisions: [revision("h", { digest })] })

describe("goodVersions", () => {
  it("returns successful versions, the newest first, each once", () => {
    expect(goodVersions(entries).map(({ version }) => version)).toEqual(["v1", "v5", "v2"])
    expect(goodVersions(entries)[0]).toEqual({
      version: "v1",
      digest: "sha256:v1",
      image: "r.io/web@sha256:v1",
      commit: "again",
    })
    expect(goodVersions([])).toEqual([])
  })
})

describe("rollbackTarget", () => {
  test.each([
    ["the last good one that doesn't run now", "sha256:v1", "", "v5"],
    ["the last good one if the running one isn't good", "sha256:v4", "", "v1"],
    ["the last good one if nothing runs", undefined, "", "v1"],
    ["the named one", "sha256:v1", "v2", "v2"],
    ["the named one without its v", "sha256:v1", "2", "v2"],
    ["the one of a digest", "sha256:v1", "sha256:v2", "v2"],
  ])("finds %s", (_, digest, wanted, version) => {
    const there = digest === undefined ? facts() : now(digest)
    expect(rollbackTarget(entries, there, wanted).version).toBe(version)
  })

  test.each(["v3", "v4", "infra", "v9", "latest"])(
    "refuses a version that wasn't deployed successfully: %s",
    (wanted) => {
      expect(() => rollbackTarget(entries, now("sha256:v1"), wanted)).toThrow(
        `version "${wanted}" was never deployed here successfully\n→ choose one of v1, v5, v2`,
      )
    },
  )

  it("fails if only the running version is good", () => {
    expect(() => rollbackTarget(chain(of("v1")), now("sha256:v1"), "")).toThrow(
      "no earlier version was deployed successfully",
    )
  })
})
