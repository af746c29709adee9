import { describe, expect, it, test } from "vitest"
import { goodVersions, rollbackTarget } from "../../../src/lib/deploy/run.js"
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

describe("good versions", () => {
  it("are those that ended well, the newest first, each once", () => {
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

describe("a rollback goes back to", () => {
  test.each([
    ["the last good one that isn't there now", "sha256:v1", "", "v5"],
    ["the last good one where what is there is none", "sha256:v4", "", "v1"],
    ["the last good one where nothing is there", undefined, "", "v1"],
    ["the one that is named", "sha256:v1", "v2", "v2"],
    ["the one that is named without its v", "sha256:v1", "2", "v2"],
    ["the one of a digest", "sha256:v1", "sha256:v2", "v2"],
  ])("%s", (_, digest, wanted, version) => {
    const there = digest === undefined ? facts() : now(digest)
    expect(rollbackTarget(entries, there, wanted).version).toBe(version)
  })

  test.each(["v3", "v4", "infra", "v9", "latest"])(
    "nothing that wasn't deployed with success: %s",
    (wanted) => {
      expect(() => rollbackTarget(entries, now("sha256:v1"), wanted)).toThrow(
        `version "${wanted}" was not deployed here with success\n→ choose one of v1, v5, v2`,
      )
    },
  )

  it("nothing where there is only what runs", () => {
    expect(() => rollbackTarget(chain(of("v1")), now("sha256:v1"), "")).toThrow(
      "there is no earlier version that was deployed with success",
    )
  })
})
