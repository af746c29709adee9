import { beforeEach, afterEach, describe, expect, test } from "vitest"
import { checkConfig, formatProblem } from "../../../src/lib/config/parse.js"

/** The first problem, and the number of problems. */
function first(text: string): [problem: string, count: number] {
  const { problems, config } = checkConfig(text)
  expect(config).toBeUndefined()
  const [problem] = problems
  return [problem ? formatProblem(problem) : "none", problems.length]
}

const fill = (unit: string): string => unit.repeat(Math.floor((256 * 1024) / Buffer.byteLength(unit)))

// CPU time of the process: on a busy machine, wall-clock time would fail a fast parser.
let began = process.cpuUsage()
beforeEach(() => {
  began = process.cpuUsage()
})
afterEach(() => {
  const { user, system } = process.cpuUsage(began)
  expect((user + system) / 1000, "milliseconds").toBeLessThan(2000)
})

describe("checkConfig limits size:", () => {
  test("10 MB", () => {
    expect(first("#".repeat(10 * 1024 * 1024))).toEqual([
      "slipway.yaml:1:1: the file is too large: expected at most 262144 bytes, received 10485760",
      1,
    ])
  })

  test("counts bytes, not characters", () => {
    expect(checkConfig("#".repeat(256 * 1024)).problems).toEqual([])
    expect(first("#" + "ü".repeat(128 * 1024))[0]).toContain("received 262145")
  })

  test("too many parts", () => {
    expect(first(fill("a:\n"))).toEqual([
      "slipway.yaml:6667:3: the file has too many parts: expected at most 20000",
      1,
    ])
  })
})

describe("checkConfig reports characters:", () => {
  test.each([
    ["a NUL", "name: a\0b\n", "1:8", "0000"],
    ["what wasn't UTF-8", "parallel: 1\nname: \uFFFD\n", "2:7", "FFFD"],
    ["an escape", "# \u001b[2J\n", "1:3", "001B"],
    ["the lexer's own marks", "name: \u001fx\n", "1:7", "001F"],
    ["a control character of the second kind", "# \u009b\n", "1:3", "009B"],
  ])("%s", (_, text, place, code) => {
    expect(first(text)).toEqual([
      `slipway.yaml:${place}: expected text in UTF-8, received the character U+${code}`,
      1,
    ])
  })

  test("quotes nothing that acts upon a terminal", () => {
    expect(first('"\\e[2J\\x9b\\u202e": 1\n')[0]).toContain(': "\\u001b[2J\\u009b\\u202e": unknown key')
  })
})

test("checkConfig quotes nothing of the parser's messages that acts upon a terminal", () => {
  expect(first('name: "\\\u202e"\n')[0]).toMatch(/Invalid escape sequence \\\\u202e$/)
})

describe("checkConfig refuses YAML beyond plain data:", () => {
  test("billion laughs", () => {
    const levels = Array.from({ length: 9 }, (_, n) => `l${n + 1}: &l${n + 1} [${`*l${n},`.repeat(9)}]`)
    const [problem, count] = first(["l0: &l0 [lol]", ...levels].join("\n"))
    expect(problem).toBe(
      "slipway.yaml:1:1: l0: unknown key; expected one of version, name, services, shared, python, quality, tests, security, image, release, infra, deploy, load, dast, notify, monitoring, branches, wrappers, cleanup, parallel, timeout, images, $schema",
    )
    expect(count).toBe(10 + 10 + 81)
  })

  test("an alias of itself", () => {
    const { problems } = checkConfig("quality: &q\n  paths: *q\n")
    expect(problems.map((problem) => formatProblem(problem))).toEqual([
      'slipway.yaml:1:10: anchors are not allowed, received "&q"; write the value itself at each place',
      'slipway.yaml:2:10: aliases are not allowed, received "*q"; write the value itself',
    ])
  })

  test.each([
    ["an alias as key", "*a : 1\n", 'aliases are not allowed, received "*a"; write the value itself'],
    [
      "a function",
      "name: !!js/function 'function () {}'\n",
      'tags are not allowed, received "!!js/function"',
    ],
    ["a tag of YAML", "parallel: !!int 4\n", 'tags are not allowed, received "!!int"'],
    ["a tag without prefix", "quality: !x!y {}\n", 'tags are not allowed, received "!x!y"'],
    ["a tag on the root", "!!map {}\n", 'tags are not allowed, received "!!map"'],
    ["a directive", "%YAML 1.1\n---\nparallel: 4\n", 'directives are not allowed, received "%YAML 1.1"'],
  ])("%s", (_, text, message) => {
    const [problem, count] = first(text)
    expect(problem).toContain(message)
    expect(count).toBe(1)
  })

  test("a merge key", () => {
    expect(first("quality:\n  <<: {paths: [a]}\n")).toEqual([
      'slipway.yaml:2:3: quality."<<": merge keys are not allowed; write the keys themselves',
      1,
    ])
  })

  test("several documents", () => {
    expect(first("parallel: 1\n---\nparallel: 2\n")).toEqual([
      "slipway.yaml:2:1: expected one document, received several",
      1,
    ])
  })
})

