import { describe, expect, it, test } from "vitest"
import { ledgerLine } from "../../../src/lib/run/ledger.js"
import {
  type Approval,
  approvalOf,
  parseSignedCommits,
  type SignedCommit,
} from "../../../src/lib/metrics/approval.js"
import { auditOf, type Evidence } from "../../../src/lib/metrics/audit.js"
import { ledgerText } from "../../../src/lib/metrics/ledgerText.js"
import { auditMarkdown, auditText } from "../../../src/lib/metrics/auditText.js"
import { verifyChain } from "../../../src/lib/metrics/chain.js"
import { deployed, digest, ledger, sha } from "./ledgers.js"

const signed = (more: Partial<SignedCommit> = {}): SignedCommit => ({
  sha: sha("a"),
  signature: "G",
  signer: "ann@x",
  author: "Ann <ann@x>",
  reviewers: ["Bob <bob@x>"],
  ...more,
})
const review = (...approvedBy: string[]) => ({ number: 7, url: "", author: "ann", approvedBy })

describe("approvalOf", () => {
  test.each<[what: string, approval: Approval, state: string, text: RegExp]>([
    ["by a pull request", approvalOf(undefined, review("bob")), "approved", /^bob pull request #7 $/],
    [
      "by signed trailers",
      approvalOf(signed(), undefined),
      "approved",
      /^Bob <bob@x> trailers signed by ann@x $/,
    ],
    ["by trailers without a pull request", approvalOf(signed(), "none"), "approved", /^Bob/],
    [
      "by the author alone",
      approvalOf(signed({ reviewers: ["A <ANN@x>"] }), review("ann")),
      "missing",
      /no approval from anyone but its author/,
    ],
    [
      "by trailers of the author",
      approvalOf(signed({ reviewers: ["Ann <ann@x>"] }), undefined),
      "missing",
      /no Reviewed-by trailer from anyone but its author/,
    ],
    [
      "by trailers without a signature",
      approvalOf(signed({ signature: "N" }), undefined),
      "missing",
      /\(Bob <bob@x>\) isn't signed by a known key/,
    ],
    [
      "by trailers signed with an unknown key",
      approvalOf(signed({ signature: "U" }), undefined),
      "missing",
      /isn't signed by a known key/,
    ],
    [
      "without pull request and trailers",
      approvalOf(signed({ reviewers: [] }), "none"),
      "missing",
      /^ {2}not part of a pull request; the commit has no Reviewed-by trailer/,
    ],
    [
      "of an unknown commit",
      approvalOf(undefined, undefined, "GitHub is away"),
      "unknown",
      /GitHub is away; the commit is unknown/,
    ],
    [
      "without an answer",
      approvalOf(signed({ reviewers: [] }), undefined, "GitHub is away"),
      "unknown",
      /GitHub is away/,
    ],
  ])("judges an approval %s", (_, { state, by, source, reason }, expected, text) => {
    expect(state).toBe(expected)
    expect(`${by.join()} ${source} ${reason}`).toMatch(text)
  })
})

describe("parseSignedCommits", () => {
  it("parses the output of git log", () => {
    const text = `${sha("a")}\nG\nann@x\nAnn <ann@x>\nBob <bob@x>\x1fCid <cid@x>\n${sha("b")}\nN\n\nBob <bob@x>\n\n`
    expect([...parseSignedCommits(text).values()]).toEqual([
      signed({ reviewers: ["Bob <bob@x>", "Cid <cid@x>"] }),
      { sha: sha("b"), signature: "N", signer: "", author: "Bob <bob@x>", reviewers: [] },
    ])
  })
})

const entries = ledger(
  deployed("a", "2026-03-01T12:00:00", "2026-03-01T12:10:00", { facts: { actor: "ann <script>" } }),
  deployed("b", "2026-03-02T12:00:00", "2026-03-02T12:10:00"),
  deployed("a", "2026-03-03T12:00:00", "2026-03-03T12:10:00", {
    kind: "rollback",
    run: "back",
    facts: { previousDigest: digest("b") },
  }),
  deployed("c", "2026-03-04T12:00:00", "2026-03-04T12:10:00", {
    status: "failed",
    facts: { failed: "soak", reason: "a\n::error::| `b`", rolledBackTo: "a" },
  }),
)
const evidence: Evidence = {
  commit: sha("a"),
  approval: approvalOf(undefined, review("bob")),
  release: { state: "verified", reason: "", gates: [{ name: "mypy", status: "passed" }] },
}
const audit = (lines = entries, more: Partial<Evidence> = {}) =>
  auditOf(
    verifyChain(lines.map(ledgerLine).join("")),
    "production",
    new Date("2026-03-05T00:00:00Z"),
    () => ({ ...evidence, ...more }),
  )

describe("auditOf", () => {
  it("lists each deployment with its rollback", () => {
    const { ledger: state, deployments } = audit()
    expect(state).toEqual({ entries: 4, head: entries[3]?.hash, noted: null, intact: true, faults: [] })
    expect(deployments.map(({ takesBack, takenBack }) => [takesBack, takenBack])).toEqual([
      ["", ""],
      ["", "rolled back by run back, 2026-03-03T12:10:00.000Z"],
      ["b", ""],
      ["", "immediately"],
    ])
    expect(deployments[0]).toMatchObject({ actor: "ann <script>", run: "run-a", commit: sha("a") })
  })
})

describe("auditText", () => {
  it("prints faults first, then deployments, newest first", () => {
    expect(auditText(audit()))
      .toBe(`✓ the ledger is intact: 4 entries, no git notes to compare with; head ${entries[3]?.hash.slice(0, 12)}

production, 4 deployments up to 2026-03-05 00:00 UTC, newest first:
2026-03-04 12:10 UTC  deployed c: failed, run run-c
    ✓ approved by bob (pull request #7)
    ✓ signatures verified, 1 of 1 gate passed
      commit aaaaaaaaaaaa, image sha256:cccccccccccc, entry ${entries[3]?.hash.slice(0, 12)}
      a\\n::error::| \`b\`
      reverted: immediately
2026-03-03 12:10 UTC  rolled back to a: succeeded, run back
    ✓ approved by bob (pull request #7)
    ✓ signatures verified, 1 of 1 gate passed
      commit aaaaaaaaaaaa, image sha256:aaaaaaaaaaaa, entry ${entries[2]?.hash.slice(0, 12)}
      reverts b
2026-03-02 12:10 UTC  deployed b: succeeded, run run-b
    ✓ approved by bob (pull request #7)
    ✓ signatures verified, 1 of 1 gate passed
      commit aaaaaaaaaaaa, image sha256:bbbbbbbbbbbb, entry ${entries[1]?.hash.slice(0, 12)}
      reverted: rolled back by run back, 2026-03-03T12:10:00.000Z
2026-03-01 12:10 UTC  deployed a: succeeded, run run-a by ann <script>
    ✓ approved by bob (pull request #7)
    ✓ signatures verified, 1 of 1 gate passed
      commit aaaaaaaaaaaa, image sha256:aaaaaaaaaaaa, entry ${entries[0]?.hash.slice(0, 12)}
`)
    const broken = auditText(
      audit(entries.slice(1), { release: { state: "refused", reason: "no signature", gates: null } }),
    )
    expect(broken).toMatch(
      /^✗ the ledger is not intact \(1 fault\): 3 entries, [^\n]*\n✗ an entry is missing before the first entry: /,
    )
    expect(broken).toContain("✗ signatures refused: no signature")
  })
})

describe("ledgerText", () => {
  it("prints each entry without its evidence, newest first", () => {
    const text = ledgerText(verifyChain(entries.map(ledgerLine).join("")))
    const hashes = entries.map(({ hash }) => hash.slice(0, 12))
    expect(text).toBe(`✓ the ledger is intact: 4 entries, no git notes to compare with; head ${hashes[3]}

2026-03-04 12:10 UTC  deployed c: failed after 10 min
    run run-c, commit cccccccccccc, entry ${hashes[3]}
    a
2026-03-03 12:10 UTC  rolled back to a: succeeded after 10 min
    run back, commit aaaaaaaaaaaa, entry ${hashes[2]}
2026-03-02 12:10 UTC  deployed b: succeeded after 10 min
    run run-b, commit bbbbbbbbbbbb, entry ${hashes[1]}
2026-03-01 12:10 UTC  deployed a: succeeded after 10 min
    run run-a by ann <script>, commit aaaaaaaaaaaa, entry ${hashes[0]}
`)
    expect(ledgerText(verifyChain(""))).toMatch(/^- the ledger is empty\n/)
    expect(ledgerText(verifyChain(entries.slice(1).map(ledgerLine).join("")))).toMatch(
      /^✗ [^\n]*\n✗ an entry is missing/,
    )
  })
})

describe("auditMarkdown", () => {
  it("is a table with all markup escaped", () => {
    const text = auditMarkdown(audit())
    expect(text.match(/^\|/gm)).toHaveLength(6)
    expect(text).not.toMatch(/<script>|^::/m)
    expect(text).toContain("| 2026-03-04 12:10 UTC | deploy <code>c</code> failed |")
  })
})
