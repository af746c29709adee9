import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import type { Outcome, ToolRun } from "../../../src/lib/run/finding.js"
import { TOOLS, tool, type ToolContext, type ToolName } from "../../../src/lib/quality/index.js"

/** Real outputs of the pinned versions, recorded in /src. */
const runs = (name: ToolName): Record<string, ToolRun> =>
  JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), "utf8")) as Record<
    string,
    ToolRun
  >

const read = (name: ToolName, fixture: string): Outcome => {
  const run = runs(name)[fixture]
  if (run === undefined) throw new Error(`no fixture ${fixture} of ${name}`)
  return tool(name).read(run)
}

const names = TOOLS.map(({ name }) => name)
const HOSTILE = [
  "--- b.py",
  "-dash.py",
  "co:lon:3:5: E1 x.py",
  "new\nline.py",
  "quo\"te's → ünï.py",
  "us\x1fsep.py",
]

describe.each(names)("%s", (name) => {
  it("passes clean code with the number of checked files", () => {
    expect(read(name, "clean")).toEqual({
      status: "passed",
      reason: expect.any(String) as string,
      findings: [],
    })
  })

  it("returns an error if no file was checked", () => {
    expect(read(name, "none")).toMatchObject({
      status: "error",
      reason: expect.stringMatching(/no file|no \.py/) as string,
    })
  })

  it("reads hostile file names completely, with their lines", () => {
    const outcome = read(name, "hostile")
    expect(outcome.status).toBe("failed")
    expect([...new Set(outcome.findings.map(({ file }) => file))].sort()).toEqual(HOSTILE)
    expect(
      outcome.findings.every(
        ({ tool, line, message }) => tool === name && line !== undefined && message !== "",
      ),
    ).toBe(true)
  })

  it.each([
    [127, "", `${name} is not installed (exit code 127)`],
    [137, "", "was killed (exit code 137), possibly out of memory: no output"],
    [139, "", "was killed by signal 11 (exit code 139)"],
    [1, "", "could not run (exit code 1): no output"],
    [2, "usage: x\nx: error: no such option\n", "(exit code 2): x: error: no such option"],
    [
      1,
      'Traceback (most recent call last):\n  File "x"\nValueError: nope\n',
      "(exit code 1): ValueError: nope",
    ],
  ])("returns an error for exit code %i", (exitCode, stderr, reason) => {
    const outcome = tool(name).read({ exitCode, stdout: "", stderr })
    expect(outcome).toEqual({
      status: "error",
      reason: expect.stringContaining(reason) as string,
      findings: [],
    })
  })

  it("clips a reason of any length to one line", () => {
    const { reason } = tool(name).read({ exitCode: 3, stdout: "", stderr: `error: ${"x\t".repeat(5000)}` })
    expect(reason).toMatch(/^[^\n\t]{1,300}$/)
  })

  it("never passes with a failing exit code or after a crash", () => {
    const clean = runs(name).clean as ToolRun
    for (const exitCode of [1, 2, 123, 137])
      expect(tool(name).read({ ...clean, exitCode }).status).toBe("error")
  })
})

describe("a syntax error", () => {
  it.each([
    ["black", { rule: "syntax", file: "broken.py", line: 2, column: 5, message: "cannot parse: def (:" }],
    ["flake8", { rule: "E999", file: "broken.py", line: 2, column: 6, level: "error" }],
    ["mypy", { rule: "syntax", file: "broken.py", line: 2, column: 6 }],
    ["bandit", { rule: "unread", file: "broken.py", message: "syntax error while parsing AST from file" }],
  ] as const)("fails %s", (name, finding) => {
    const outcome = read(name, "syntax")
    expect(outcome.status).toBe("failed")
    expect(outcome.findings[0]).toMatchObject(finding)
  })

  it("has its place in a file with a hostile name", () => {
    expect(read("black", "syntaxHostile").findings).toMatchObject([
      { file: "broken\nname 3:5: x.py", line: 1, column: 5 },
    ])
  })
})

