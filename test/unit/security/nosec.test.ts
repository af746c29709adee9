import { describe, expect, test } from "vitest"
import { nosecFindings } from "../../../src/lib/security/nosec.js"
import { cost } from "../cost.js"

const rules = (comment: string): string[] =>
  nosecFindings([{ file: "app/a.py", line: 7, comment }]).map(({ rule }) => rule)

test("nosecFindings give the place and an example of a valid comment", () => {
  expect(nosecFindings([{ file: "./app/a.py", line: 7, comment: "# nosec" }])).toEqual([
    {
      tool: "slipway",
      rule: "nosec-no-rule",
      level: "error",
      file: "app/a.py",
      line: 7,
      message:
        'this silences all of bandit\'s tests: name one, as in "# nosec B602 - the command is a constant"',
    },
  ])
  expect(nosecFindings([{ file: "a.py", line: 1, comment: "# nosec B101" }])[0]?.message).toMatch(
    /^this gives no reason: say why it is safe, as in "# nosec B602 - /,
  )
})

describe("nosecFindings accept a valid comment", () => {
  test.each([
    "# nosec B101 - because",
    "#nosec B101,B102 the input is ours",
    "# nosec: B101, B102 -- checked above",
    "#nosec:B602: the command is a constant",
    "# nosec B101 # because",
    "# type: ignore # nosec B603 # reason  # noqa",
    "# nosec assert_used - ok",
    "# nosec B101,assert_used: proven",
    "# nosec - B101 proven",
    "# nosec B602 — der Befehl ist fest",
    "# nosec B602 定数です",
    "# nosec eval is given our own text", // bandit takes the name for its test B307
  ])("%s", (comment) => {
    expect(rules(comment)).toEqual([])
  })
})

describe("nosecFindings report a comment without a test", () => {
  test.each([
    "# nosec",
    "#nosec",
    "#   nosec:",
    "# nosec because it is safe",
    "# nosec(me): catching the expected exception",
    "# nosec # noqa",
    "# nosec # B101 because", // behind the second #, bandit looks for none
    "# nosecurity here", // bandit takes this for the word, too
    "# nosec b101 in lower case",
    "# nosec B1 too short",
    "# nosec B1010 too long",
    "# nosec CVE-2020-1 of another tool",
    "#\x1fnosec",
    "# x # nosec",
  ])("%j", (comment) => {
    expect(rules(comment)).toEqual(["nosec-no-rule"])
  })
})

describe("nosecFindings report a comment without a reason", () => {
  test.each([
    "# nosec B101",
    "#nosec B101,B102",
    "# nosec: B101, B102 --",
    "# nosec assert_used",
    "# nosec B301 pickle", // the test's name
    "# nosec B101 - ?!",
    "# nosec B101 x",
    "# nosec B101 # noqa: E501",
    "# nosec B101 # type: ignore # pylint: disable=all",
    "# nosec B101 12345",
  ])("%s", (comment) => {
    expect(rules(comment)).toEqual(["nosec-no-reason"])
  })
})

describe("nosecFindings ignore comments that bandit ignores", () => {
  test.each(["# NOSEC", "# no sec", "# this is not nosec", "# noqa", "", "nosec"])("%j", (comment) => {
    expect(rules(comment)).toEqual([])
  })
})

test("nosecFindings take linear time", () => {
  for (const unit of ["#", "# nosec", "#nosec ", " ", "B101 ", "a", "# \t"])
    expect(cost(() => rules(`# nosec ${unit.repeat(200_000)}`))).toBeLessThan(3000)
  expect(cost(() => rules("#".repeat(100_000)))).toBeLessThan(3000)
})

test("nosecFindings report a comment that silences Trivy, which can't have an expiry", () => {
  const comments = [{ file: "main.tf", line: 2, comment: "trivy:ignore:AVD-AZU-0047" }]
  expect(nosecFindings(comments)).toMatchObject([{ rule: "inline-ignore", file: "main.tf", line: 2 }])
})
