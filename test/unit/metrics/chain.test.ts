import { describe, expect, it, test } from "vitest"
import { type LedgerEntry, ledgerLine, type LedgerRecord, nextEntry } from "../../../src/lib/run/ledger.js"
import { without } from "../../../src/lib/text/json.js"
import { verifyChain } from "../../../src/lib/metrics/chain.js"
import { deployed, ledger } from "./ledgers.js"

type Four = [LedgerEntry, LedgerEntry, LedgerEntry, LedgerEntry]

const four = ledger(
  ...["1", "2", "3", "4"].map((day) => deployed(day, `2026-03-0${day}T12:00:00`, `2026-03-0${day}T12:05:00`)),
) as Four

const text = (entries: readonly unknown[]): string =>
  entries.map((entry) => `${JSON.stringify(entry)}\n`).join("")
const recordOf = (entry: LedgerEntry): LedgerRecord => without(entry, "schema", "previous", "hash")
const kinds = (entries: readonly unknown[], notes?: readonly unknown[]) =>
  verifyChain(text(entries), notes && text(notes)).faults.map(({ entry, kind }) => [entry, kind])

describe("verifyChain of an intact ledger", () => {
  it("finds no faults and the head", () => {
    const { faults, entries, head, noted } = verifyChain(text(four))
    expect({ faults, head, noted }).toEqual({ faults: [], head: four[3].hash, noted: null })
    expect(entries).toEqual(four)
    expect(verifyChain("")).toEqual({ entries: [], faults: [], head: "", noted: null })
  })

  it("ignores other ledgers' entries in the same notes", () => {
    const other = nextEntry([], {
      ...deployed("9", "2026-03-09T12:00:00", "2026-03-09T12:05:00"),
      subject: "other",
    })
    const { faults, noted } = verifyChain(text(four), text([four[1], other, four[0]]))
    expect([faults, noted]).toEqual([[], 2])
  })
})

describe("verifyChain of a changed entry", () => {
  const fields = Object.keys(four[1]).filter((key) => !["hash", "previous", "facts"].includes(key))

  test.each(fields)("finds a change of %s", (key) => {
    const value = key === "schema" ? 2 : key.endsWith("At") ? "2026-03-02T12:00:01Z" : "x"
    const changed = { ...four[1], [key]: value }
    const [fault, ...others] = verifyChain(text([four[0], changed, four[2], four[3]])).faults
    expect(others).toEqual([])
    expect(fault).toMatchObject({ entry: 2, kind: "changed", hash: four[1].hash })
    expect(fault?.message).toMatch(/^entry 2 \(.*2, run .*\) was changed after it was written$/)
  })

  test.each([
    ["a fact", { facts: { ...four[1].facts, version: "x" } }, [[2, "changed"]]],
    ["one more fact", { facts: { ...four[1].facts, more: "x" } }, [[2, "changed"]]],
    ["no facts", { facts: {} }, [[2, "changed"]]],
    ["one more key", { more: "x" }, [[2, "changed"]]],
    [
      "its hash",
      { hash: "0".repeat(64) },
      [
        [2, "changed"],
        [3, "gap"],
      ],
    ],
    [
      "the hash before it",
      { previous: "0".repeat(63) + "1" },
      [
        [2, "gap"],
        [2, "changed"],
      ],
    ],
    ["the type of a key", { run: 7 }, [[2, "unreadable"]]],
    ["the type of a fact", { facts: { version: 1 } }, [[2, "unreadable"]]],
    ["facts that are none", { facts: null }, [[2, "unreadable"]]],
    ["a time that is none", { finishedAt: "soon" }, [[2, "unreadable"]]],
  ])("is found in %s", (_, change, expected) => {
    expect(kinds([four[0], { ...four[1], ...change }, four[2], four[3]])).toEqual(expected)
  })

  it("finds a recomputed hash by the entry that follows", () => {
    const [recomputed] = ledger({ ...recordOf(four[0]), run: "forged" })
    const { faults } = verifyChain(text([recomputed, ...four.slice(1)]))
    expect(faults.map(({ entry, kind }) => [entry, kind])).toEqual([[2, "gap"]])
    expect(faults[0]?.message).toBe(
      `an entry is missing between entries 1 and 2: entry 2 (deploy 2, run run-2, 2026-03-02T12:05:00Z) follows ${four[0].hash.slice(0, 12)}, which was removed or changed`,
    )
  })

  it("finds a recomputed chain by the git notes", () => {
    const [first, second, ...others] = four.map(recordOf) as [LedgerRecord, LedgerRecord]
    const recomputed = ledger(first, { ...second, status: "failed" }, ...others)
    expect(kinds(recomputed)).toEqual([])
    expect(kinds(recomputed, four)).toEqual([2, 3, 4].map(() => [null, "removed"]))
  })
})

describe("verifyChain of an entry that was", () => {
  const [a, b, c, d] = four
  test.each<[what: string, entries: LedgerEntry[], expected: unknown[]]>([
    ["removed", [a, c, d], [[2, "gap"]]],
    ["removed at the start", [b, c, d], [[1, "gap"]]],
    ["removed with the next", [a, d], [[2, "gap"]]],
    [
      "swapped with the next",
      [a, c, b, d],
      [
        [2, "moved"],
        [3, "moved"],
        [4, "moved"],
      ],
    ],
    [
      "put at the start",
      [b, a, c, d],
      [
        [1, "moved"],
        [2, "moved"],
        [3, "moved"],
      ],
    ],
    ["repeated", [a, b, b, c, d], [[3, "repeated"]]],
    ["repeated at the end", [a, b, c, d, a], [[5, "repeated"]]],
  ])("%s is found", (_, entries, expected) => {
    expect(kinds(entries)).toEqual(expected)
  })

  it("truncated from the end finds it by the git notes", () => {
    expect(kinds([a, b, c])).toEqual([])
    const { faults, noted } = verifyChain(text([a, b, c]), text([b, d]))
    expect(noted).toBe(1)
    expect(faults).toEqual([
      {
        entry: null,
        kind: "removed",
        hash: d.hash,
        message:
          "an entry in git notes is not in the ledger (deploy 4, run run-4, 2026-03-04T12:05:00Z): it was removed or changed",
      },
    ])
  })

  it("removed with all others finds it by the git notes of the given service", () => {
    const { environment, subject } = a
    expect(verifyChain("", text(four)).faults).toEqual([])
    expect(verifyChain("", text(four), { environment, subject }).faults).toHaveLength(4)
  })

  it("forged in the git notes ignores it", () => {
    expect(kinds(four, [{ ...d, run: "forged" }])).toEqual([])
  })
})

test.each(["null", "[]", "7", "{}", '{"hash":"x"}', ledgerLine(four[1]).slice(0, 50)])(
  "verifyChain reports the invalid line %s and parses the lines around it",
  (line) => {
    const { faults, entries } = verifyChain(`${text([four[0]])}${line}\n${text(four.slice(2))}`)
    expect(faults.map(({ entry, kind }) => [entry, kind])).toEqual([[2, "unreadable"]])
    expect(entries).toEqual([four[0], four[2], four[3]])
  },
)