describe("an invalid configuration", () => {
  it.each([
    ["black", "brokenToml", "tomllib.TOMLDecodeError: Expected ']'"],
    ["isort", "brokenToml", "Failed to pull configuration information from /src/pyproject.toml"],
    ["isort", "badOption", "settings that it doesn't support: - bogus = True"],
    ["flake8", "badOption", "ValueError: invalid literal for int() with base 10: 'abc'"],
    ["mypy", "brokenToml", "mypy ignored pyproject.toml: Expected ']'"],
    ["mypy", "configErrors", "mypy ignored mypy.ini: [mypy]: strict: Not a boolean: maybe"],
    ["mypy", "badOption", 'Error importing plugin "nope"'],
    ["bandit", "brokenToml", "Expected ']'"],
  ] as const)("is an error of %s (%s)", (name, fixture, reason) => {
    expect(read(name, fixture)).toMatchObject({
      status: "error",
      reason: expect.stringContaining(reason) as string,
    })
  })
})

describe("a configuration that changes the output", () => {
  it.each([
    ["black", 2], // quiet, color
    ["isort", 2], // quiet, color_output
    ["flake8", 12], // format, show-source, count, statistics, color
  ] as const)("hides nothing of %s", (name, findings) => {
    expect(read(name, "odd")).toMatchObject({ status: "failed", findings: { length: findings } })
  })

  it("results in an error if it hides the findings", () => {
    expect(read("flake8", "quiet").reason).toMatch(/set quiet\?$/)
    expect(read("bandit", "quiet")).toMatchObject({
      status: "error",
      reason: expect.stringContaining("RuntimeError") as string,
    })
  })
})

describe("a missing path", () => {
  it.each([
    ["black", "error", "Path 'nosuch' does not exist"],
    ["isort", "error", "nosuch was broken path"],
    ["bandit", "failed", "1 problem in 1 file"], // with exit code 0
  ] as const)("never passes %s", (name, status, reason) => {
    expect(read(name, "missing")).toMatchObject({ status, reason: expect.stringContaining(reason) as string })
  })
})

describe("black", () => {
  it("reports why a file can't be read", () => {
    expect(read("black", "encoding").findings).toMatchObject([
      { rule: "unreadable", file: "enc.py", message: "unknown encoding: nonsense" },
      { rule: "unreadable", file: "utf.py" },
    ])
  })

  it("reads syntax errors in the format before version 26", () => {
    const stderr =
      "error: cannot format /src/co: lon.py: Cannot parse: 2:4: def (:\nwould reformat /src/a.py\n"
    expect(tool("black").read({ exitCode: 123, stdout: "", stderr }).findings).toEqual([
      {
        tool: "black",
        rule: "syntax",
        level: "error",
        file: "co: lon.py",
        line: 2,
        column: 5,
        message: "Cannot parse: def (:",
      },
    ])
  })

  it("reports its own defect as an error, not as a failure", () => {
    const stderr = "error: cannot format a.py: INTERNAL ERROR: Black produced code that is not equivalent\n"
    expect(tool("black").read({ exitCode: 123, stdout: "", stderr }).status).toBe("error")
  })
})

describe("isort", () => {
  it("fails for files that it would skip for their encoding", () => {
    expect(read("isort", "encoding")).toMatchObject({
      status: "failed",
      findings: [{ rule: "unreadable", file: "utf.py" }, { file: "enc.py" }],
    })
  })

  it("returns an error if one of several paths is missing, though the exit code is 0", () => {
    const stdout = "SUCCESS: /src/a.py Everything Looks Good!\nBroken 1 paths\n"
    expect(tool("isort").read({ exitCode: 0, stdout, stderr: "" }).status).toBe("error")
  })

  it("reports a file whose diff can't be parsed", () => {
    const stderr = "ERROR: /src/a b.py Imports are incorrectly sorted and/or formatted.\n"
    expect(tool("isort").read({ exitCode: 1, stdout: "", stderr }).findings).toMatchObject([
      { file: "a b.py" },
    ])
  })
})

