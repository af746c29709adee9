import { describe, expect, it, test } from "vitest"
import { parseConfig } from "../../../src/lib/config/parse.js"
import { deployedTo, promotionGate } from "../../../src/lib/deploy/promotion.js"
import { type LedgerEntry, type LedgerRecord, nextEntry } from "../../../src/lib/run/ledger.js"
import { record } from "./entries.js"

const gateOf = (yaml: string, environment: string) =>
  promotionGate(parseConfig(`deploy: { ${yaml} }\n`).deploy, environment)
const THREE = "environments: [qa, staging, live]"

describe("promotionGate", () => {
  it("asks for nothing where there are the default environments", () => {
    expect(gateOf("", "staging")).toBeUndefined()
    expect(gateOf("", "production")).toBeUndefined()
    expect(gateOf("environments: [dev, live]", "live")).toBeUndefined()
  })

  test.each([
    [THREE, "qa", undefined],
    [THREE, "staging", { before: "qa", policy: "enforce" }],
    [THREE, "live", { before: "staging", policy: "enforce" }],
    [`${THREE}, entry: { version: staging }`, "staging", undefined],
    [`${THREE}, entry: { version: staging }`, "live", { before: "staging", policy: "enforce" }],
    [`${THREE}, entry: { version: live }`, "live", undefined],
    [`${THREE}, promotion: { live: warn }`, "live", { before: "staging", policy: "warn" }],
    [`${THREE}, promotion: { live: ignore }`, "live", undefined],
    ["promotion: { production: enforce }", "production", { before: "staging", policy: "enforce" }],
    ["promotion: { staging: enforce }", "staging", undefined],
  ])("of { %s } for %s", (yaml, environment, gate) => {
    expect(gateOf(yaml, environment)).toEqual(gate)
  })
})

const entryAfter = (before: readonly LedgerEntry[], each: LedgerRecord): LedgerEntry => {
  const entry = nextEntry(before, each)
  if (entry === undefined) throw new Error("the record is there already")
  return entry
}

describe("deployedTo", () => {
  const [ONE, TWO] = [`sha256:${"1".repeat(64)}`, `sha256:${"2".repeat(64)}`]
  const deployed = (digest: string, more: Partial<LedgerRecord> = {}) =>
    record(`run-${digest.slice(7, 8)}`, { environment: "qa", facts: { digest }, ...more })
  const find = (records: readonly LedgerRecord[], digest = ONE) => {
    const entries = records.reduce<LedgerEntry[]>((all, each) => [...all, entryAfter(all, each)], [])
    return deployedTo(entries, "qa", digest)?.run
  }

  it("finds the same image, deployed with success to this environment", () => {
    expect(find([deployed(ONE)])).toBe("run-1")
    expect(find([deployed(ONE), deployed(TWO)])).toBe("run-1")
    expect(find([deployed(TWO)])).toBeUndefined()
    expect(find([deployed(ONE, { status: "failed" })])).toBeUndefined()
    expect(find([deployed(ONE, { environment: "staging" })])).toBeUndefined()
  })

  it("finds none that was rolled back afterwards, until it is deployed again", () => {
    const back = deployed(TWO, { kind: "rollback", facts: { digest: TWO, previousDigest: ONE } })
    expect(find([deployed(TWO), deployed(ONE), back])).toBeUndefined()
    expect(find([deployed(TWO), deployed(ONE), back], TWO)).toBe("run-2")
    expect(find([deployed(TWO), deployed(ONE), back, deployed(ONE, { run: "again" })])).toBe("again")
  })

  it("believes no entry that was changed", () => {
    const entry = entryAfter([], deployed(TWO))
    expect(deployedTo([{ ...entry, facts: { digest: ONE } }], "qa", ONE)).toBeUndefined()
  })
})
