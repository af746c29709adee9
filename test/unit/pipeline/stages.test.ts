import { expect, it } from "vitest"
import {
  DEBUGGABLE,
  groupOf,
  GROUPS,
  hasStage,
  inRunOrder,
  PUBLISHED,
  STAGE_NAMES,
  STAGES,
  wanted,
} from "../../../src/lib/pipeline/stages.js"

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

it("plans and looks for drift before what is quick", () => {
  const names = ["black", "format", "drift", "validate", "plan", "scan", "build"] as const
  const order = inRunOrder(names.map((name) => ({ name }))).map(({ name }) => name)
  expect(order).toEqual(["build", "plan", "drift", "black", "format", "validate", "scan"])
})

it("names no stage twice, since it is asked for by its name alone", () => {
  expect(new Set(STAGE_NAMES).size).toBe(STAGE_NAMES.length)
})

it("lets everybody look into what has a container", () => {
  expect(STAGE_NAMES.filter((name) => !DEBUGGABLE.includes(name))).toEqual([
    ...STAGES.cleanup,
    ...STAGES.tell,
  ])
})

it("knows what is meant by groups and stages", () => {
  const meant = (...only: string[]) => STAGE_NAMES.filter((name) => wanted(only, { name }))
  expect(meant()).toEqual(STAGE_NAMES)
  expect(meant("quality")).toEqual(STAGES.quality)
  expect(meant("mypy", "image")).toEqual(["mypy", ...STAGES.image])
  expect(groupOf("coverage")).toBe("tests")
  expect(groupOf("tests")).toBeUndefined()
})

it("lets a release depend on nothing that is only for a review or by hand", () => {
  expect(GROUPS.filter((group) => !PUBLISHED.includes(group))).toEqual([
    "plan",
    "drift",
    "apply",
    "deploy",
    "load",
    "stress",
    "dast",
    "cleanup",
    "tell",
  ])
})