describe("checkConfig reports broken YAML:", () => {
  test.each([
    ["a tab", "quality:\n\tpaths: [a]\n", "2:1", "Tabs are not allowed as indentation"],
    ["an open bracket", "quality: {\n", "2:1", "Flow map in block collection must be sufficiently indented"],
    ["an open quote", 'name: "a\n', "2:1", 'Missing closing "quote'],
    ["two maps on a line", "name: a: b\n", "1:7", "Nested mappings are not allowed in compact mappings"],
    ["no colon", "parallel: 1\ntimeout\n", "2:1", "Implicit map keys need to be followed by map values"],
  ])("%s", (_, text, place, message) => {
    const [problem] = first(text)
    expect(problem).toContain(`slipway.yaml:${place}: not valid YAML: `)
    expect(problem).toContain(message)
  })
})

describe("checkConfig treats names of JavaScript as unknown keys:", () => {
  test.each(["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"])("%s", (key) => {
    expect(first(`${key}: {polluted: 1}\n`)[0]).toContain(`slipway.yaml:1:1: ${key}: unknown key`)
    expect(first(`images: {replace: {${key}: 'a:1'}}\n`)[0]).toContain(`images.replace.${key}: unknown key`)
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined()
  })
})

describe("checkConfig limits depth:", () => {
  const bomb = (unit: string): string => unit.repeat(10_000)

  test.each(["[", "{", "- ", "? ", "a: ", ": ", "[a: ", "{a: [", "- [", "- {a: ", "[{", "-\t", "[\n- "])(
    "%j",
    (unit) => {
      expect(first(bomb(unit))[0]).toMatch(
        /^slipway\.yaml:\d+:\d+: nested too deeply: expected at most 100 levels$/,
      )
    },
  )

  test.each([
    ["inside one bracket", `[${"a: ".repeat(9_000)}]`],
    ["behind a comma", "[x, a: a: a: ".repeat(1_000)],
    ["over lines in a bracket", `[${"a:\n".repeat(9_000)}]`],
    ["by indentation", Array.from({ length: 700 }, (_, level) => `${" ".repeat(level)}a:`).join("\n")],
    ["closed before", `${"]".repeat(9_000)}${"[".repeat(9_000)}`],
    ["closed again", `${"[".repeat(5_000)}${"]".repeat(5_000)}`],
  ])("%s", (_, text) => {
    expect(first(text)[0]).toContain("nested too deeply")
  })

  test("many siblings are not deep", () => {
    const text = `quality: {paths: [${Array.from({ length: 500 }, (_, n) => `p${n}`).join(", ")}]}\n`
    expect(checkConfig(text).problems).toEqual([])
    const pairs = Array.from({ length: 150 }, (_, n) => `k${n}: 1`).join(", ")
    expect(first(`{${pairs}}\n`)[0]).toContain("unknown key")
    expect(first("[]\n".repeat(200))[0]).not.toContain("deep")
    expect(first(`quality:\n${"  - a: [b]\n".repeat(300)}`)[0]).toContain("expected a map of keys")
  })
})

describe("checkConfig takes little time for", () => {
  test.each([
    "]",
    "[]",
    "{}",
    '""',
    "a: &a",
    "|1\n",
    "{a: b}\n",
    "x",
    "'",
    "\\",
    "a: [}\n",
    "#\n",
    "\n",
    " ",
    ",",
    "\t",
  ])("256 KiB of %j", (unit) => {
    checkConfig(fill(unit))
    checkConfig(unit.repeat(19_000 / unit.length))
  })

  test.each([
    "name",
    "timeout",
    "python: {version",
    "python: {index",
    "images: {prefix",
    "images: {replace: {git",
    "tests: {migrate",
    "tests: {unit: {marker",
    "tests: {unit: {workers",
    "tests: {postgres: {version",
    "tests: {postgres: {variable",
    "tests: {postgres: {scheme",
    "security: {database: {repository",
    "image: {target",
    "image: {args: [",
    "image: {health",
    "image: {budget",
    "release: {registry",
    "release: {repository",
    "release: {source",
    "release: {identity",
    "release: {issuer",
    "infra: {version",
    "infra: {environments: [",
    "infra: {variables: [",
    "infra: {backend: [",
    "infra: {workspace",
    "infra: {lockTimeout",
  ])("the patterns of %s", (key) => {
    const begin = key.endsWith("[") ? key : `${key}: `
    const end = (key.match(/[{[]/g) ?? []).reverse().map((open) => (open === "{" ? "}" : "]"))
    for (const unit of ["a", "a-", "a.", "a/", "../", "a:", "@", "//", "a@", "0"]) {
      const text = `${begin}"${unit.repeat(80_000 / unit.length)}!"${end.join("")}\n`
      expect(checkConfig(text).problems).toHaveLength(1)
    }
  })

  test("thousands of misspelt keys", () => {
    expect(first("parallex: 1\n".repeat(3_900))[1]).toBe(3_900)
    expect(first(`quality: {checks: [${"blac,".repeat(9_000)}]}\n`)[1]).toBe(17_999)
  })
})
