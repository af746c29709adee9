import { describe, expect, expectTypeOf, test } from "vitest"
import { SlipwayError } from "../../../src/lib/errors.js"
import { type Config, DEFAULTS } from "../../../src/lib/config/config.js"
import { checkConfig, formatProblem, parseConfig } from "../../../src/lib/config/parse.js"
import { bad, good } from "./samples.js"

const problemsOf = (text: string): string[] =>
  checkConfig(text).problems.map((problem) => formatProblem(problem))

function errorOf(text: string, file?: string): SlipwayError {
  try {
    parseConfig(text, file)
  } catch (error) {
    if (error instanceof SlipwayError) return error
  }
  throw new Error("no SlipwayError")
}

describe("what fits", () => {
  test.each(Object.entries(good))("%s", (_, text) => {
    expect(problemsOf(text)).toEqual([])
  })

  test("no file gives the defaults", () => {
    expect(parseConfig(undefined)).toBe(DEFAULTS)
    expect(parseConfig("")).toEqual(DEFAULTS)
    expect(DEFAULTS).toStrictEqual({
      version: 1,
      python: {},
      quality: { checks: ["black", "isort", "flake8", "mypy", "bandit"], paths: ["."] },
      parallel: 2,
      timeout: 600,
      images: { replace: {} },
    })
  })

  test("sections without content give the defaults", () => {
    expect(parseConfig(good["null sections"])).toEqual(DEFAULTS)
    expect(parseConfig(good["a null map"])).toEqual(DEFAULTS)
  })

  test("every key is read", () => {
    expect(parseConfig(good["everything"])).toEqual({
      version: 1,
      name: "upscaler-api",
      python: {
        version: "3.11",
        requirements: ["requirements.txt", "dev/requirements.txt"],
        index: "https://pypi.example.com/simple",
      },
      quality: { checks: ["mypy", "black"], paths: ["src", "tests"] },
      parallel: 4,
      timeout: 3600,
      images: {
        prefix: "mirror.example.com:5000/hub",
        replace: {
          python: "registry.example.com/python:3.11-slim",
          git: `alpine/git@sha256:${"0123456789abcdef".repeat(4)}`,
        },
      },
    })
  })

  test("a section keeps the defaults of the keys that it leaves out", () => {
    expect(parseConfig("quality: {checks: [mypy]}\n").quality).toEqual({ checks: ["mypy"], paths: ["."] })
  })

  test("a number as Python's version becomes a text", () => {
    expect(parseConfig("python: {version: 3.11}\n").python.version).toBe("3.11")
  })

  test.each([
    ["30s", 30],
    ["10m", 600],
    ["1h", 3600],
    ["99h", 356_400],
  ])("a timeout of %s", (text, seconds) => {
    expect(parseConfig(`timeout: ${text}\n`).timeout).toBe(seconds)
  })

  test("the configuration is frozen, the defaults too", () => {
    for (const config of [DEFAULTS, parseConfig(good["everything"])]) {
      expect(Object.isFrozen(config)).toBe(true)
      expect(Object.isFrozen(config.quality)).toBe(true)
      expect(Object.isFrozen(config.quality.checks)).toBe(true)
      expect(Object.isFrozen(config.images.replace)).toBe(true)
    }
  })

  test("the type follows from the spec", () => {
    expectTypeOf<Config>().toEqualTypeOf<{
      readonly version: 1
      readonly name?: string
      readonly python: {
        readonly version?: string
        readonly requirements?: readonly string[]
        readonly index?: string
      }
      readonly quality: {
        readonly checks: readonly ("black" | "isort" | "flake8" | "mypy" | "bandit")[]
        readonly paths: readonly string[]
      }
      readonly parallel: number
      readonly timeout: number
      readonly images: {
        readonly prefix?: string
        readonly replace: { readonly python?: string; readonly git?: string }
      }
    }>()
  })
})

