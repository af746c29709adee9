import { expect, it } from "vitest"
import {
  CODE_SCANNING,
  CONNECTED,
  DEBUGGABLE,
  DELIVERED,
  EFFECTS,
  type Group,
  groupOf,
  groupRecord,
  GROUPS,
  hasStage,
  inRunOrder,
  PUBLISHED,
  secretsOfGroup,
  STAGE_NAMES,
  selected,
  STAGES,
} from "../../../src/lib/pipeline/stages.js"

it("inRunOrder puts the longest stages first, last those that wait for others, and each once", () => {
  const order = inRunOrder(STAGE_NAMES.map((name) => ({ name }))).map(({ name }) => name)
  expect(order.slice(0, 2)).toEqual(["build", "integration"])
  expect(order.slice(-3)).toEqual(["suppressions", "coverage", "scan"])
  expect(order.toSorted()).toEqual(STAGE_NAMES.toSorted())
})

it("hasStage is true for the stages of a group", () => {
  expect(hasStage("tests", "coverage")).toBe(true)
  expect(hasStage("quality", "coverage")).toBe(false)
  expect(hasStage("quality", "toString")).toBe(false)
})

it("inRunOrder puts plan and drift before quick stages", () => {
  const names = ["black", "format", "drift", "validate", "plan", "scan", "build"] as const
  const order = inRunOrder(names.map((name) => ({ name }))).map(({ name }) => name)
  expect(order).toEqual(["build", "plan", "drift", "black", "format", "validate", "scan"])
})

it("STAGE_NAMES has no name twice, since a stage is selected by its name alone", () => {
  expect(new Set(STAGE_NAMES).size).toBe(STAGE_NAMES.length)
})

it("DEBUGGABLE has every stage with a container", () => {
  expect(STAGE_NAMES.filter((name) => !DEBUGGABLE.includes(name))).toEqual([
    ...STAGES.notify,
    ...STAGES.cleanup,
  ])
})

it("selected follows groups and stages", () => {
  const meant = (...only: string[]) => STAGE_NAMES.filter((name) => selected(only, { name }))
  expect(meant()).toEqual(STAGE_NAMES)
  expect(meant("quality")).toEqual(STAGES.quality)
  expect(meant("mypy", "image")).toEqual(["mypy", ...STAGES.image])
  expect(groupOf("coverage")).toBe("tests")
  expect(groupOf("tests")).toBeUndefined()
})

it("PUBLISHED has no group that runs only for a review, manually or after the release", () => {
  expect(GROUPS.filter((group) => !PUBLISHED.includes(group))).toEqual([
    "plan",
    "drift",
    "apply",
    "deploy",
    "notify",
    "load",
    "stress",
    "dast",
    "cleanup",
  ])
})

it("secretsOfGroup follows the record of a group", () => {
  expect(secretsOfGroup("apply")).toEqual(["infra", "planKey"])
  expect(secretsOfGroup("quality")).toEqual(["netrc", "indexSecrets"])
  expect(secretsOfGroup("infra")).toEqual([])
  expect(secretsOfGroup("toString")).toEqual([])
})

it("the record of every group gives its lists", () => {
  const listed = (list: readonly Group[], holds: (record: ReturnType<typeof groupRecord>) => unknown) =>
    expect(list).toEqual(GROUPS.filter((group) => Boolean(holds(groupRecord(group)))))
  listed(EFFECTS, ({ effect }) => effect)
  listed(CONNECTED, ({ connects }) => connects)
  listed(DELIVERED, ({ environment }) => environment)
  listed(CODE_SCANNING, ({ sarif }) => sarif)
  for (const group of GROUPS) expect(groupRecord(group).summary).toMatch(/^[a-z].*[^.]$/)
})