describe("flake8", () => {
  it("returns an error if it crashes halfway, with the findings up to then", () => {
    const stdout = "\x1d./a.py\x1f1\x1f1\x1fF401\x1fm\x1e\n"
    const stderr = "Traceback (most recent call last):\n  File 'x'\nUnicodeEncodeError: nope\n"
    expect(tool("flake8").read({ exitCode: 1, stdout, stderr })).toMatchObject({
      status: "error",
      findings: [{ file: "a.py" }],
    })
  })

  it("reports rule, place and level", () => {
    expect(read("flake8", "hostile").findings.slice(0, 2)).toEqual([
      {
        tool: "flake8",
        rule: "F401",
        level: "error",
        file: "--- b.py",
        line: 2,
        column: 1,
        message: "'os' imported but unused",
      },
      expect.objectContaining({ rule: "E702", line: 3, column: 11 }),
    ])
    expect(read("flake8", "hostile").findings.find(({ rule }) => rule === "W292")?.level).toBe("warning")
  })
})

describe("mypy", () => {
  it("counts columns from 1", () => {
    expect(read("mypy", "hostile").findings[0]).toMatchObject({ rule: "assignment", line: 3, column: 18 })
  })

  it("reads the format without JSON, before 1.11", () => {
    const stdout =
      'with space.py:2:10: error: Incompatible types in assignment  [assignment]\nb.py:3: note: See "x"\nFound 1 error in 1 file (checked 1 source file)\n'
    expect(tool("mypy").read({ exitCode: 1, stdout, stderr: "" })).toMatchObject({
      status: "failed",
      reason: "1 problem in 2 files",
      findings: [
        {
          file: "with space.py",
          line: 2,
          column: 10,
          rule: "assignment",
          message: "Incompatible types in assignment",
        },
        { file: "b.py", line: 3, level: "note" },
      ],
    })
  })

  it("fails for a binary file, and returns an error for a module in two places", () => {
    expect(read("mypy", "encoding")).toMatchObject({
      status: "failed",
      findings: [{ file: "utf.py", rule: "undecodable" }],
    })
    expect(read("mypy", "duplicate").findings[0]).not.toHaveProperty("line") // -1 there
    expect(read("mypy", "duplicate")).toMatchObject({
      status: "error",
      reason: expect.stringContaining('y/a.py: Duplicate module named "a"') as string,
    })
  })

  it("returns an error if it crashes, whatever it found before", () => {
    const stderr = "error: INTERNAL ERROR -- Please try using mypy master on GitHub:\n"
    const stdout =
      '{"file": "a.py", "line": 1, "column": 0, "message": "m", "code": "syntax", "severity": "error"}\n'
    expect(tool("mypy").read({ exitCode: 2, stdout, stderr })).toMatchObject({
      status: "error",
      findings: { length: 1 },
    })
  })

  it("passes with notes", () => {
    const stdout =
      '{"file": "a.py", "line": 1, "column": 0, "message": "m", "code": null, "severity": "note"}\n'
    expect(tool("mypy").read({ exitCode: 0, stdout, stderr: "" })).toMatchObject({
      status: "passed",
      findings: [{ level: "note" }],
    })
  })

  it("passes with notes alone, for which its exit code is 1 as it prints JSON", () => {
    const note = (line: number) =>
      `{"file": "a.py", "line": ${line}, "column": 4, "message": "By default the bodies of untyped functions are not checked", "hint": null, "code": "annotation-unchecked", "severity": "note"}\n`
    const run = { exitCode: 1, stdout: note(3) + note(9), stderr: "" }
    expect(tool("mypy").read(run)).toMatchObject({ status: "passed", reason: "no type errors" })
    expect(tool("mypy").read({ ...run, stderr: "mypy: killed\n" }).status).toBe("error")
  })
})

