import { describe, expect, test } from "vitest"
import { maskedPlan } from "../../../src/lib/infra/maskedPlan.js"
import { SensitiveValues } from "../../../src/lib/infra/sensitiveValues.js"
import { fixture, plan, resource } from "./plans.js"
import { cost } from "../cost.js"

const SECRET = 'p4ss"w0rd\n+/long'
const base64 = (text: string): string => Buffer.from(text).toString("base64")

describe("SensitiveValues", () => {
  const hiding = (...values: unknown[]): SensitiveValues => {
    const secrets = new SensitiveValues()
    for (const value of values) secrets.add(value)
    return secrets
  }

  test("hides secrets from 4 characters on as whole values, and from 8 on inside others", () => {
    const secrets = hiding("abc", "abcd", "abcdefgh")
    expect(
      ["abc", "abcd", "xabcdx", "abcdefgh", "xabcdefghabcdefghx", "xabcdefghi"].map((t) => secrets.hide(t)),
    ).toEqual(["abc", "(sensitive)", "xabcdx", "(sensitive)", "x(sensitive)x", "x(sensitive)i"])
  })

  test("hides overlapping secrets", () => {
    expect(hiding("abcdefgh", "efghijkl").hide("-abcdefghijkl-")).toBe("-(sensitive)-")
    expect(hiding("abcdefgh", "abcdefghij").hide("-abcdefghijk")).toBe("-(sensitive)k")
  })

  test("ignores common words, blank texts and short numbers", () => {
    const secrets = hiding({ a: true, b: "true", c: "null", d: "        ", e: 5432, f: 123456789 })
    expect(["true", "null", "          ", "5432", "123456789"].map((t) => secrets.hide(t))).toEqual([
      "true",
      "null",
      "          ",
      "5432",
      "(sensitive)",
    ])
  })

  test.each([0, 1, 2, 3])("finds secrets in base64 after %d bytes", (before) => {
    const text = base64(`${"x".repeat(before)}${SECRET}yy`)
    expect(hiding(SECRET).hide(`a ${text} b`)).toContain("(sensitive)")
    const urlSafe = text.replaceAll("+", "-").replaceAll("/", "_")
    expect(hiding(SECRET).hide(urlSafe)).toContain("(sensitive)")
  })

  test("finds secrets escaped in JSON and URLs, and short ones in base64 as a whole", () => {
    const secrets = hiding(SECRET, "pass")
    expect(secrets.hide(JSON.stringify({ a: SECRET }))).toBe('{"a":"(sensitive)"}')
    expect(secrets.hide(`u:${encodeURIComponent(SECRET)}@h`)).toBe("u:(sensitive)@h")
    expect(secrets.hide(base64("pass"))).toBe("(sensitive)")
  })

  test("hides the rest of a text behind the beginning of a long secret", () => {
    const long = Array.from({ length: 400 }, (_, index) => index).join("-")
    expect(hiding(long).hide(`x${long}y`)).toBe("x(sensitive)")
  })

  test("hides many secrets with the same beginning", () => {
    const keys = Array.from({ length: 200 }, (_, index) => `-----BEGIN KEY ${index}`)
    expect(hiding(keys).hide(`x ${keys[150] ?? ""} y`)).toBe("x (sensitive)")
  })

  test("takes time that grows with the text alone", () => {
    const secrets = hiding(
      Array.from({ length: 20_000 }, (_, index) => `secret number ${index} ${index ** 3}`),
    )
    expect(cost(() => secrets.hide("secret_number_".repeat(100_000)))).toBeLessThan(1500)
  })
})

