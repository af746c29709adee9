import { describe, expect, test } from "vitest"
import { type BaselineEntry, parseBaseline } from "../../../src/lib/infra/baseline.js"
import { driftOf, judgeDrift } from "../../../src/lib/infra/drift.js"
import { driftFindings, driftMarkdown } from "../../../src/lib/infra/driftReport.js"
import { ABOUT, golden, plan, resource } from "./plans.js"

const PLACE = { environment: "staging", root: "terraform/azure", now: new Date("2026-03-01T12:00:00Z") }

const drift = (before: unknown, after: unknown, more: Record<string, unknown> = {}) =>
  driftOf(plan({ resource_drift: [resource("t.x", { before, after, ...more })] }))

const entry = (more: Partial<BaselineEntry> = {}): BaselineEntry => ({
  address: "t.x",
  attribute: "tags",
  reason: "r",
  owner: "o",
  expires: "2026-03-01",
  line: 3,
  ...more,
})

describe("driftOf", () => {
  test("returns a difference per attribute", () => {
    expect(drift({ tags: { a: "1", b: "2" }, size: 1 }, { tags: { a: "1", b: "3" }, size: 2 })).toEqual([
      { address: "t.x", type: "t", attribute: "tags.b", before: '"2"', after: '"3"' },
      { address: "t.x", type: "t", attribute: "size", before: "1", after: "2" },
    ])
  })

  test("returns a deleted resource without an attribute", () => {
    expect(drift({ a: 1 }, null, { actions: ["delete"] })).toEqual([{ address: "t.x", type: "t" }])
  })

  test.each([
    [{ a: null }, { a: "" }],
    [{ a: null }, { a: [] }],
    [{ a: {} }, {}],
    [{}, { a: { b: null, c: [] } }],
    [{ a: [{ b: "" }] }, { a: [{ b: null }] }],
    [{ a: 1 }, { a: 1 }],
  ])("finds no drift between %j and %j", (before, after) => {
    expect(drift(before, after)).toEqual([])
  })

  test.each([
    [{ a: null }, { a: false }],
    [{ a: null }, { a: 0 }],
    [{ a: "x" }, { a: "" }],
    [{ a: { b: 1 } }, { a: {} }],
    [{ a: [] }, { a: [""] }],
  ])("finds drift between %j and %j", (before, after) => {
    expect(drift(before, after)).toHaveLength(1)
  })

  test("ignores changes of sensitivity, and hides sensitive values", () => {
    expect(drift({ a: "x" }, { a: "x" }, { before_sensitive: { a: true }, after_sensitive: {} })).toEqual([])
    expect(drift({ a: "pass1" }, { a: "pass2" }, { before_sensitive: { a: true } })).toMatchObject([
      { attribute: "a", before: "(sensitive)", after: "(sensitive)" },
    ])
  })

  test("ignores data and moves", () => {
    const resource_drift = [
      resource("data.t.x", { before: { a: 1 }, after: { a: 2 } }, { mode: "data" }),
      resource("t.y", { actions: ["no-op"], before: { a: 1 }, after: { a: 1 } }, { previous_address: "t.z" }),
    ]
    expect(driftOf(plan({ resource_drift }))).toEqual([])
  })
})

describe("judgeDrift", () => {
  const tags = drift({ tags: { a: "1" } }, { tags: { a: "2" } })
  const verdict = (...entries: Partial<BaselineEntry>[]) => {
    const { verdict: is, unused, expired } = judgeDrift(tags, entries.map(entry), PLACE)
    return [is, unused.length, expired.length]
  }

  test("is clean without drift, whatever the baseline lists", () => {
    const report = judgeDrift([], [entry(), entry({ expires: "2026-02-28" })], PLACE)
    expect([report.verdict, report.unused.length, report.expired.length]).toEqual(["CLEAN", 2, 1])
  })

  test("covers an attribute and all below it, through the last day of an entry", () => {
    expect(verdict({})).toEqual(["KNOWN", 0, 0])
    expect(verdict({ attribute: "tags.a" })).toEqual(["KNOWN", 0, 0])
    expect(verdict({ attribute: "*" })).toEqual(["KNOWN", 0, 0])
  })

  test.each([
    [{ attribute: "tag" }, ["DRIFT", 1, 0]],
    [{ attribute: "tags.a.b" }, ["DRIFT", 1, 0]],
    [{ attribute: "(deleted)" }, ["DRIFT", 1, 0]],
    [{ address: "t" }, ["DRIFT", 1, 0]],
    [{ address: "t.*" }, ["DRIFT", 1, 0]],
    [{ expires: "2026-02-28" }, ["DRIFT", 0, 1]],
    [{ expires: "2027-03-02" }, ["DRIFT", 0, 0]],
    [{ reason: "" }, ["DRIFT", 0, 0]],
    [{ owner: "" }, ["DRIFT", 0, 0]],
    [{ expires: "" }, ["DRIFT", 0, 0]],
    [{ environment: "production" }, ["DRIFT", 0, 0]],
    [{ root: "terraform" }, ["DRIFT", 0, 0]],
    [{ environment: "staging", root: "terraform/azure" }, ["KNOWN", 0, 0]],
  ])("judges the entry %j", (more, expected) => {
    expect(verdict(more)).toEqual(expected)
  })

  test("needs one valid entry only, and is DRIFT for a single drift that isn't covered", () => {
    expect(verdict({ expires: "2026-02-28" }, {})).toEqual(["KNOWN", 0, 1])
    const two = drift({ tags: { a: "1" }, size: 1 }, { tags: { a: "2" }, size: 2 })
    const report = judgeDrift(two, [entry()], PLACE)
    expect(report.verdict).toBe("DRIFT")
    expect(report.items.map((item) => item.entry?.line)).toEqual([3, undefined])
  })

  test("covers a deletion only by an entry for deletions", () => {
    const gone = drift({ a: 1 }, null)
    expect(judgeDrift(gone, [entry({ attribute: "*" })], PLACE).verdict).toBe("DRIFT")
    expect(judgeDrift(gone, [entry({ attribute: "(deleted)" })], PLACE).verdict).toBe("KNOWN")
  })
})

