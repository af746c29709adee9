import { describe, expect, test } from "vitest"
import { below, isSameOrBelow, normalPath, pathText } from "../../../src/lib/infra/attributePath.js"
import {
  changesOf,
  countsOf,
  deferredOf,
  invocationsOf,
  outputChangesOf,
} from "../../../src/lib/infra/changes.js"
import { fixture, plan, resource } from "./plans.js"

/** Differences of one change, as `path before → after`. */
const differences = (change: Record<string, unknown>): string[] =>
  changesOf(plan({ resource_changes: [resource("t.x", change)] })).flatMap((each) =>
    each.differences.map(
      ({ path, before = "", after = "", note, forces }) =>
        `${path} ${before} → ${after}${note ? ` # ${note}` : ""}${forces ? " !" : ""}`,
    ),
  )

/** Action of a change with these actions, and its counts other than 0. */
function counted(
  actions: string[],
  change: Record<string, unknown> = {},
  more: Record<string, unknown> = {},
) {
  const changes = changesOf(plan({ resource_changes: [resource("t.x", { actions, ...change }, more)] }))
  const counts = Object.entries(countsOf(changes)).filter(([, number]) => number > 0)
  return [changes[0]?.action, Object.fromEntries(counts)]
}

describe("changesOf and countsOf", () => {
  test.each([
    [["create"], "create", { add: 1 }],
    [["update"], "update", { change: 1 }],
    [["delete"], "delete", { destroy: 1 }],
    [["delete", "create"], "replace", { replace: 1 }],
    [["create", "delete"], "replace", { replace: 1 }],
    [["forget"], "forget", { forget: 1 }],
    [["forget", "create"], "abandon", { add: 1, forget: 1 }],
    [["create", "forget"], "abandon", { add: 1, forget: 1 }],
    [["conjure"], "other", { other: 1 }],
    [[], "other", { other: 1 }],
    [["no-op"], undefined, {}],
  ])("%j is %s", (actions, action, counts) => {
    expect(counted(actions)).toEqual([action, counts])
  })

  test("count imports and moves in addition", () => {
    expect(counted(["no-op"], { importing: { id: "i" } })).toEqual(["keep", { import: 1 }])
    expect(counted(["update"], { importing: {} })).toEqual(["update", { change: 1, import: 1 }])
    expect(counted(["no-op"], {}, { previous_address: "t.y" })).toEqual(["keep", { move: 1 }])
    expect(counted(["no-op"], {}, { previous_address: "t.x" })).toEqual([undefined, {}])
  })

  test("don't count reads of data", () => {
    expect(counted(["read"], {}, { mode: "data" })).toEqual([undefined, {}])
    expect(counted(["open"], {}, { mode: "ephemeral" })).toEqual([undefined, {}])
  })

  test("sort a plan of OpenTofu by destructiveness", () => {
    const changes = changesOf(fixture("mixed"))
    expect(changes.map(({ address, action }) => `${action} ${address}`)).toEqual([
      "delete terraform_data.gone[1]",
      "replace terraform_data.trig",
      'forget terraform_data.each["`x`"]',
      'forget terraform_data.each["a.b"]',
      "update terraform_data.net",
      "keep terraform_data.imp",
      "keep terraform_data.moved",
    ])
    expect(countsOf(changes)).toEqual({
      add: 0,
      change: 1,
      replace: 1,
      destroy: 1,
      import: 1,
      move: 1,
      forget: 2,
      other: 0,
    })
    expect(changes[0]?.reason).toBe("its index is beyond the count")
    expect(changes[1]?.forcedBy).toEqual(["triggers_replace"])
  })

  test("recognise OpenTofu's replacement that leaves the old object behind", () => {
    expect(changesOf(fixture("recreated")).map(({ action, actions }) => [action, actions])).toEqual([
      ["replace", ["create", "delete"]],
      ["abandon", ["forget", "create"]],
    ])
  })

  test("keep unknown reasons unchanged", () => {
    const [change] = changesOf(
      plan({
        resource_changes: [resource("t.x", {}, { action_reason: "replace_because_moon", deposed: "d1" })],
      }),
    )
    expect(change).toMatchObject({ reason: "replace because moon", deposed: "d1" })
  })

  test("deferredOf returns deferred changes with their reasons", () => {
    const deferred = [{ reason: "provider_config_unknown", resource_change: resource("t.x", {}) }]
    expect(deferredOf(plan({ deferred_changes: deferred }))).toEqual([
      { address: "t.x", reason: "provider config unknown" },
    ])
  })

  test("invocationsOf returns the actions of Terraform 1.14 with what triggers them", () => {
    const trigger = { action_trigger_event: "AfterCreate", triggering_resource_address: "t.x" }
    const invocations = [
      { address: "action.t.restart", lifecycle_action_trigger: trigger },
      { address: "action.t.wipe", invoke_action_trigger: {} },
    ]
    expect(invocationsOf(plan({ action_invocations: invocations }))).toEqual([
      { address: "action.t.restart", reason: "after create t.x" },
      { address: "action.t.wipe", reason: "" },
    ])
    expect(invocationsOf(plan({ action_invocations: {} }))).toEqual([])
  })
})

