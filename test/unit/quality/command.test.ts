import { describe, expect, it } from "vitest"
import { TOOLS, tool, type ToolContext, type ToolName } from "../../../src/lib/quality/index.js"

const plain: ToolContext = { paths: ["."], configured: false, excludes: [".venv", "a b"] }
const own: ToolContext = { ...plain, configured: true }
const names = TOOLS.map(({ name }) => name)

describe("TOOLS", () => {
  it("are in order, each with a package and an exact version", () => {
    expect(names).toEqual(["black", "isort", "flake8", "mypy", "bandit"])
    for (const { name, package: requirement, version } of TOOLS) {
      expect(requirement.replace(/\[.*/, "")).toBe(name)
      expect(version).toMatch(/^\d+\.\d+\.\d+$/)
    }
  })

  it("can fix with black and isort only, by the same options as they check", () => {
    expect(TOOLS.filter(({ fixCommand }) => fixCommand).map(({ name }) => name)).toEqual(["black", "isort"])
    for (const { command, fixCommand } of TOOLS) {
      for (const flag of fixCommand?.(plain) ?? []) expect(command(plain)).toContain(flag)
    }
  })
})

describe.each(names)("%s", (name) => {
  it("doesn't take a path for a flag", () => {
    const command = tool(name).command({ ...plain, paths: ["-x", "a b"] })
    expect(command.slice(-3)).toEqual(["--", "-x", "a b"])
  })

  it("passes no paths if the configuration has them", () => {
    expect(tool(name).command({ ...own, paths: [] })).not.toContain("--")
  })

  it("adds no rule to the service's own configuration", () => {
    const rules = /line-length|ignore|exclude|skip|profile|warn/
    expect(
      tool(name)
        .command(own)
        .filter((flag) => rules.test(flag)),
    ).toEqual([])
    expect(
      tool(name)
        .command(plain)
        .some((flag) => rules.test(flag)),
    ).toBe(true)
  })
})

describe("the default configuration", () => {
  const flag = (name: ToolName, start: string): string | undefined =>
    tool(name)
      .command(plain)
      .find((argument) => argument.startsWith(start))

  it("agrees with black", () => {
    expect(tool("isort").command(plain)).toContain("--profile=black")
    expect(tool("flake8").command(plain)).toEqual(
      expect.arrayContaining(["--max-line-length=88", "--extend-ignore=E203,W503,E701,E704"]),
    )
  })

  it("excludes names literally", () => {
    expect(flag("black", "--extend-exclude")).toBe("--extend-exclude=/(\\.venv|a\\ b)/")
    expect(flag("mypy", "--exclude")).toBe("--exclude=(^|/)(\\.venv|a\\ b|node_modules)/")
    expect(flag("flake8", "--extend-exclude")).toBe("--extend-exclude=.venv,a b")
    expect(tool("isort").command(plain)).toEqual(
      expect.arrayContaining(["--extend-skip=.venv", "--extend-skip=a b"]),
    )
    expect(flag("bandit", "--exclude")).toMatch(/^--exclude=\*\/\.venv\/\*,\*\/a b\/\*,\*\/tests\/\*,/)
  })

  it("needs no exclusions", () => {
    for (const { command } of TOOLS)
      expect(command({ ...plain, excludes: [] }).join(" ")).not.toMatch(/exclude=(\s|$)|\(\)/)
  })
})

describe("the run's options", () => {
  it("keep black's own configuration from hiding or colouring its output", () => {
    expect(tool("black").command(own)).toEqual(expect.arrayContaining(["--no-color", "--verbose"]))
    expect(tool("black").command(plain)).not.toContain("--verbose")
  })

  it("point bandit at a configuration and mypy at a cache", () => {
    expect(tool("bandit").command({ ...own, configFile: "pyproject.toml" })).toContain(
      "--configfile=pyproject.toml",
    )
    expect(tool("mypy").command({ ...own, cacheDir: "/cache" })).toContain("--cache-dir=/cache")
  })

  it("separate flake8's fields by characters that no shell or configuration can spoil", () => {
    expect(tool("flake8").command(own)).toContain(
      "--format=\x1d%(path)s\x1f%(row)d\x1f%(col)d\x1f%(code)s\x1f%(text)s\x1e",
    )
  })
})

it("mypy prints JSON from 1.11 on, and lines before", () => {
  const json = (version: string) =>
    tool("mypy")
      .command({ ...plain, version })
      .includes("--output=json")
  expect(["1.11.0", "1.20.1", "2.4.1", "unknown"].map(json)).toEqual([true, true, true, true])
  expect(["1.10.1", "0.991"].map(json)).toEqual([false, false])
  expect(tool("mypy").command({ ...plain, version: "0.991" })).toContain("--no-pretty")
})
