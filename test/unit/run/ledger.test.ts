import { describe, expect, it, test } from "vitest"
import { SlipwayError } from "../../../src/lib/errors/catalogue.js"
import {
  GENESIS,
  type LedgerEntry,
  ledgerFaults,
  ledgerLine,
  type LedgerRecord,
  nextEntry,
  readLedger,
} from "../../../src/lib/run/ledger.js"

const record = (more: Partial<LedgerRecord> = {}): LedgerRecord => ({
  kind: "apply",
  status: "succeeded",
  environment: "staging",
  subject: "infra/azure",
  sha: "0123456789abcdef",
  run: "run-1",
  startedAt: "2026-03-01T12:00:00Z",
  finishedAt: "2026-03-01T12:01:00Z",
  facts: { changes: "2 create", note: "a\nb ::error:: ü 😀", __proto__x: "1" },
  ...more,
})

const ledger = (...records: LedgerRecord[]): LedgerEntry[] =>
  records.reduce<LedgerEntry[]>((before, each) => {
    const entry = nextEntry(before, each)
    return entry === undefined ? before : [...before, entry]
  }, [])

type Three = [LedgerEntry, LedgerEntry, LedgerEntry]

const three = ledger(record(), record({ run: "run-2" }), record({ run: "run-3", status: "failed" })) as Three

describe("a ledger", () => {
  it("is a chain with an entry per line", () => {
    const [first, second] = three
    expect(first).toEqual({
      schema: 1,
      ...record(),
      previous: GENESIS,
      hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    })
    expect(second?.previous).toBe(first?.hash)
    const text = three.map(ledgerLine).join("")
    expect(text.split("\n")).toHaveLength(4)
    expect(readLedger(text)).toEqual(three)
    expect(ledgerFaults(readLedger(text))).toEqual([])
  })

  it("accepts empty lines, and is empty at first", () => {
    expect(readLedger("")).toEqual([])
    expect(readLedger(`\n${three.map(ledgerLine).join("\n \n")}`)).toEqual(three)
  })

  test.each<[what: string, more: Partial<LedgerRecord>, taken: boolean]>([
    ["the same", { status: "failed", facts: {}, sha: "x" }, false],
    ["another run", { run: "run-9" }, true],
    ["another environment", { environment: "production" }, true],
    ["another root", { subject: "infra/local" }, true],
  ])("accepts a record once per run: %s", (_, more, taken) => {
    expect(nextEntry(three, record(more)) !== undefined).toBe(taken)
  })

  test.each<[what: string, change: (entries: Three) => LedgerEntry[], faults: string[]]>([
    ["changed", ([a, b, c]) => [a, { ...b, status: "failed" }, c], ["entry 2 was changed"]],
    [
      "changed in a fact",
      ([a, b, c]) => [a, b, { ...c, facts: { ...c.facts, more: "1" } }],
      ["entry 3 was changed"],
    ],
    ["removed", ([a, , c]) => [a, c], ["entry 2 does not follow the one before it"]],
    ["removed at the start", ([, b, c]) => [b, c], ["entry 1 does not follow the one before it"]],
    [
      "put in another place",
      ([a, b, c]) => [b, a, c],
      [1, 2, 3].map((number) => `entry ${number} does not follow the one before it`),
    ],
    [
      "given another hash",
      ([a, b, c]) => [{ ...a, hash: "x" }, b, c],
      ["entry 1 was changed", "entry 2 does not follow the one before it"],
    ],
  ])("detects an entry that was %s", (_, change, faults) => {
    expect(ledgerFaults(change([...three]))).toEqual(faults)
  })

  it("ignores the order of keys", () => {
    const turned = three.map((entry) => Object.fromEntries(Object.entries(entry).reverse()))
    expect(ledgerFaults(turned as unknown as LedgerEntry[])).toEqual([])
  })

  test.each(["null", "[]", "7", "{}", '{"hash":"x"}', ledgerLine(three[1]).slice(0, 50)])(
    "can't be read with the line %s",
    (line) => {
      const work = () => readLedger(`${ledgerLine(three[0])}${line}\n`)
      expect(work).toThrow(/^invalid ledger entry on line 2: /)
      expect(work).toThrow(SlipwayError)
    },
  )
})
