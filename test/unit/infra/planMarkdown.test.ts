import { describe, expect, test } from "vitest"
import { lineDiff } from "../../../src/lib/infra/lineDiff.js"
import { planMarkdown } from "../../../src/lib/infra/planMarkdown.js"
import { ABOUT, fixture, golden, plan, resource } from "./plans.js"
import { cost } from "../cost.js"

const markdown = (parts: Record<string, unknown>) => planMarkdown(plan(parts), ABOUT)

/** Diff of one changed attribute. */
const diff = (before: unknown, after: unknown): string => {
  const { text } = markdown({
    resource_changes: [resource("t.x", { before: { a: before }, after: { a: after } })],
  })
  return /```diff\n([^]*?)\n```/.exec(text)?.[1] ?? ""
}

/** Text without its fenced blocks, as CommonMark finds them. */
function outside(text: string): string {
  let fence = ""
  return text
    .split("\n")
    .filter((line) => {
      const [, run = ""] = /^ {0,3}(`{3,})[^`]*$/.exec(line) ?? []
      if (fence === "") {
        fence = run
        return run === ""
      }
      if (run.length >= fence.length && /^ {0,3}`+\s*$/.test(line)) fence = ""
      return false
    })
    .join("\n")
}

/** Asserts that only Slipway's own markup is active. */
function expectInert(text: string): void {
  const rest = outside(text)
    .replace(/<\/?(?:details|summary|code|b)>/g, "")
    .replace(/ \(\[download\]\(<https:[^<>\s]*>\)\)/, "")
  expect(rest).not.toMatch(/[<>]/)
  // Mentions in code have no effect.
  const prose = outside(text)
    .replace(/<code>[^<]*<\/code>/g, "")
    .replace(/&#\d+;/g, ";")
  expect(prose).not.toMatch(/[@#]\w|https?:\/\/(?!ci\.example\.com)/)
  expect(rest).not.toMatch(/[[\]]/)
  const count = (part: RegExp) => outside(text).match(part)?.length ?? 0
  expect(count(/<details>/g)).toBe(count(/<\/details>/g))
  expect(text).not.toMatch(/(?!\u200B|\uFE0F)\p{Default_Ignorable_Code_Point}/u)
  // eslint-disable-next-line no-control-regex -- controls are what must not be there
  expect(text).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069]/)
}

const DESTROYING = {
  resource_changes: [
    resource("azurerm_resource_group.main", {
      before: { name: "a", tags: { env: "x" } },
      after: { name: "a", tags: { env: "y" } },
    }),
    resource(
      'module.db.azurerm_postgresql_flexible_server.main["eu"]',
      {
        actions: ["delete", "create"],
        before: { id: "/subscriptions/1", name: "db-1", password: "old-password", zone: "1" },
        after: { name: "db-2", password: "new-password", zone: "1" },
        after_unknown: { id: true },
        before_sensitive: { password: true },
        after_sensitive: { password: true },
        replace_paths: [["name"], ["storage", 0, "tier"]],
      },
      { action_reason: "replace_because_cannot_update" },
    ),
    resource(
      "azurerm_redis_cache.old",
      { actions: ["delete"], before: { name: "old", port: 6380 }, after: null },
      { action_reason: "delete_because_no_resource_config", deposed: "1a2b3c4d" },
    ),
    resource("azurerm_role_assignment.kept", { actions: ["forget"], before: { id: "r" }, after: null }),
    resource("azurerm_policy.main", {
      before: { rule: JSON.stringify({ if: { field: "type", equals: "vm" }, then: { effect: "audit" } }) },
      after: { rule: JSON.stringify({ if: { field: "type", equals: "vm" }, then: { effect: "deny" } }) },
    }),
    resource("azurerm_container_registry.main", {
      actions: ["create"],
      before: null,
      after: { name: "registry", sku: "Basic" },
      after_unknown: { id: true },
    }),
    resource("azurerm_storage.in", {
      actions: ["no-op"],
      before: {},
      after: {},
      importing: { id: "/storage/1" },
    }),
  ],
  deferred_changes: [{ reason: "instance_count_unknown", resource_change: resource("azurerm_later.x", {}) }],
  output_changes: {
    url: { actions: ["update"], before: "https://a.example.com", after_unknown: true },
    token: {
      actions: ["update"],
      before: "old-token-1",
      after: "new-token-2",
      before_sensitive: true,
      after_sensitive: true,
    },
  },
}

describe("planMarkdown matches the golden file", () => {
  test("of a small plan", () => {
    const { text, complete } = planMarkdown(fixture("mixed"), ABOUT)
    expect(text).toBe(golden("small"))
    expect(complete).toBe(true)
  })

  test("of an empty plan", () => {
    expect(planMarkdown(fixture("empty"), ABOUT)).toEqual({ text: golden("empty"), complete: true })
  })

  test("of a destroying plan", () => {
    const about = { ...ABOUT, link: "https://ci.example.com/artifacts/1?a=b" }
    const { text, complete } = planMarkdown(plan(DESTROYING), about)
    expect(text).toBe(golden("destroying"))
    expect(complete).toBe(true)
    expectInert(text)
    for (const secret of ["password-", "old-p", "new-p", "-token-"]) expect(text).not.toContain(secret)
  })

  test("of a huge plan: its head, and its sizes", () => {
    const resources = Array.from({ length: 4000 }, (_, index) =>
      resource(
        `module.m.azurerm_thing.x[${index}]`,
        {
          actions: index % 4 === 0 ? ["delete", "create"] : index % 4 === 1 ? ["delete"] : ["update"],
          before: { id: `id-${index}`, text: "lorem ipsum ".repeat(50), name: `a-${index}` },
          after:
            index % 4 === 1
              ? null
              : { id: `id-${index}`, text: "lorem ipsum ".repeat(50), name: `b-${index}` },
          replace_paths: index % 4 === 0 ? [["name"]] : [],
        },
        { action_reason: index % 4 === 1 ? "delete_because_count_index" : "" },
      ),
    )
    const huge = plan({ resource_changes: resources })
    expect(JSON.stringify(huge.raw).length).toBeGreaterThan(5e6)
    let made = { text: "", complete: true }
    expect(cost(() => (made = planMarkdown(huge, ABOUT)))).toBeLessThan(2000)
    const { text, complete } = made
    expect(`${text.split("\n").slice(0, 12).join("\n")}\n`).toBe(golden("huge"))
    expect(complete).toBe(false)
    expect(Buffer.byteLength(text)).toBeLessThan(60_000)
    expect(Buffer.byteLength(text)).toBeGreaterThan(50_000)
    const named = text.match(/^- \*\*/gm)?.length ?? 0
    expect(named).toBeGreaterThan(150)
    expect(text).toContain(
      `Left out for lack of space: ${2000 - named} more destroyed or replaced, the diffs of `,
    )
    expect(text.endsWith(" The whole plan is in <code>out/terraform/staging/plan.json</code>.\n")).toBe(true)
    expectInert(text)
  })
})

describe("planMarkdown of a hostile plan", () => {
  const NASTY = [
    "</code></summary></details><script>alert(1)</script>",
    "`````\n</details>\n# @everyone",
    "~~~~\n```\n[x](javascript:alert(1)) ![](https://evil.example/x.png)",
    "\u202Egnp.exe\u2066\x1b[31m\u0000\u0007\u{E0041}\u2060",
    "| a | b |\n::error::x\r\n##[error]",
    "<!-- -->\n\n<details>\n@octocat #1 GH-1 https://evil.example",
    "\uD800 lone",
  ]

  test.each(NASTY)("escapes %j", (nasty) => {
    const before = { [nasty]: nasty, list: [nasty], long: `${nasty}\n`.repeat(50) }
    const after = { [nasty]: `${nasty}!`, list: ["x", nasty, nasty], long: `${nasty}\n`.repeat(60) }
    const all = ["update", "delete", "create", "forget", "no-op", nasty].map((action, index) =>
      resource(
        `t.x["${nasty}${index}"]`,
        { actions: [action], before, after, importing: { id: nasty }, replace_paths: [[nasty]] },
        { action_reason: nasty, deposed: nasty, previous_address: `t.y["${nasty}"]` },
      ),
    )
    const { text } = planMarkdown(
      plan({
        resource_changes: all,
        deferred_changes: [{ reason: nasty, resource_change: resource(nasty, {}) }],
        output_changes: { [nasty]: { actions: ["update"], before: nasty, after: `${nasty}?` } },
      }),
      {
        environment: nasty,
        root: nasty,
        commit: nasty,
        tool: nasty,
        artifact: nasty,
        link: `https://x.example/>)${nasty}`,
      },
    )
    expectInert(text)
    expect(Buffer.from(text).toString()).toBe(text)
  })

  test("is bounded for a value of 1 MB, and for very many names", () => {
    const big = "x`<\u202E".repeat(250_000)
    const { text, complete } = markdown({
      resource_changes: [
        resource("t.x", { before: { a: big, b: `${big}\n` }, after: { a: `${big}!`, b: big } }),
        resource(`t.y["${"`".repeat(100_000)}"]`, { actions: ["delete"], before: { a: 1 }, after: null }),
        resource("t.z", {
          actions: ["delete", "create"],
          replace_paths: Array.from({ length: 5000 }, (_, i) => [`p${i}`]),
        }),
      ],
    })
    expect(complete).toBe(false)
    expect(Buffer.byteLength(text)).toBeLessThan(60_000)
    expect(text).toContain("4995 more")
    expectInert(text)
  })

  test.each(["before", "after"])("contains no secret of the %s side in any form", (side) => {
    const secret = "correct-horse/battery+staple"
    const copy = {
      text: `x ${secret} y`,
      basic: Buffer.from(`user:${secret}`).toString("base64"),
      plain: secret,
    }
    const { text } = markdown({
      resource_changes: [
        resource("t.x", {
          before: {},
          after: {},
          [side]: { pw: secret },
          [`${side}_sensitive`]: { pw: true },
        }),
        resource(`t.y["${secret}"]`, { actions: ["create"], before: null, after: copy }),
        resource("t.z", { actions: ["create"], before: null, after: { json: JSON.stringify(copy) } }),
      ],
    })
    for (const form of [
      "horse",
      "battery",
      ...[0, 1, 2].map((at) =>
        Buffer.from(secret.slice(at, at + 12))
          .toString("base64")
          .slice(0, 12),
      ),
    ])
      expect(text).not.toContain(form)
  })
})

describe("planMarkdown's actions", () => {
  test("are shown, also in a plan without changes", () => {
    const invocations = [{ address: "action.t.wipe", invoke_action_trigger: {} }]
    const { text, complete } = planMarkdown(plan({ action_invocations: invocations }), ABOUT)
    expect(text).toContain("#### Actions that the apply carries out: 1\n\n- <code>action.t.wipe</code>\n")
    expect(text).not.toContain("No changes")
    expect(complete).toBe(true)
  })
})

describe("planMarkdown's diffs", () => {
  test("show values", () => {
    expect(diff("x", "y")).toBe('~ a: "x" → "y"')
    expect(diff(null, 1)).toBe("+ a: 1")
    expect(diff([true], [])).toBe("- a[0]: true")
  })

  test("compare texts line by line, with adjacent lines", () => {
    const lines = ["1", "2", "3", "4", "5", "6", "7", "8"]
    expect(diff(lines.join("\n"), lines.with(4, "five").join("\n"))).toBe(
      ["~ a:", "    …", "    3", "    4", "-   5", "+   five", "    6", "    7", "    …"].join("\n"),
    )
  })

  test("compare formatted JSON in a text; unchanged if only its white space differs", () => {
    expect(diff('{"a":1,"b":[2]}', '{"a":1,"b":[3]}')).toBe(
      ["~ a:", "    …", '      "a": 1,', '      "b": [', "-       2", "+       3", "      ]", "    }"].join(
        "\n",
      ),
    )
    expect(diff('{"a":1}', '{ "a": 1 }')).toBe('~ a: "{\\"a\\":1}" → "{ \\"a\\": 1 }"')
  })

  test("cut long values and many lines", () => {
    expect(diff("x", "y".repeat(10_000)).length).toBeLessThan(600)
    expect(diff("x", "y\n".repeat(1000))).toContain("    … and 922 more lines")
  })

  test("keep lines and their order", () => {
    const show = (before: string, after: string) =>
      lineDiff([...before], [...after])
        .map(({ sign, text }) => sign + text)
        .join("")
    expect(show("abcd", "abcd")).toBe(" a b c d")
    expect(show("abcd", "axcyd")).toBe(" a-b+x c+y d")
    expect(show("", "ab")).toBe("+a+b")
    expect(show("aab", "ab")).toBe(" a-a b")
  })

  test("take little time for very many lines", () => {
    const side = (word: string) => Array.from({ length: 30_000 }, (_, index) => `${word} ${index}`)
    const work = () => expect(lineDiff(side("a"), side("b"))).toHaveLength(60_000)
    expect(cost(work)).toBeLessThan(500)
  })
})

test("planMarkdown says that a plan is partial", () => {
  expect(markdown({ errored: true }).text).toContain("**Planning ended with an error")
})

test("planMarkdown's counts agree with its lists", () => {
  expect(markdown(DESTROYING).text).toContain(
    "**1 to add, 2 to change, 1 to replace, 1 to destroy, 1 to import, 1 to forget, 2 outputs to change**",
  )
})
