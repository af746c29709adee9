import { describe, expect, it } from "vitest"
import { junit } from "../../../src/lib/report/junit.js"
import { finding, HOSTILE, stage, testCase, without } from "./stages.js"

interface Element {
  name: string
  attributes: Record<string, string>
  text: string
  children: Element[]
}

/** Parses XML of elements, attributes and text; throws if it isn't well formed. */
function parse(document: string): Element {
  // eslint-disable-next-line no-control-regex -- forbidden in XML 1.0
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

  it("has a finding's rule, location, message and the command to repeat it", () => {
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

  it("has one failed case for a failed stage without findings", () => {
    expect(cases(stage("failed"))).toMatchObject([
      {
        attributes: { name: "flake8", classname: "quality" },
        children: [{ name: "failure", attributes: { message: "1 problem in 1 file" } }],
      },
    ])
  })

  it("has no case for a note", () => {
    expect(cases(stage("passed", [finding({ level: "note" })]))).toHaveLength(1)
    expect(cases(stage("failed", [finding(), finding({ level: "note" })]))).toHaveLength(1)
  })

  it("leaves out an unknown location", () => {
    const placeless = without("file", "line", "column")
    expect(cases(stage("failed", [placeless]))[0]?.attributes).toEqual({ name: "F401", classname: "flake8" })
  })

  it("is well formed for any names and messages", () => {
    const [found] = cases(
      stage("failed", [finding({ file: HOSTILE, message: HOSTILE, rule: HOSTILE })], { repro: HOSTILE }),
    )
    expect(found?.attributes.file).toBe(HOSTILE.replace(/[\x1b\0\uD800](?!\uDCA5)/g, "\uFFFD")) // eslint-disable-line no-control-regex -- as written
    expect(found?.children[0]?.attributes.message).toContain("a]]>\"'<&>|`@x\n::error::")
  })

  it("truncates names of a megabyte", () => {
    const huge = "x".repeat(1_000_000)
    expect(
      junit([stage("failed", [finding({ file: huge, message: huge })], { repro: huge })]).length,
    ).toBeLessThan(10_000)
  })

  it("is well formed without stages", () => {
    expect(parse(junit([])).children).toEqual([])
  })
})

describe("junit cases of tests", () => {
  const suite = (status: "passed" | "failed" | "error", ...tests: ReturnType<typeof testCase>[]): Element =>
    parse(junit([stage(status, [], { name: "unit", group: "tests", tests })])).children[0] as Element

  it("have name, location and time in the form of pytest and CI hosts", () => {
    const { attributes, children } = suite("passed", testCase())
    expect(attributes).toMatchObject({ name: "tests.unit", tests: "1", failures: "0", time: "1.234" })
    expect(children).toEqual([
      {
        name: "testcase",
        attributes: {
          name: "test_size[wav]",
          classname: "tests.unit.test_api.TestUpload",
          file: "tests/unit/test_api.py",
          line: "12",
          time: "0.250",
        },
        text: "",
        children: [],
      },
    ])
  })

  it.each([
    ["tests/test_a.py", "tests/test_a.py::test_b", "tests.test_a", "test_b"],
    ["tests/test_a.py", "tests/test_a.py::A::B::test_c", "tests.test_a.A.B", "test_c"],
    ["tests/test_a.py", "tests/test_a.py::test_b[x::y/z.py]", "tests.test_a", "test_b[x::y/z.py]"],
    ["t[1]/test_a.py", "t[1]/test_a.py::test_b", "t[1].test_a", "test_b"],
    ["t::1/test_a.py", "t::1/test_a.py::test_b", "t::1.test_a", "test_b"],
    ["lib/base.py", "tests/test_a.py::test_inherited", "tests.test_a", "test_inherited"],
    ["a.py", "no separator", "", "no separator"],
    ["a.py", "a.py::", "a", "a.py::"],
  ])("in %s for %s have the names %s %s", (file, id, classname, name) => {
    const [found] = suite("passed", testCase({ id, file })).children
    expect(found?.attributes).toMatchObject({ classname, name, file })
  })

  it("have the failure with the traceback", () => {
    const { attributes, children } = suite(
      "failed",
      testCase({ status: "failed", message: "assert 1 == 2", details: "def test():\n>   assert 1 == 2" }),
      testCase({ status: "error", message: "no database" }),
      testCase({ status: "skipped", message: "needs a GPU" }),
      testCase(),
    )
    expect(attributes).toMatchObject({ tests: "4", failures: "1", errors: "1", skipped: "1" })
    expect(children.map(({ children: [result] }) => result)).toMatchObject([
      {
        name: "failure",
        attributes: { message: "assert 1 == 2", type: "failed" },
        text: "def test():\n>   assert 1 == 2",
      },
      { name: "error", attributes: { message: "no database", type: "error" }, text: "no database" },
      { name: "skipped", attributes: { message: "needs a GPU" } },
      undefined,
    ])
  })

  it("pass for flaky tests, with Surefire's element and a text for people", () => {
    const { attributes, children } = suite(
      "passed",
      testCase({ reruns: 2, message: "timed out" }),
      testCase({ reruns: 1 }),
    )
    expect(attributes).toMatchObject({ failures: "0", errors: "0", skipped: "0" })
    expect(
      children.map((test) =>
        test.children.map(({ name, attributes: { message }, text }) => [name, message, text]),
      ),
    ).toEqual([
      [
        ["flakyFailure", "timed out", ""],
        ["system-out", undefined, "flaky: failed 2 times before it passed: timed out"],
      ],
      [
        ["flakyFailure", "flaky: failed once before it passed", ""],
        ["system-out", undefined, "flaky: failed once before it passed"],
      ],
    ])
  })

  it("aren't flaky if every rerun failed", () => {
    const [failed] = suite("failed", testCase({ status: "failed", reruns: 2 })).children
    expect(failed?.children.map(({ name }) => name)).toEqual(["failure"])
  })

  it("replace findings of the same tests, and no others", () => {
    const failed = testCase({ status: "failed" })
    const same = finding({ tool: "pytest", rule: "TestUpload::test_size[wav]", file: failed.file })
    const other = finding({ tool: "pytest", rule: "collection", file: "tests/test_b.py" })
    const report = stage("failed", [same, other], { tests: [failed] })
    expect(cases(report).map(({ attributes: { name } }) => name)).toEqual([
      "collection tests/test_b.py:3",
      "test_size[wav]",
    ])
  })

  it("include a failed one for the suite if all tests of a failed suite passed", () => {
    for (const status of ["failed", "error"] as const)
      expect(suite(status, testCase()).children.map(({ children }) => children[0]?.name)).toEqual([
        status === "failed" ? "failure" : "error",
        undefined,
      ])
  })

  it("are well formed and bounded for any names and output", () => {
    const huge = HOSTILE + "x".repeat(1_000_000)
    const hostile = { id: `${HOSTILE}::${huge}`, file: huge, message: huge, details: huge }
    const statuses = ["passed", "failed", "error", "skipped"] as const
    const tests = statuses.map((status) => testCase({ ...hostile, status, reruns: 1 }))
    const text = junit([stage("failed", [], { tests })])
    expect(parse(text).children[0]?.children).toHaveLength(4)
    expect(text.length).toBeLessThan(40_000)
  })

  it("have tracebacks for the first 200 failures", () => {
    const tests = Array.from({ length: 300 }, () =>
      testCase({ status: "failed", message: "m", details: "d" }),
    )
    const shown = suite("failed", ...tests).children.map(({ children: [result] }) => result?.text)
    expect(shown.filter((text) => text === "d")).toHaveLength(200)
    expect(shown.slice(200).join("")).toBe("")
  })
})

describe("a junit case of a finding below the gate", () => {
  it("isn't a failure", () => {
    const below = finding({ advisory: true })
    expect(
      cases(stage("failed", [below, finding({ line: 9 })])).map(({ attributes }) => attributes.line),
    ).toEqual(["9"])
    expect(cases(stage("failed", [below]))).toMatchObject([{ attributes: { name: "flake8" } }])
    expect(cases(stage("error", [below]))).toHaveLength(1)
    expect(cases(stage("passed", [below]))).toMatchObject([{ children: [] }])
  })
})
