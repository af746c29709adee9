import { describe, expect, it, test } from "vitest"
import { SlipwayError } from "../../../src/lib/errors/catalogue.js"
import {
  outdated,
  type PlanAbout,
  seal,
  sha256,
  stateIdentity,
  unseal,
} from "../../../src/lib/infra/sealed.js"

const ABOUT: PlanAbout = {
  schema: 1,
  environment: "staging",
  root: "infra/azure",
  sha: "0123456789abcdef",
  tool: "Terraform 1.5.7",
  lock: sha256("lock"),
  lineage: "5cbf",
  serial: 7,
  counts: { create: 1, update: 0, replace: 0, delete: 2 } as unknown as PlanAbout["counts"],
  run: "run-1",
  createdAt: "2026-03-01T12:00:00Z",
}
const PLAN = Buffer.from("PK\u0003\u0004 a plan, with a s3cret")
const KEY = "correct horse"
const sealed = seal({ about: ABOUT, plan: PLAN }, KEY)

function codeOf(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    return error instanceof SlipwayError ? error.code : String(error)
  }
  return "none"
}

const codes = (texts: readonly string[], key = KEY): string[] => [
  ...new Set(texts.map((text) => codeOf(() => unseal(text, key)))),
]

/** The text with one bit of one character turned. */
const flipped = (text: string, index: number, bit: number): string =>
  text.slice(0, index) + String.fromCharCode(text.charCodeAt(index) ^ (1 << bit)) + text.slice(index + 1)

const changed = (change: (envelope: Record<string, unknown>) => unknown): string =>
  JSON.stringify(change(JSON.parse(sealed) as Record<string, unknown>))

describe("a sealed plan", () => {
  it("opens with its key, and says nothing of the plan without", () => {
    expect(unseal(sealed, KEY)).toEqual({ about: ABOUT, plan: PLAN })
    expect(sealed).not.toContain("s3cret")
    expect(sealed).not.toContain(Buffer.from("s3cret").toString("base64").slice(0, 6))
    expect(JSON.parse(sealed)).toMatchObject({ about: ABOUT })
    expect(sealed.endsWith("}\n")).toBe(true)
  })

  it("is another each time", () => {
    expect(seal({ about: ABOUT, plan: PLAN }, KEY)).not.toBe(sealed)
  })

  it("holds an empty plan and a huge one", () => {
    for (const plan of [Buffer.alloc(0), Buffer.alloc(20_000_000, 7)])
      expect(unseal(seal({ about: ABOUT, plan }, KEY), KEY).plan.equals(plan)).toBe(true)
  })

  it("doesn't open with another key, or none", () => {
    for (const key of ["correct horse ", "Correct horse", "x"])
      expect(codes([sealed], key)).toEqual(["PLAN_KEY"])
    expect(codes([sealed], "")).toEqual(["NO_PLAN_KEY"])
    expect(codeOf(() => seal({ about: ABOUT, plan: PLAN }, ""))).toBe("NO_PLAN_KEY")
  })

  // Each costs a derived key where the text is still an envelope: so not every bit of it, but of every part some.
  it("doesn't open with a bit of it turned", () => {
    const ends = ["salt", "nonce", "data"].map((name) =>
      sealed.indexOf('"', sealed.indexOf(`"${name}":"`) + name.length + 4),
    )
    const last = ends.flatMap((end) =>
      [1, 2, 3].flatMap((back) => [0, 1, 2, 3, 4, 5, 6].map((bit) => flipped(sealed, end - back, bit))),
    )
    const all = Array.from({ length: Math.floor(sealed.length / 11) }, (_, index) =>
      flipped(sealed, index * 11, index % 7),
    )
    const turned = codes([...last, ...all])
    expect(turned.sort()).toEqual(["PLAN_FILE", "PLAN_KEY"])
  }, 60_000)

  test.each<[what: string, change: Parameters<typeof changed>[0]]>([
    ["another environment", (all) => ({ ...all, about: { ...ABOUT, environment: "production" } })],
    ["another serial", (all) => ({ ...all, about: { ...ABOUT, serial: 8 } })],
    ["more", (all) => ({ ...all, about: { ...ABOUT, more: 1 } })],
    ["less", (all) => ({ ...all, about: { ...ABOUT, run: undefined } })],
    [
      "another plan's data",
      (all) => ({
        ...all,
        data: (JSON.parse(seal({ about: ABOUT, plan: PLAN }, KEY)) as { data: string }).data,
      }),
    ],
  ])("doesn't open with %s", (_, change) => {
    expect(codes([changed(change)])).toEqual(["PLAN_KEY"])
  })

  it("doesn't open with __proto__ in what it is about", () => {
    expect(codes([sealed.replace('{"schema":1', '{"__proto__":{"serial":9},"schema":1')])).toEqual([
      "PLAN_KEY",
    ])
    expect(codes([sealed.replace('{"about"', '{"__proto__":{"about":1},"x"')])).toEqual(["PLAN_FILE"])
    expect(({} as { serial?: number }).serial).toBeUndefined()
  })

  test.each<[what: string, text: string]>([
    ["nothing", ""],
    ["null", "null"],
    ["a list", "[]"],
    ["a number", "7"],
    ["a plan of the tool's own", "PK\u0003\u0004"],
    ["half of one", sealed.slice(0, sealed.length / 2)],
    ["one without its end", sealed.trimEnd().slice(0, -1)],
    ["another schema", changed((all) => ({ ...all, about: { ...ABOUT, schema: 2 } }))],
    ["no root", changed((all) => ({ ...all, about: { ...ABOUT, root: 7 } }))],
    ["no salt", changed((all) => ({ ...all, salt: undefined }))],
    ["a short salt", changed((all) => ({ ...all, salt: "AAAA" }))],
    ["an empty nonce", changed((all) => ({ ...all, nonce: "" }))],
    ["data without a tag", changed((all) => ({ ...all, data: "AAAA" }))],
    ["data in another spelling", changed((all) => ({ ...all, data: `${String(all["data"])} ` }))],
    ["data as a list", changed((all) => ({ ...all, data: [all["data"]] }))],
  ])("is not %s", (_, text) => {
    expect(codes([text])).toEqual(["PLAN_FILE"])
  })

  it("is quoted in part where it is none", () => {
    expect(() => unseal("\u001b[31m".repeat(1e6), KEY)).toThrow(
      /^no plan of Slipway's begins with "\\u001b\[31m.{0,120}"\n/,
    )
  })
})