describe("what doesn't fit", () => {
  test.each(Object.entries(bad))("%s", (_, [text, ...problems]) => {
    expect(problemsOf(text)).toEqual(problems.map((problem) => `slipway.yaml:${problem}`))
    expect(checkConfig(text).config).toBeUndefined()
  })

  test("a problem has its place and its path", () => {
    expect(checkConfig("quality:\n  paths: [a, /b]\n").problems).toEqual([
      {
        line: 2,
        column: 14,
        path: "quality.paths[1]",
        message: `expected a path relative to the service's folder, received "/b"`,
      },
    ])
  })

  test("a byte order mark takes no column", () => {
    expect(checkConfig("\uFEFFparalel: 1\n").problems).toMatchObject([{ line: 1, column: 1 }])
  })

  // The schema can't tell: by its value, this is 3.11.
  test("a number that loses a zero is never taken", () => {
    expect(problemsOf("python: {version: 3.110}\n")[0]).toContain(
      "the number 3.110; YAML reads it as 3.11, so put",
    )
  })

  test("a long value is cut short", () => {
    expect(problemsOf(`parallel: ${"x".repeat(1000)}\n`)).toEqual([
      `slipway.yaml:1:11: parallel: expected a whole number from 1 to 64, received "${"x".repeat(80)}…"`,
    ])
  })

  test("all problems are reported at once, in the order of the file", () => {
    const error = errorOf(
      `version: 3
nmae: api
name: My Service
python: {version: 3.10, requirements: [ok.txt, ../up.txt]}
quality:
  chekcs: [black]
  checks: [blck, mypy, mypy]
parallel: &many 100
timeout: soon
timeout: 1m
images:
  replace: {node: "node:20"}
`,
      "service/slipway.yaml",
    )
    expect(error.code).toBe("CONFIG_INVALID")
    expect(error.exitCode).toBe(4)
    expect(error.message).toMatchInlineSnapshot(`
      "service/slipway.yaml has 13 problems:
        service/slipway.yaml:1:10: version: expected 1, received the number 3
        service/slipway.yaml:2:1: nmae: unknown key; did you mean "name"?
        service/slipway.yaml:3:7: name: expected a DNS label: up to 63 of a-z, 0-9 and -, with a letter or digit at both ends, received "My Service"
        service/slipway.yaml:4:19: python.version: expected a text, received the number 3.10; YAML reads it as 3.1, so put it in quotes
        service/slipway.yaml:4:48: python.requirements[1]: expected a path that stays inside the service's folder, without "..", received "../up.txt"
        service/slipway.yaml:6:3: quality.chekcs: unknown key; did you mean "checks"?
        service/slipway.yaml:7:12: quality.checks[0]: expected one of black, isort, flake8, mypy, bandit, received "blck"; did you mean "black"?
        service/slipway.yaml:7:24: quality.checks[2]: "mypy" stands in the list twice, first on line 7
        service/slipway.yaml:8:11: anchors are not allowed, received "&many"; write the value itself at each place
        service/slipway.yaml:8:17: parallel: expected a whole number from 1 to 64, received the number 100
        service/slipway.yaml:9:10: timeout: expected a duration: 1 to 9999 seconds or minutes, or 1 to 99 hours, such as "30s", "10m" or "1h", received "soon"
        service/slipway.yaml:10:1: timeout: the key stands twice, first on line 9
        service/slipway.yaml:12:13: images.replace.node: unknown key; expected one of python, git
      → mend each line above; \`slipway.schema.json\` lists every key [CONFIG_INVALID]"
    `)
  })

  test("at most fifty problems are listed", () => {
    const keys = (count: number) => Array.from({ length: count }, (_, key) => `key${key}: 1\n`).join("")
    const lines = errorOf(keys(63))
      .message.split("\n")
      .filter((line) => line.includes("unknown key"))
    expect(lines).toHaveLength(50)
    expect(errorOf(keys(63)).message).toContain("\n  … and 13 more\n")
    expect(errorOf(keys(50)).message).not.toContain("more")
    expect(checkConfig(keys(63)).problems).toHaveLength(63)
  })
})
