import { describe, expect, test } from "vitest"
import { glob } from "../../../src/lib/security/glob.js"
import { cost } from "../cost.js"

test.each([
  ["a.py", "a.py", true],
  ["a.py", "b/a.py", false],
  ["./a.py", "a.py", true],
  ["*.py", "a.py", true],
  ["*.py", ".py", true],
  ["*.py", "a/b.py", false],
  ["*", "a", true],
  ["*", "a/b", false],
  ["?.py", "a.py", true],
  ["?.py", "💥.py", true],
  ["?.py", "ab.py", false],
  ["a?b", "a/b", false],
  ["a*", "a", true],
  ["a/**/*", "a/b", true],
  ["a*b*c", "aXbbYc", true],
  ["a*b*c", "aXbbYcd", false],
  ["a*a", "a", false],
  ["**", "a", true],
  ["**", "a/b/c.py", true],
  ["**/a.py", "a.py", true],
  ["**/a.py", "x/y/a.py", true],
  ["**/a.py", "x/y/ba.py", false],
  ["app/**", "app/x.py", true],
  ["app/**", "app/x/y.py", true],
  ["app/**", "app", false],
  ["app/**", "application/x.py", false],
  ["app/", "app/x/y.py", true],
  ["app/", "app", false],
  ["app", "app/x.py", false],
  ["app/**/*.py", "app/x.py", true],
  ["app/**/*.py", "app/a/b/x.py", true],
  ["app/**/*.py", "app/a/b/x.pyc", false],
  ["a/**/b/**/c", "a/b/x/b/y/c", true],
  ["a/**/b/**/c", "a/x/c", false],
  ["**/b/*/c", "b/b/x/c", true],
  ["**/**/a", "a", true],
  ["a**b", "aXXb", true],
  ["a**b", "a/b", false],
  ["a.c", "abc", false],
  ["[ab]", "a", false],
  ["[ab]", "[ab]", true],
  ["{a,b}", "a", false],
  ["a\\*", "a\\x", true],
  ["", "a", false],
  ["a", "", false],
  ["A.py", "a.py", false],
])("glob %j matches %j: %j", (pattern, path, expected) => {
  expect(glob(pattern)(path)).toBe(expected)
})

describe("glob takes time in proportion to both lengths", () => {
  test.each([
    ["stars in a name", "*a".repeat(500) + "b", "a".repeat(1000)],
    ["stars and questions", "*?".repeat(500) + "b", "a".repeat(1000)],
    ["double stars", "**/a/".repeat(200) + "b", "a/".repeat(500) + "c"],
    ["double stars before stars", "**/*a*a*a/".repeat(100) + "b", "aaaa/".repeat(200) + "c"],
    ["nothing but stars", "*".repeat(1000) + "b", "a".repeat(4000)],
    ["nothing but double stars", "**/".repeat(333) + "b", "a/".repeat(2000)],
    ["one star and a long end", `*${"a".repeat(998)}b`, "a".repeat(2000)],
  ])("%s", (_, pattern, path) => {
    const work = () => {
      const matches = glob(pattern)
      for (let round = 0; round < 5; round++) expect(matches(path)).toBe(false)
    }
    expect(cost(work)).toBeLessThan(1000)
  })
})