describe("differences", () => {
  test("are found in nested values, with those that force a replacement", () => {
    const before = { name: "a", tags: { env: "x", "a.b": 1, same: [1] }, rules: [{ port: 80 }, { port: 81 }] }
    const after = { name: "b", tags: { env: "y", "a.b": 2, same: [1] }, rules: [{ port: 80 }, { port: 82 }] }
    const replace_paths = [["name"], ["tags", "a.b"], ["rules", 1, "port"]]
    expect(differences({ before, after, replace_paths })).toEqual([
      'name "a" → "b" !',
      'tags.env "x" → "y"',
      'tags["a.b"] 1 → 2 !',
      "rules[1].port 81 → 82 !",
    ])
  })

  test("treat null as absent, and leave out empty values of a new resource", () => {
    expect(differences({ before: { a: null, b: 1 }, after: { b: 1, c: null } })).toEqual([])
    const created = { a: null, b: [], c: {}, d: false, e: { f: "" } }
    expect(differences({ actions: ["create"], before: null, after: created })).toEqual([
      "d  → false",
      'e.f  → ""',
    ])
    expect(differences({ before: { a: null }, after: { a: [] } })).toEqual(["a  → []"])
  })

  test("report an entry in the middle of a list as one difference", () => {
    expect(differences({ before: { a: [1, 2, 3] }, after: { a: [1, 9, 2, 3] } })).toEqual(["a[1]  → 9"])
    expect(differences({ before: { a: [1, 2, 3] }, after: { a: [1, 3] } })).toEqual(["a[1] 2 → "])
    expect(differences({ before: { a: [1, 1] }, after: { a: [1, 1, 1] } })).toEqual(["a[2]  → 1"])
  })

  test("report a change of type", () => {
    expect(differences({ before: { a: [1] }, after: { a: { b: 1 } } })).toEqual(['a [1] → {"b":1}'])
    expect(differences({ before: { a: 1 }, after: { a: "1" } })).toEqual(['a 1 → "1"'])
  })

  test("have a placeholder for values known after the apply", () => {
    const change = {
      before: { id: "i", list: ["a", "b"], map: { k: "v" } },
      after: { list: ["a", null], map: {} },
      after_unknown: { id: true, list: [false, true], map: { k: true, new: true }, other: { x: false } },
    }
    expect(differences(change)).toEqual([
      'id "i" → (known after apply)',
      'list[1] "b" → (known after apply)',
      'map.k "v" → (known after apply)',
      "map.new  → (known after apply)",
    ])
  })

  test("treat the key __proto__ like any other", () => {
    const change = JSON.parse('{"before":{"__proto__":{"a":1}},"after":{"__proto__":{"a":2}}}') as object
    expect(differences({ ...change })).toEqual(["__proto__.a 1 → 2"])
  })
})