describe("maskedPlan", () => {
  const change = {
    before: { pw: SECRET, pin: "123", old: "456", n: 1 },
    after: { pw: SECRET, pin: "124", old: "457", copy: SECRET, list: [{ [SECRET]: `a${SECRET}` }], n: 2 },
    before_sensitive: { pw: true, old: true },
    after_sensitive: { pw: true, pin: true },
  }
  const whole = plan({
    variables: { pw: { value: "var-secret" }, open: { value: SECRET } },
    resource_changes: [resource(`t.x[${JSON.stringify(SECRET)}]`, change)],
    resource_drift: [resource("t.y", change)],
    deferred_changes: [{ reason: "r", resource_change: resource("t.z", change) }],
    output_changes: { o: { actions: ["update"], before: "x", after: "out-secret", after_sensitive: true } },
    planned_values: {
      outputs: { o: { sensitive: true, value: "out-secret" } },
      root_module: {
        resources: [
          { address: "t.x", values: { deep: ["state-secret"] }, sensitive_values: { deep: [true] } },
        ],
        child_modules: [
          {
            address: "module.m",
            resources: [{ values: { a: "xyz", b: "child-secret" }, sensitive_values: { a: true, b: true } }],
          },
        ],
      },
    },
    prior_state: {
      values: { outputs: { o: { sensitive: true, value: [7, "nested-secret"] } }, root_module: {} },
    },
    configuration: {
      root_module: {
        variables: { pw: { sensitive: true, default: "default-secret" }, open: {} },
        outputs: { o: { sensitive: true, expression: { constant_value: "constant-secret" } } },
        module_calls: {
          m: {
            expressions: { key: { constant_value: "pqr" }, plain: { constant_value: "plain" } },
            module: { variables: { key: { sensitive: true }, plain: {} } },
          },
        },
      },
    },
    action_invocations: [{ config_values: { t: "action-secret" }, config_sensitive: { t: true } }],
    checks: [
      { problems: [{ message: `is ${SECRET}, var-secret, nested-secret, action-secret, child-secret` }] },
    ],
    relevant_attributes: [{ resource: "t.x", attribute: ["x", SECRET] }],
  })

  test("contains no secret", () => {
    const json = JSON.stringify(maskedPlan(whole))
    const words = ["var", "out", "state", "default", "constant", "action", "nested", "child"].map(
      (each) => `${each}-secret`,
    )
    for (const secret of [...words, "123", "124", "456", "457", "xyz", "pqr", "p4ss", base64(SECRET)])
      expect(json.replace(/\(sensitive\)/g, "")).not.toContain(secret)
  })

  test("otherwise equals the plan", () => {
    const masked = maskedPlan(whole)
    expect(Object.keys(masked)).toEqual(Object.keys(whole.raw))
    expect(masked.format_version).toBe("1.2")
    expect(masked.resource_changes).toMatchObject([
      {
        address: 't.x["(sensitive)"]',
        mode: "managed",
        change: {
          actions: ["update"],
          before: { pw: "(sensitive)", pin: "(sensitive)", n: 1 },
          after: { pw: "(sensitive)", copy: "(sensitive)", n: 2, list: [{ "(sensitive)": "a(sensitive)" }] },
          after_sensitive: { pw: true, pin: true },
        },
      },
    ])
    expect(JSON.stringify(masked.configuration)).toContain('"constant_value":"plain"')
    const empty = fixture("recreated")
    expect(maskedPlan(empty)).toEqual(empty.raw)
  })

  test("hides values that OpenTofu doesn't mark as sensitive", () => {
    const json = JSON.stringify(maskedPlan(fixture("mixed")))
    expect(JSON.stringify(fixture("mixed").raw)).toContain("hunter2-hunter2")
    for (const secret of ["hunter2", "top-secret-thing", "sec-one-value"]) expect(json).not.toContain(secret)
  })

  test("keeps names of the format and of the configuration, whatever the secret is", () => {
    const odd = { pw: "resource_changes", q: "update", r: "managed", s: "postgres" }
    const masked = maskedPlan(
      plan({
        resource_changes: [
          resource("module.postgres.t.x", {
            before: odd,
            after: odd,
            before_sensitive: true,
            after_sensitive: true,
          }),
        ],
      }),
    )
    expect(masked.resource_changes).toMatchObject([
      {
        address: "module.postgres.t.x",
        mode: "managed",
        change: { actions: ["update"], before: "(sensitive)" },
      },
    ])
  })

  test("distinguishes keys that become equal", () => {
    const values = { ["key-secret-1"]: 1, ["key-secret-2"]: 2 }
    const masked = maskedPlan(
      plan({
        variables: { a: { value: values }, b: { value: ["key-secret-1", "key-secret-2"] } },
        configuration: { root_module: { variables: { b: { sensitive: true } } } },
      }),
    )
    expect(masked.variables).toEqual({
      a: { value: { "(sensitive)": 1, "(sensitive) 2": 2 } },
      b: { value: "(sensitive)" },
    })
  })

  test("masks 5 MB in less than 2 seconds", () => {
    const resources = Array.from({ length: 6000 }, (_, index) =>
      resource(`t.x[${index}]`, {
        before: { id: `id-${index}`, pw: `old-password-${index}`, text: "lorem ipsum ".repeat(20) },
        after: { id: `id-${index}`, pw: `new-password-${index}`, text: "dolor sit amet ".repeat(20) },
        before_sensitive: { pw: true },
        after_sensitive: { pw: true },
      }),
    )
    const large = plan({ resource_changes: resources })
    expect(JSON.stringify(large.raw).length).toBeGreaterThan(5e6)
    const work = () => expect(JSON.stringify(maskedPlan(large))).not.toContain("password-")
    expect(cost(work)).toBeLessThan(2000)
  })
})