describe("what a plan was made of", () => {
  const now = { sha: ABOUT.sha, lock: ABOUT.lock, lineage: ABOUT.lineage, serial: ABOUT.serial }

  test.each<[change: Partial<typeof now>, words: string[]]>([
    [{}, []],
    [{ sha: "fedc" }, ["the commit: planned on 0123456789abcdef, now fedc"]],
    [{ sha: "" }, ["the commit: planned on 0123456789abcdef, now none"]],
    [{ lock: "" }, ["the lock file .terraform.lock.hcl"]],
    [{ serial: 8 }, ["the state: planned on serial 7 of 5cbf, now serial 8 of 5cbf"]],
    [{ lineage: "x" }, ["the state: planned on serial 7 of 5cbf, now serial 7 of x"]],
    [{ lineage: "", serial: -1 }, ["the state: planned on serial 7 of 5cbf, now no state"]],
  ])("is told where it changed: %j", (change, words) => {
    expect(outdated(ABOUT, { ...now, ...change })).toEqual(words)
  })

  it("is told all at once", () => {
    expect(outdated(ABOUT, { sha: "a", lock: "b", lineage: "c", serial: 1 })).toHaveLength(3)
  })
})

describe("a state's identity", () => {
  it("is its lineage and serial", () => {
    expect(stateIdentity('{"version":4,"serial":0,"lineage":"5cbf"}')).toEqual({ lineage: "5cbf", serial: 0 })
    expect(stateIdentity(" \n")).toEqual({ lineage: "", serial: -1 })
  })

  test.each([
    ['{"version": 4, "ser', "it is no JSON"],
    ["null", "it has no lineage and serial"],
    ["[]", "it has no lineage and serial"],
    ['{"lineage":"x"}', "it has no lineage and serial"],
    ['{"lineage":"x","serial":"7"}', "it has no lineage and serial"],
    ['{"lineage":"x","serial":-1}', "it has no lineage and serial"],
    ['{"lineage":"x","serial":9007199254740993}', "it has no lineage and serial"],
  ])("is not in %s", (text, reason) => {
    expect(() => stateIdentity(text)).toThrow(`the state can't be read: ${reason}`)
    expect(codeOf(() => stateIdentity(text))).toBe("STATE_UNREADABLE")
  })
})
