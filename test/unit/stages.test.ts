import { expect, it } from "vitest"
import { hasStage, inRunOrder, STAGE_NAMES } from "../../src/lib/stages.js"

it("runs the longest stages first, and last those that wait for others; every one once", () => {
  const order = inRunOrder(STAGE_NAMES.map((name) => ({ name }))).map(({ name }) => name)
  expect(order.slice(0, 2)).toEqual(["build", "integration"])
  expect(order.slice(-3)).toEqual(["suppressions", "coverage", "scan"])
  expect(order.toSorted()).toEqual(STAGE_NAMES.toSorted())
})

it("knows the stages of a group", () => {
  expect(hasStage("tests", "coverage")).toBe(true)
  expect(hasStage("quality", "coverage")).toBe(false)
  expect(hasStage("quality", "toString")).toBe(false)
})
