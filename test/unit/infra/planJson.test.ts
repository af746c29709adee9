import { describe, expect, test } from "vitest"
import { readPlan } from "../../../src/lib/infra/planJson.js"
import { fixture, plan, resource } from "./plans.js"

describe("readPlan for an unreadable plan", () => {
  test.each([
    ["", "PLAN_NOT_JSON"],
    ["Error: no\n", "PLAN_NOT_JSON"],
    ['{"format_version":"1.2","resource_changes":[', "PLAN_NOT_JSON"],
    ["[]", "NOT_A_PLAN"],
    ["null", "NOT_A_PLAN"],
    ['{"format_version":"1.0","values":{}}', "NOT_A_PLAN"],
    ['{"format_version":"1.0"}', "NOT_A_PLAN"],
    ['{"format_version":"2.0","resource_changes":[]}', "PLAN_FORMAT"],
    ['{"format_version":"10.1","resource_changes":[]}', "PLAN_FORMAT"],
    ['{"format_version":"0.2","resource_changes":[]}', "PLAN_FORMAT"],
  ])("fails for %j with %s", (json, code) => {
    expect(() => readPlan(json)).toThrow(`[${code}]`)
  })

  test("fails for endless nesting", () => {
    const deep = `${"[".repeat(5000)}${"]".repeat(5000)}`
    const json = `{"format_version":"1.2","resource_changes":[],"x":${deep}}`
    expect(() => readPlan(json)).toThrow("[NOT_A_PLAN]")
  })
})

describe("readPlan", () => {
  test("reads a plan of OpenTofu", () => {
    const { formatVersion, toolVersion, resourceChanges, errored, complete } = fixture("mixed")
    expect({ formatVersion, toolVersion, errored, complete }).toEqual({
      formatVersion: "1.2",
      toolVersion: "1.12.6-dev",
      errored: false,
      complete: true,
    })
    expect(resourceChanges).toHaveLength(8)
    expect(resourceChanges.find(({ address }) => address === "terraform_data.trig")).toMatchObject({
      mode: "managed",
      actionReason: "replace_because_cannot_update",
      change: { actions: ["delete", "create"], replacePaths: [["triggers_replace"]] },
    })
  })

  test("accepts minor versions, a byte order mark and unknown keys", () => {
    expect(readPlan('\uFEFF{"format_version":"1.99","output_changes":{},"new":1}').formatVersion).toBe("1.99")
  })

  test("treats a value of the wrong type as absent", () => {
    const odd = plan({
      resource_changes: [null, 1, { change: { actions: "create", replace_paths: [1, ["a"]] } }],
      output_changes: [],
      deferred_changes: {},
    })
    expect(odd.resourceChanges.map(({ address, change }) => [address, change.actions])).toEqual([
      ["", []],
      ["", []],
      ["", []],
    ])
    expect(odd.resourceChanges[2]?.change.replacePaths).toEqual([["a"]])
    expect(odd.deferred).toEqual([])
  })

  test("reads partial plans, deferred changes, and imports by identity", () => {
    const read = plan({
      errored: true,
      complete: false,
      deferred_changes: [{ reason: "provider_config_unknown", resource_change: resource("a.b", {}) }],
      resource_changes: [resource("a.c", { importing: { identity: { name: "x" } } })],
    })
    expect([read.errored, read.complete, read.deferred[0]?.resource.address]).toEqual([true, false, "a.b"])
    expect(read.resourceChanges[0]?.change.importing).toBe('{"name":"x"}')
  })
})
