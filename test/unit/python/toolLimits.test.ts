import { describe, expect, it, test } from "vitest"
import { pinnedTools } from "../../../src/lib/python/preCommit.js"
import {
  bestCandidate,
  misfitOf,
  misfitText,
  passedOver,
  toolMisfits,
  withMisfit,
} from "../../../src/lib/python/toolLimits.js"
import type { Finding } from "../../../src/lib/run/finding.js"

const FLAKE8 = misfitOf("flake8", "4.0.1", "3.14")

describe("misfitOf", () => {
  test.each([
    ["flake8", "4.0.1", "3.11", undefined],
    ["flake8", "4.0.1", "3.12", { least: "5.0", newest: "3.11" }],
    ["flake8", "4.0.1", "3.14", { least: "6.1", newest: "3.11" }],
    ["flake8", "3.7.9", "3.13", undefined],
    ["flake8", "3.7.9", "3.14", { least: "6.1", newest: "3.13" }],
    ["flake8", "5.0.4", "3.13", undefined],
    ["flake8", "6.1.0", "3.14", undefined],
    ["black", "22.12.0", "3.13", undefined],
    ["black", "23.3.0", "3.14", { least: "23.7", newest: "3.13" }],
    ["black", "23.7.0", "3.14", undefined],
    ["bandit", "1.8.6", "3.14", { least: "1.9.1", newest: "3.13" }],
    ["bandit", "1.9.1", "3.14", undefined],
    ["mypy", "0.812", "3.11", { least: "0.900", newest: "3.9" }],
    ["mypy", "0.812", "3.14", { least: "1.5", newest: "3.9" }],
    ["mypy", "0.991", "3.13", undefined],
    ["mypy", "1.4.1", "3.14", { least: "1.5", newest: "3.13" }],
    ["mypy", "1.5.0", "3.14", undefined],
    ["pytest", "6.2.3", "3.10", { least: "6.2.4", newest: "3.9" }],
    ["pytest", "6.2.4", "3.13", undefined],
    ["pytest", "7.3", "3.14", { least: "7.3.2", newest: "3.13" }],
    ["pytest", "7.3.2", "3.14", undefined],
    ["isort", "5.0.0", "3.14", undefined],
    ["flake8", "unknown", "3.14", undefined],
  ])("%s %s on Python %s: %j", (name, version, python, expected) => {
    const misfit = misfitOf(name, version, python)
    if (expected === undefined) expect(misfit).toBeUndefined()
    else expect(misfit).toMatchObject({ package: name, version, python, ...expected })
  })
})

describe("toolMisfits", () => {
  const names = (
    packages: Record<string, string>,
    files: Record<string, string>,
    checks = ["flake8", "black"],
  ) =>
    toolMisfits(checks, new Map(Object.entries(packages)), pinnedTools(files), "3.14").map(
      ({ package: name, version }) => `${name} ${version}`,
    )

  it("looks at the tools that run, in the versions in which they run", () => {
    const hooks = {
      ".pre-commit-config.yaml": "repos:\n- repo: https://github.com/PyCQA/flake8\n  rev: 4.0.1\n",
    }
    expect(names({ flake8: "4.0.1", pytest: "6.2.5", bandit: "1.8.6" }, {})).toEqual([
      "flake8 4.0.1",
      "pytest 6.2.5",
    ])
    expect(names({}, hooks)).toEqual(["flake8 4.0.1"])
    expect(names({ flake8: "7.0.0" }, hooks)).toEqual([])
    expect(names({}, { "lint-requirements.txt": "black==22.12.0\n" })).toEqual(["black 22.12.0"])
    expect(names({ flake8: "4.0.1" }, hooks, ["mypy"])).toEqual([])
  })
})

describe("bestCandidate", () => {
  const misfits = (python: string) => toolMisfits(["flake8", "bandit"], OLD, pinnedTools({}), python)
  const OLD = new Map([
    ["flake8", "4.0.1"],
    ["bandit", "1.8.6"],
  ])
  const candidates = (...versions: string[]) =>
    versions.map((version) => ({ version, misfits: misfits(version) }))

  it("is the newest on which every tool works, and says why none before it", () => {
    expect(bestCandidate(candidates("3.14", "3.13", "3.12", "3.11"))).toEqual({
      version: "3.11",
      passed: [
        "not 3.14: flake8 4.0.1, which the service pins, works up to 3.11, bandit 1.8.6, which the service pins, works up to 3.13",
        "not 3.13, 3.12: flake8 4.0.1, which the service pins, works up to 3.11",
      ],
    })
  })

  it("is the newest on which the fewest fail, if some fail on all", () => {
    expect(bestCandidate(candidates("3.14", "3.13", "3.12"))?.version).toBe("3.13")
    expect(bestCandidate(candidates("3.13", "3.12"))).toEqual({ version: "3.13", passed: [] })
  })

  it("is none on which the packages don't do", () => {
    const unfit = [
      { version: "3.11", problem: "the packages don't resolve", misfits: [] },
      { version: "3.10", problem: "the packages don't resolve", misfits: [] },
    ]
    expect(bestCandidate([...candidates("3.12"), ...unfit])?.version).toBe("3.12")
    expect(bestCandidate(unfit)).toBeUndefined()
    expect(passedOver(unfit)).toEqual(["not 3.11, 3.10: the packages don't resolve"])
  })
})

describe("withMisfit", () => {
  const outcome = (status: string, rule = "E1") => ({
    status,
    reason: "flake8 could not run (exit code 1): it broke",
    findings: [{ tool: "flake8", rule, level: "error", message: "x" } satisfies Finding],
  })

  it("names what to do before a tool's own words, where it couldn't work", () => {
    const said =
      'flake8 4.0.1 doesn\'t work on Python 3.14 (ast has no Str and Num there): use flake8 6.1 or later, or write `python: { version: "3.11" }` into slipway.yaml'
    expect(FLAKE8 && misfitText(FLAKE8)).toBe(said)
    expect(withMisfit(outcome("error"), FLAKE8).reason).toBe(
      `${said}; flake8 could not run (exit code 1): it broke`,
    )
    expect(withMisfit(outcome("failed", "unread"), FLAKE8).reason).toContain(said)
    expect(withMisfit(outcome("failed", "collection"), FLAKE8).reason).toContain(said)
  })

  it("leaves any other outcome", () => {
    for (const [other, misfit] of [
      [outcome("passed", "unread"), FLAKE8],
      [outcome("failed"), FLAKE8],
      [outcome("error"), undefined],
    ] as const)
      expect(withMisfit(other, misfit)).toBe(other)
  })
})