describe("bandit", () => {
  it("reports rule, place, severity and confidence", () => {
    expect(read("bandit", "hostile").findings[0]).toMatchObject({
      rule: "B101",
      level: "warning",
      line: 3,
      column: 1,
    })
    expect(read("bandit", "hostile").findings[0]?.message).toMatch(/\(severity low, confidence high\)$/)
  })

  it.each(["[]", "null", '{"results": 1}', "{}", '{"metrics": {"a.py": {}}}', "not json"])(
    "is an error for the report %s",
    (stdout) => {
      expect(tool("bandit").read({ exitCode: 0, stdout, stderr: "" }).status).toBe("error")
    },
  )
})

describe("a tool's own words", () => {
  const tracebackOf = (exception: string) =>
    `\nTraceback (most recent call last):\n  File "mypy/build.py", line 740, in load_plugins\n${exception}\n\n`

  it("are mypy's internal error with its place, the plug-in and the cause, which stand on stdout", () => {
    const said = "INTERNAL ERROR -- Please try using mypy master on GitHub:\nhttps://mypy.readthedocs.io"
    const stdout = `Error calling the plugin(version) entry point of plug.py\n${tracebackOf("FileNotFoundError: VERSION")}`
    expect(tool("mypy").read({ exitCode: 2, stdout, stderr: `error: ${said}\n` })).toMatchObject({
      status: "error",
      reason:
        "mypy could not run (exit code 2): INTERNAL ERROR: Error calling the plugin(version) entry point of plug.py: FileNotFoundError: VERSION",
    })
    const at = { exitCode: 2, stdout: tracebackOf("KeyError: 'A'"), stderr: `/src/a.py:9: error: ${said}\n` }
    expect(tool("mypy").read(at).reason).toContain("INTERNAL ERROR at a.py:9: KeyError: 'A'")
  })

  it("are the list behind flake8's first line", () => {
    const stderr =
      "There was a critical error during execution of Flake8:\nrequired plugins were not installed!\n- installed: mccabe\n- missing: flake8-foo\n"
    expect(tool("flake8").read({ exitCode: 1, stdout: "", stderr }).reason).toContain(
      "required plugins were not installed! - installed: mccabe - missing: flake8-foo",
    )
  })

  it("are black's required version, with what to write", () => {
    const stderr = "Oh no! 💥 💔 💥 The required version `22` does not match the running version `26.10.1`!\n"
    expect(tool("black").read({ exitCode: 1, stdout: "", stderr }).reason).toMatch(
      /The required version `22` does not match .*; pin black to 22 in the development requirements$/,
    )
  })
})

describe("modules of one name", () => {
  const context: ToolContext = { paths: ["."], configured: true, excludes: [] }
  const duplicate = (name: string) => ({
    exitCode: 2,
    stdout: `{"file": "b/${name}.py", "line": -1, "column": -1, "message": "Duplicate module named \\"${name}\\" (also at \\"./a/${name}.py\\")", "hint": "a", "code": null, "severity": "error"}\n`,
    stderr: "",
  })
  const again = (name: string, from: ToolContext) => tool("mypy").again?.(duplicate(name), from)

  it("are told apart by their folders, pytest's left out before", () => {
    expect(again("conftest", context)).toEqual({ ...context, apart: "conftest" })
    expect(again("conftest", { ...context, configured: false })?.apart).toBe("packages")
    expect(again("main", context)).toEqual({ ...context, apart: "packages" })
    expect(again("main", { ...context, apart: "conftest" })?.apart).toBe("packages")
    expect(again("main", { ...context, apart: "packages" })).toBeUndefined()
    expect(
      tool("mypy").again?.({ exitCode: 1, stdout: "a.py:1: error: No\n", stderr: "" }, context),
    ).toBeUndefined()
  })

  it("are an error that says what to write if that doesn't help either", () => {
    expect(tool("mypy").read(duplicate("main")).reason).toMatch(
      /b\/main\.py: Duplicate module named "main".*; set explicit_package_bases or exclude in mypy's configuration, or quality\.paths/,
    )
  })
})
