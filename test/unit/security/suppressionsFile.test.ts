import { describe, expect, test } from "vitest"
import { parseSuppressions } from "../../../src/lib/security/suppressionsFile.js"

/** The problems as `line:column message`. */
const problems = (text: string): string[] => {
  const { suppressions, outcome } = parseSuppressions(text)
  expect(outcome === undefined || suppressions.length === 0).toBe(true)
  return (outcome?.findings ?? []).map(({ line, column, message }) => `${line}:${column} ${message}`)
}

const ENTRY = "suppressions:\n  - {tool: trivy, rule: CVE-2020-1, reason: r, owner: o, expires: 2026-12-31"

describe("parseSuppressions accepts", () => {
  test.each(["", "# nothing\n", "{}\n", "version: 1\n", "suppressions:\n", "suppressions: []\n", "~\n"])(
    "%j",
    (text) => {
      expect(parseSuppressions(text)).toEqual({ suppressions: [] })
    },
  )

  test("no file", () => {
    expect(parseSuppressions(undefined)).toEqual({ suppressions: [] })
  })

  test("a byte order mark", () => {
    expect(parseSuppressions("\uFEFFversion: 1\n")).toEqual({ suppressions: [] })
    expect(problems("\uFEFFversoin: 1\n")).toEqual(['1:1 versoin: unknown key; did you mean "version"?'])
  })

  test("every key", () => {
    const text = `version: 1
suppressions:
  # a comment
  - tool: bandit
    rule: B602
    path: app/**/*.py
    reason: >
      the command is a constant,
      see ADR 7
    expires: 2026-12-31
    owner: ann@example.com

  - {tool: zap, rule: 10021, reason: "a: b", expires: "2028-02-29", owner: o}
  - {tool: trivy, rule: CVE-2024-1, in: image, reason: r, expires: 2026-12-31, owner: o}
  - {tool: trivy, rule: CVE-2024-1, in: "source", reason: r, expires: 2026-12-31, owner: o}
`
    expect(parseSuppressions(text)).toEqual({
      suppressions: [
        {
          tool: "bandit",
          rule: "B602",
          path: "app/**/*.py",
          reason: "the command is a constant, see ADR 7",
          expires: "2026-12-31",
          owner: "ann@example.com",
          line: 4,
        },
        { tool: "zap", rule: "10021", reason: "a: b", expires: "2028-02-29", owner: "o", line: 13 },
        ...[
          { in: "image", line: 14 },
          { in: "source", line: 15 },
        ].map((from) => ({
          tool: "trivy",
          rule: "CVE-2024-1",
          reason: "r",
          expires: "2026-12-31",
          owner: "o",
          ...from,
        })),
      ],
    })
  })

  test.each([
    ["/admin/**", "admin/**"],
    ["/", "."],
    ["admin", "admin"],
  ])("the path of a URL, %s, as in findings: %s", (path, read) => {
    const text = `suppressions:\n  - {tool: zap, rule: 1, path: ${path}, reason: r, owner: o, expires: 2026-12-31}\n`
    expect(parseSuppressions(text).suppressions).toMatchObject([{ path: read }])
    if (path.startsWith("/"))
      expect(problems(text.replace("zap, rule: 1", "trivy, rule: 1"))[0]).toMatch(/expected a path relative/)
  })

  test.each([
    ["left out", "suppressions:\n  - {tool: trivy, rule: X}\n"],
    [
      "without a value",
      "suppressions:\n  - tool: trivy\n    rule: X\n    reason:\n    expires: ~\n    owner: null\n",
    ],
    ["empty", `suppressions:\n  - {tool: trivy, rule: X, reason: " ", owner: ""}\n`],
  ])("a required value %s, to be reported by the gate", (_, text) => {
    expect(parseSuppressions(text).suppressions).toEqual([
      { tool: "trivy", rule: "X", reason: "", expires: "", owner: "", line: 2 },
    ])
  })
})