const DRIFTED = plan({
  resource_drift: [
    resource("azurerm_redis_cache.main", {
      before: { tags: { env: "staging" }, sku: "Basic", key: "access-key-1" },
      after: { tags: { env: "prod" }, sku: "Standard", key: "access-key-2" },
      before_sensitive: { key: true },
      after_sensitive: { key: true },
    }),
    resource("azurerm_role.old", { actions: ["delete"], before: { a: 1 }, after: null }),
    resource('azurerm_x.y["</details>\n```<b>@all\u202E"]', {
      before: { policy: "a\nb\nc" },
      after: { policy: "a\n```\n</details><img src=x>\nc" },
    }),
  ],
})
const { baseline } = parseBaseline(`drift:
  - {address: azurerm_redis_cache.main, attribute: 'tags["env"]', reason: a <b> tool sets it, owner: ann, expires: 2026-05-01}
  - {address: azurerm_redis_cache.main, attribute: sku, reason: trial, owner: bob, expires: 2026-02-01}
  - {address: azurerm_gone.x, attribute: "*", reason: old, owner: eve, expires: 2026-05-01}
`)
const REPORT = judgeDrift(driftOf(DRIFTED), baseline, PLACE)

test("driftMarkdown matches its golden file", () => {
  const { text, complete } = driftMarkdown(REPORT, ABOUT)
  expect(text).toBe(golden("drift"))
  expect(complete).toBe(true)
  expect(driftMarkdown(judgeDrift([], [], PLACE), ABOUT).text).toBe(
    "### Drift: CLEAN: <code>staging</code> <code>terraform/azure</code>\n\n" +
      "Nothing drifts. Commit <code>0123456789ab</code>, OpenTofu 1.12.6.\n",
  )
})

test("driftMarkdown stays below the limit", () => {
  const attributes = Object.fromEntries(
    Array.from({ length: 5000 }, (_, index) => [`a${index}`, "ü".repeat(500)]),
  )
  const report = judgeDrift(
    driftOf(plan({ resource_drift: [resource("t.x", { before: {}, after: attributes })] })),
    Array.from({ length: 1000 }, (_, line) =>
      entry({ line, attribute: `b${line}`, reason: "ü<".repeat(500) }),
    ),
    PLACE,
  )
  const { text, complete } = driftMarkdown(report, ABOUT)
  expect(Buffer.byteLength(text)).toBeLessThan(60_000)
  expect(complete).toBe(false)
  expect(text).toMatch(/Left out for lack of space: \d+ more under “Drift”, .*the values of \d+ more/)
})

test("driftFindings returns findings", () => {
  expect(driftFindings(REPORT).map(({ level, rule, line, message }) => [level, rule, line, message])).toEqual(
    [
      [
        "note",
        "known-drift",
        2,
        'azurerm_redis_cache.main: tags.env changed from "staging" to "prod"; known: a <b> tool sets it (ann, until 2026-05-01)',
      ],
      [
        "error",
        "expired",
        3,
        'azurerm_redis_cache.main: sku changed from "Basic" to "Standard"; the baseline\'s entry expired on 2026-02-01: undo the drift, or renew the entry',
      ],
      ["error", "drift", undefined, "azurerm_redis_cache.main: key changed from (sensitive) to (sensitive)"],
      ["error", "drift", undefined, "azurerm_role.old was deleted"],
      ["error", "drift", undefined, expect.stringContaining("policy changed from")],
      ["warning", "unused", 4, "the entry for azurerm_gone.x * matches nothing any more: remove it"],
    ],
  )
})
