import { describe, expect, it } from "vitest"
import { junit } from "../../../src/lib/report/junit.js"
import { finding, HOSTILE, stage, without } from "./stages.js"

interface Element {
  name: string
  attributes: Record<string, string>
  text: string
  children: Element[]
}

/** Reads XML of elements, attributes and text, and throws at whatever isn't well formed. */
function parse(document: string): Element {
  // eslint-disable-next-line no-control-regex -- what XML 1.0 forbids
  if (/[\0-\x08\x0B\x0C\x0E-\x1F\uFFFE\uFFFF]|\p{Cs}/u.test(document))
    throw new Error("a character that is no XML")
  const root: Element = { name: "", attributes: {}, text: "", children: [] }
  const open = [root]
  const token = /<\?xml[^?]*\?>|<\/([\w-]+)>|<([\w-]+)((?: [\w-]+="[^"<]*")*)(\/?)>|([^<]+)/gy
  let end = 0
  for (const [all, closed, name, attributes = "", empty, text] of document.matchAll(token)) {
    end += all.length
    const parent = open.at(-1) as Element
    if (closed !== undefined && open.pop()?.name !== closed) throw new Error(`</${closed}> closes another`)
    if (text !== undefined) parent.text += unescape(text)
    if (name === undefined) continue
    const pairs = [...attributes.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key = "", value = ""]) => [
      key,
      unescape(value),
    ])
    const element: Element = {
      name,
      attributes: Object.fromEntries(pairs) as Record<string, string>,
      text: "",
      children: [],
    }
    parent.children.push(element)
    if (empty === "") open.push(element)
  }
  if (end !== document.length || open.length !== 1)
    throw new Error(`not well formed at ${document.slice(end, end + 40)}`)
  return root.children[0] as Element
}

const ENTITIES: Record<string, string> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&apos;": "'",
}

function unescape(text: string): string {
  if (text.includes("]]>") || /&(?!(?:amp|lt|gt|quot|apos|#\d+);)/.test(text))
    throw new Error(`unescaped: ${text}`)
  return text.replace(/&(?:#(\d+)|\w+);/g, (entity, code?: string) =>
    code === undefined ? (ENTITIES[entity] ?? "") : String.fromCodePoint(Number(code)),
  )
}

const cases = (...stages: Parameters<typeof junit>[0]): Element[] =>
  parse(junit(stages)).children[0]?.children ?? []

describe("junit", () => {
  it("has a suite for each stage that counts its cases", () => {
    const report = parse(
      junit([
        stage("passed"),
        stage("failed", [finding(), finding({ line: 9 })]),
        stage("error", [finding()], { reason: "flake8 is not installed" }),
        stage("skipped"),
      ]),
    )
    expect(report.name).toBe("testsuites")
    expect(
      report.children.map(({ attributes: { name, tests, failures, errors, skipped, time } }) => [
        name,
        tests,
        failures,
        errors,
        skipped,
        time,
      ]),
    ).toEqual([
      ["quality.flake8", "1", "0", "0", "0", "1.234"],
      ["quality.flake8", "2", "2", "0", "0", "1.234"],
      ["quality.flake8", "2", "1", "1", "0", "1.234"],
      ["quality.flake8", "1", "0", "0", "1", "1.234"],
    ])
  })

  it("gives a finding its rule, place, message and the command that repeats it", () => {
    const [found] = cases(stage("failed", [finding()]))
    expect(found?.attributes).toEqual({
      name: "F401 app/main.py:3",
      classname: "flake8",
      file: "app/main.py",
      line: "3",
    })
    expect(found?.children[0]).toMatchObject({
      name: "failure",
      attributes: { message: "'os' imported but unused", type: "F401" },
      text: "app/main.py:3:1: 'os' imported but unused\nrepeat: dagger call debug --stage=flake8 terminal",
    })
  })

  it("fails a stage without findings as one case", () => {
    expect(cases(stage("failed"))).toMatchObject([
      {
        attributes: { name: "flake8", classname: "quality" },
        children: [{ name: "failure", attributes: { message: "1 problem in 1 file" } }],
      },
    ])
  })

  it("makes no case of a note", () => {
    expect(cases(stage("passed", [finding({ level: "note" })]))).toHaveLength(1)
    expect(cases(stage("failed", [finding(), finding({ level: "note" })]))).toHaveLength(1)
  })

  it("leaves out a place that isn't known", () => {
    const placeless = without("file", "line", "column")
    expect(cases(stage("failed", [placeless]))[0]?.attributes).toEqual({ name: "F401", classname: "flake8" })
  })

  it("is well formed whatever names and messages hold", () => {
    const [found] = cases(
      stage("failed", [finding({ file: HOSTILE, message: HOSTILE, rule: HOSTILE })], { repro: HOSTILE }),
    )
    expect(found?.attributes.file).toBe(HOSTILE.replace(/[\x1b\0\uD800](?!\uDCA5)/g, "\uFFFD")) // eslint-disable-line no-control-regex -- as written
    expect(found?.children[0]?.attributes.message).toContain("a]]>\"'<&>|`@x\n::error::")
  })

  it("clips names of a megabyte", () => {
    const huge = "x".repeat(1_000_000)
    expect(
      junit([stage("failed", [finding({ file: huge, message: huge })], { repro: huge })]).length,
    ).toBeLessThan(10_000)
  })

  it("is well formed with no stage", () => {
    expect(parse(junit([])).children).toEqual([])
  })
})
