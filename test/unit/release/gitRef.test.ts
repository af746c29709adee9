import { expect, it } from "vitest"
import { fullRef } from "../../../src/lib/release/gitRef.js"

it.each([
  ["tag", "v1.2.3", "refs/tags/v1.2.3"],
  ["tag", "nightly", "refs/tags/nightly"],
  ["manual", "v1.2.3", "refs/tags/v1.2.3"],
  ["manual", "v1.2.3-rc.1+build.5", "refs/tags/v1.2.3-rc.1+build.5"],
  ["local", "v1.2.3", "refs/tags/v1.2.3"],
  ["push", "develop", "refs/heads/develop"],
  ["push", "feature/x", "refs/heads/feature/x"],
])("fullRef for a %s event expands %s to %s", (event, ref, full) => {
  expect(fullRef(event, ref)).toBe(full)
  expect(fullRef(event, full)).toBe(full)
})

it.each([
  ["manual", "develop"],
  ["manual", "1.2.3"],
  ["manual", "v1.2"],
  ["manual", "v01.2.3"],
  ["manual", "version1.2.3"],
  ["pull_request", "v1.2.3"],
  ["pull_request", "7/merge"],
  ["schedule", "v1.2.3"],
  ["tag", "refs/heads/v1.2.3"],
  ["push", "refs/tags/v1.2.3"],
  ["push", "refs/pull/7/merge"],
  ["tag", ""],
  ["push", ""],
])("fullRef for a %s event keeps %j", (event, ref) => {
  expect(fullRef(event, ref)).toBe(ref)
})

it("fullRef takes a pushed branch named like a version for a branch", () => {
  expect(fullRef("push", "v1.2.3")).toBe("refs/heads/v1.2.3")
})
