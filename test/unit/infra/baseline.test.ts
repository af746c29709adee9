import { describe, expect, test } from "vitest"
import { parseBaseline } from "../../../src/lib/infra/baseline.js"

/** Problems as `line:column message`. */
const problems = (text: string): string[] => {
  const { baseline, outcome } = parseBaseline(text)
  expect(outcome === undefined || baseline.length === 0).toBe(true)
  return (outcome?.findings ?? []).map(({ line, column, message }) => `${line}:${column} ${message}`)
}

/** Start of an entry, left open. */
const ENTRY = "drift:\n  - {address: t.x, reason: r, owner: o"

test.each([undefined, "", "{}\n", "version: 1\n", "drift:\n", "\uFEFFdrift: []\n"])(
  "parseBaseline finds no entries in %j",
  (text) => {
    expect(parseBaseline(text)).toEqual({ baseline: [] })
  },
)

test("parseBaseline reads every key", () => {
  const text = `version: 1
drift:
  - environment: staging
    root: terraform/azure
    address: module.db.azurerm_postgresql["main"]
    attribute: tags["env"].x["a.b"]
    reason: >
      set by hand,
      see ADR 7
    owner: " ann@example.com"
    expires: 2028-02-29
  - {address: t.x, attribute: "*"}
  - {address: t.x, attribute: (deleted), reason: , owner: ~, expires: null}
`
  expect(parseBaseline(text)).toEqual({
    baseline: [
      {
        environment: "staging",
        root: "terraform/azure",
        address: 'module.db.azurerm_postgresql["main"]',
        attribute: 'tags.env.x["a.b"]',
        reason: "set by hand, see ADR 7",
        owner: "ann@example.com",
        expires: "2028-02-29",
        line: 3,
      },
      ...["*", "(deleted)"].map((attribute, index) => ({
        address: "t.x",
        attribute,
        reason: "",
        owner: "",
        expires: "",
        line: 12 + index,
      })),
    ],
  })
})

describe("parseBaseline reports", () => {
  test.each([
    ["drfit: []\n", '1:1 drfit: unknown key; did you mean "drift"?'],
    ["drift: {}\n", "1:8 drift: expected a list"],
    ["version: 2\n", "1:10 version: expected 1, received the number 2"],
    ["drift:\n  - t.x\n", '2:5 drift[0]: expected a map of keys, received "t.x"'],
    [`${ENTRY}}\n`, "2:5 drift[0]: the key attribute is missing"],
    [`drift:\n  - {attribute: a}\n`, "2:5 drift[0]: the key address is missing"],
    [
      `${ENTRY}, attribute: a..b}\n`,
      '2:52 drift[0].attribute: expected an attribute such as tags.env, rules[0].port or tags["a.b"], or "*" or "(deleted)"',
    ],
    [
      `${ENTRY}, attribute: a, expires: 2026-02-30}\n`,
      '2:64 drift[0].expires: expected a day of the calendar, received "2026-02-30"',
    ],
    [
      `${ENTRY}, attribute: a, expires: soon}\n`,
      '2:64 drift[0].expires: expected a day such as 2026-12-31, received "soon"',
    ],
    [`${ENTRY}, attribute: &a b}\n`, /2:52 anchors are not allowed/],
    ["drift: [\n", /not valid YAML/],
  ])("%j", (text, message) => {
    const found = problems(text)
    if (typeof message === "string") expect(found).toContain(message)
    else expect(found.join("\n")).toMatch(message)
  })

  test("parseBaseline rejects endless nesting", () => {
    expect(problems("[".repeat(5000)).join("")).toContain("nested too deeply")
  })

  test("parseBaseline names the file in its outcome", () => {
    expect(parseBaseline("drift: {}\n").outcome).toMatchObject({
      status: "error",
      reason: ".slipway/drift.yaml has 1 problem: .slipway/drift.yaml:1:8: drift: expected a list",
    })
  })
})
