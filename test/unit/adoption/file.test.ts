import { describe, expect, it } from "vitest"
import { type AdoptionBaseline, entriesOf } from "../../../src/lib/adoption/entries.js"
import { formatAdoption, parseAdoption, readAdoption } from "../../../src/lib/adoption/file.js"
import { placedAt } from "./findings.js"

const BASELINE: AdoptionBaseline = {
  findings: new Map([
    ["mypy" as const, entriesOf(placedAt("b.py", "arg-type aaaaaaaaaaaa", 2))],
    [
      "black" as const,
      entriesOf([
        ...placedAt("b.py", "format"),
        ...placedAt("__proto__", "format"),
        ...placedAt("1", "format"),
      ]),
    ],
  ]),
  coverage: 61.25,
  grown: [{ on: "2026-12-01", reason: "new rules", findings: 3 }],
}

describe("the file", () => {
  it("has an entry a line, sorted, and reads as it was written", () => {
    const text = formatAdoption(BASELINE)
    expect(text).toBe(`{
  "version": 1,
  "coverage": 61.25,
  "grown": [
    {
      "on": "2026-12-01",
      "reason": "new rules",
      "findings": 3
    }
  ],
  "findings": {
    "black": {
      "1": {
        "format": 1
      },
      "__proto__": {
        "format": 1
      },
      "b.py": {
        "format": 1
      }
    },
    "mypy": {
      "b.py": {
        "arg-type aaaaaaaaaaaa": 2
      }
    }
  }
}
`)
    expect(parseAdoption(text)).toEqual(BASELINE)
    expect(parseAdoption(`\uFEFF${text}`)).toEqual(BASELINE)
    expect(parseAdoption(undefined)).toBeUndefined()
  })

  const written = (from: string, to: string) => formatAdoption(BASELINE).replace(from, to)

  it.each([
    ["cut", written("}\n  }\n}\n", ""), /^\.slipway\/baseline\.json:2\d:\d+: not valid JSON: /],
    ["empty", "", /baseline\.json:1:1: not valid JSON/],
    [
      "in conflict",
      written('  "coverage"', '<<<<<<< HEAD\n  "coverage"'),
      /baseline\.json:3:1: not valid JSON/,
    ],
    ["with a bare word", written("61.25", "sixty"), /baseline\.json:3:\d+: not valid JSON/],
    ["a list", "[]", /baseline\.json:1:1: version: expected 1$/],
    [
      "of a later version",
      written('"version": 1', '"version": 2'),
      /baseline\.json:2:3: version: expected 1$/,
    ],
    ["with an unknown key", written('"coverage"', '"covered"'), /:3:3: covered: unknown key$/],
    [
      "with coverage above 100",
      written("61.25", "161.25"),
      /:3:3: coverage: expected a percentage, from 0 to 100$/,
    ],
    ["with growth without a reason", written('"new rules"', '" "'), /:4:3: grown: expected a list/],
    [
      "with secrets",
      written('"mypy"', '"secrets"'),
      /:23:5: findings › secrets: expected one of black, isort, flake8, mypy, bandit, misconfiguration, suppressions$/,
    ],
    [
      "with a number below 1",
      written('aaaa": 2', 'aaaa": 0'),
      /:25:9: findings › mypy › b\.py › arg-type a{12}: expected how often it is there: 1 or more$/,
    ],
    ["with a text for a number", written('aaaa": 2', 'aaaa": "2"'), /:25:9: .* expected how often/],
    [
      "with a line of another form",
      written("arg-type a", "arg-type x"),
      /:25:9: .* expected a rule, or a rule/,
    ],
    [
      "with a file of no entries",
      written('{\n        "arg-type aaaaaaaaaaaa": 2\n      }', "7"),
      /:24:7: .* by rule and line$/,
    ],
  ])("%s is refused with the place of the problem", (_, text, problem) => {
    const { adoption, problems } = readAdoption(text)
    expect(adoption).toBeUndefined()
    expect(problems[0]).toMatch(problem)
    expect(() => parseAdoption(text)).toThrow(/\[BASELINE_INVALID\]/)
  })

  it("is quoted without secrets and control characters", () => {
    const token = ["ghp", "0123456789abcdefghijABCDEFGHIJ012345"].join("_")
    const text = formatAdoption({ findings: new Map(), grown: [] }).replace(
      "{}",
      `{ "${token}\\u001b[1A": 1 }`,
    )
    let message = ""
    try {
      parseAdoption(text)
    } catch (error) {
      message = String(error)
    }
    expect(message).toContain("BASELINE_INVALID")
    expect(message).not.toContain(token)
    expect(message.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u)
  })
})
