import { expect, test } from "vitest"
import { distance, nearest } from "../../../src/lib/config/nearest.js"

test.each([
  ["", "", 0],
  ["", "abc", 3],
  ["abc", "", 3],
  ["abc", "abc", 0],
  ["abc", "abxc", 1],
  ["abc", "ac", 1],
  ["abc", "axc", 1],
  ["abc", "acb", 1],
  ["abcd", "badc", 2],
  ["kitten", "sitting", 3],
  ["chekcs", "checks", 1],
  ["ca", "abc", 3],
])("distance from %j to %j is %i", (a, b, far) => {
  expect(distance(a, b)).toBe(far)
  expect(distance(b, a)).toBe(far)
})

const NAMES = ["version", "name", "python", "quality", "parallel", "git", "go"]

test.each([
  ["pyhton", "python"],
  ["Python", "python"],
  ["PYTHN", "python"],
  ["verison", "version"],
  ["paralel", "parallel"],
  ["nam", "name"],
  ["gti", "git"],
  ["og", "go"],
  ["pip", undefined],
  ["pyzzzn", undefined],
  ["colour", undefined],
  ["", undefined],
  ["x".repeat(200_000), undefined],
])("nearest suggests for %s %s", (wrong, right) => {
  expect(nearest(wrong, NAMES)).toBe(right)
})

test("nearest returns the closest of several, and the first of equally close ones", () => {
  expect(nearest("checkz", ["chocks", "checks"])).toBe("checks")
  expect(nearest("bat", ["cat", "hat"])).toBe("cat")
})