describe("sensitive values", () => {
  test("are hidden on both sides if one is sensitive, at every depth", () => {
    const change = {
      before: { a: { b: ["one1", "two2"], c: 1 }, d: "d1" },
      after: { a: { b: ["one1", "two3"], c: 2 }, d: "d2" },
      before_sensitive: { a: { b: [false, true] } },
      after_sensitive: { a: { c: true }, d: true },
    }
    expect(differences(change)).toEqual([
      "a.b[1] (sensitive) → (sensitive)",
      "a.c (sensitive) → (sensitive)",
      "d (sensitive) → (sensitive)",
    ])
  })

  test("are named if only their sensitivity changes", () => {
    const same = { before: { a: "same" }, after: { a: "same" } }
    expect(differences({ ...same, before_sensitive: {}, after_sensitive: { a: true } })).toEqual([
      "a (sensitive) → (sensitive) # becomes sensitive",
    ])
    expect(differences({ ...same, before_sensitive: { a: true }, after_sensitive: {} })).toEqual([
      "a (sensitive) → (sensitive) # is no longer sensitive",
    ])
    expect(differences({ ...same, before_sensitive: { a: true }, after_sensitive: { a: true } })).toEqual([])
  })

  test("are hidden as a whole if the mask covers the whole, or goes deeper than the value", () => {
    expect(
      differences({ before: { a: { k: 1 } }, after: { a: { k: 2 } }, after_sensitive: { a: true } }),
    ).toEqual(["a (sensitive) → (sensitive)"])
    expect(
      differences({ before: { a: "x" }, after: { a: "y" }, after_sensitive: { a: { b: true } } }),
    ).toEqual(["a (sensitive) → (sensitive)"])
    expect(
      differences({
        before: { a: "x" },
        after: {},
        after_unknown: { a: true },
        before_sensitive: { a: true },
      }),
    ).toEqual(["a (sensitive) → (known after apply)"])
  })

  test("are hidden without a mask: as a value, inside of one, as a key, in an address", () => {
    const secret = "hunter2-hunter2"
    const change = {
      before: { pw: secret, copy: "x", text: "x", [secret]: 1 },
      after: { pw: secret, copy: secret, text: `a ${secret} b`, [secret]: 2 },
      before_sensitive: { pw: true },
      after_sensitive: { pw: true },
    }
    expect(differences(change)).toEqual([
      'copy "x" → (sensitive)',
      'text "x" → "a (sensitive) b"',
      '["(sensitive)"] 1 → 2',
    ])
    const [named] = changesOf(plan({ resource_changes: [resource(`t.x["${secret}"]`, change)] }))
    expect(named?.address).toBe('t.x["(sensitive)"]')
  })
})

test("are hidden in outputs", () => {
  const output_changes = {
    same: { actions: ["no-op"], before: 1, after: 1 },
    new: { actions: ["create"], before: null, after: "v" },
    pw: { actions: ["update"], before: "a", after: "b", before_sensitive: true, after_sensitive: true },
    later: { actions: ["create"], before: null, after_unknown: true },
  }
  expect(outputChangesOf(plan({ output_changes }))).toEqual([
    { name: "new", action: "create", differences: [{ path: "", after: '"v"' }] },
    {
      name: "pw",
      action: "update",
      differences: [{ path: "", before: "(sensitive)", after: "(sensitive)" }],
    },
    { name: "later", action: "create", differences: [{ path: "", after: "(known after apply)" }] },
  ])
})

describe("attribute paths", () => {
  test("are written as in a configuration", () => {
    expect(pathText(["tags", "a.b", "c", 0, "x y"])).toBe('tags["a.b"].c[0]["x y"]')
    expect(below("", 'a"b')).toBe('["a\\"b"]')
    expect(pathText([{ set: 1 }])).toBe('[{"set":1}]')
  })

  test.each([
    ['tags["a"].b', "tags.a.b"],
    ['a[0]["x.y"]', 'a[0]["x.y"]'],
    ['["a b"].c', '["a b"].c'],
    [".a", undefined],
    ["a..b", undefined],
    ["a b", undefined],
    ["a[", undefined],
    ["a[x]", undefined],
    ['["a"]b', undefined],
    ["", undefined],
  ])("normalPath(%j) is %j", (written, normal) => {
    expect(normalPath(written)).toBe(normal)
  })

  test("isSameOrBelow compares whole steps", () => {
    expect(["a", "a.b", "a[0]", "ab", "b"].map((path) => isSameOrBelow("a", path))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ])
  })
})