describe("parseSuppressions refuses", () => {
  test.each<[string, ...string[]]>([
    ["- a\n", "1:1 expected a map of keys, received a list"],
    ["supressions: []\n", '1:1 supressions: unknown key; did you mean "suppressions"?'],
    ["version: 2\n", "1:10 version: expected 1, received the number 2"],
    ["suppressions: {}\n", "1:15 suppressions: expected a list"],
    ["suppressions: x\n", "1:15 suppressions: expected a list"],
    ["suppressions: []\nsuppressions: []\n", "2:1 suppressions: duplicate key, first on line 1"],
    ["suppressions: [x]\n", '1:16 suppressions[0]: expected a map of keys, received "x"'],
    [
      "suppressions:\n  - {}\n  -\n",
      "2:5 suppressions[0]: the key tool is missing; expected one of bandit, trivy, zap",
      "2:5 suppressions[0]: the key rule is missing",
      "3:4 suppressions[1]: the key tool is missing; expected one of bandit, trivy, zap",
      "3:4 suppressions[1]: the key rule is missing",
    ],
    [
      "suppressions:\n  - {tool: trviy, rule: X}\n",
      '2:12 suppressions[0].tool: expected one of bandit, trivy, zap, received "trviy"; did you mean "trivy"?',
    ],
    [
      "suppressions:\n  - {tool: trivy, rule: ''}\n",
      '2:25 suppressions[0].rule: expected a text on one line, not empty, without control characters, received ""',
    ],
    [
      "suppressions:\n  - {tool: trivy, rule: [X]}\n",
      "2:25 suppressions[0].rule: expected a text, received a list",
    ],
    [
      "suppressions:\n  - {tool: trivy, rule:}\n",
      "2:24 suppressions[0].rule: expected a text, received nothing",
    ],
    [`${ENTRY}, reasn: x}\n`, '2:79 suppressions[0].reasn: unknown key; did you mean "reason"?'],
    [
      `${ENTRY}, in: images}\n`,
      '2:83 suppressions[0].in: expected one of source, image, received "images"; did you mean "image"?',
    ],
    [`${ENTRY}, in: }\n`, "2:83 suppressions[0].in: expected one of source, image, received nothing"],
    [`${ENTRY}, in: [image]}\n`, "2:83 suppressions[0].in: expected one of source, image, received a list"],
    [
      `${ENTRY}, in: Image}\n`,
      '2:83 suppressions[0].in: expected one of source, image, received "Image"; did you mean "image"?',
    ],
    [`${ENTRY}, paths: x}\n`, '2:79 suppressions[0].paths: unknown key; did you mean "path"?'],
    [
      `${ENTRY}, version: 1}\n`,
      "2:79 suppressions[0].version: unknown key here; it belongs at the top of the file",
    ],
    [`${ENTRY}, owner: p}\n`, "2:79 suppressions[0].owner: duplicate key, first on line 2"],
    [
      `${ENTRY}, path: /a}\n`,
      `2:85 suppressions[0].path: expected a path relative to the service's folder, received "/a"`,
    ],
    [
      `${ENTRY}, path: a/../b}\n`,
      `2:85 suppressions[0].path: expected a path that stays inside the service's folder, without "..", received "a/../b"`,
    ],
    [
      `${ENTRY}, path: ${"a".repeat(1001)}}\n`,
      `2:85 suppressions[0].path: expected at most 1000 characters, received "${"a".repeat(80)}…"`,
    ],
    [
      "suppressions: [{tool: trivy, rule: x, reason: 7}]\n",
      "1:47 suppressions[0].reason: expected a text, received the number 7; put it in quotes",
    ],
    [
      "suppressions: [&a {tool: *a}]\n",
      '1:16 anchors are not allowed, received "&a"; write the value itself at each place',
      '1:26 aliases are not allowed, received "*a"; write the value itself',
      "1:19 suppressions[0]: the key rule is missing",
    ],
  ])("%j", (text, ...expected) => {
    const inOrder = (a: string, b: string): number => expected.indexOf(a) - expected.indexOf(b)
    expect(problems(text).sort(inOrder)).toEqual(expected)
  })

  test.each([
    ["2026-02-30", 'expected a day of the calendar, received "2026-02-30"'],
    ["2026-02-29", 'expected a day of the calendar, received "2026-02-29"'],
    ["2026-13-01", 'expected a day of the calendar, received "2026-13-01"'],
    ["2026-00-10", 'expected a day of the calendar, received "2026-00-10"'],
    ["2026-1-1", 'expected a day such as 2026-12-31, received "2026-1-1"'],
    ["31.12.2026", 'expected a day such as 2026-12-31, received "31.12.2026"'],
    ["2026-12-31T00:00:00Z", 'expected a day such as 2026-12-31, received "2026-12-31T00:00:00Z"'],
    ["never", 'expected a day such as 2026-12-31, received "never"'],
  ])("the day %s", (day, message) => {
    expect(problems(`suppressions: [{tool: trivy, rule: x, expires: ${day}}]\n`)).toEqual([
      `1:48 suppressions[0].expires: ${message}`,
    ])
  })

  test("all problems at once, with the first as the reason", () => {
    const { outcome } = parseSuppressions(
      "version: 2\nsuppressions:\n  - {tool: x, rule: y, expires: 2026-02-30}\n",
    )
    expect(outcome).toMatchObject({
      status: "error",
      reason:
        ".slipway/suppressions.yaml has 3 problems: .slipway/suppressions.yaml:1:10: version: expected 1, received the number 2",
      findings: [
        {
          tool: "slipway",
          rule: "invalid",
          level: "error",
          file: ".slipway/suppressions.yaml",
          line: 1,
          column: 10,
        },
        { line: 3, column: 12 },
        { line: 3, column: 33 },
      ],
    })
  })

  test.each([
    ["not valid YAML", "suppressions: [\n", "not valid YAML: "],
    ["a tab", "suppressions:\n\t- {}\n", "not valid YAML: "],
    ["two documents", "version: 1\n---\nversion: 1\n", "not valid YAML: "],
    ["depth", "[".repeat(10_000), "nested too deeply"],
    ["size", "#".repeat(300_000), "the file is too large"],
    ["a tag", "version: !!int 1\n", "tags are not allowed"],
    ["a tag that nobody knows", "suppressions: !x!y []\n", "tags are not allowed"],
    ["no text", "version: \0\n", "expected text in UTF-8"],
  ])("%s", (_, text, message) => {
    expect(problems(text)[0]).toContain(message)
    if (message.startsWith("tags")) expect(problems(text)).toHaveLength(1)
  })
})
