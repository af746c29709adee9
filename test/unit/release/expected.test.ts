import { describe, expect, it, test } from "vitest"
import { parseConfig } from "../../../src/lib/config/parse.js"
import { expected } from "../../../src/lib/release/expected.js"
import { STAGE_NAMES } from "../../../src/lib/stages.js"

const SHA = "0123456789abcdef0123456789abcdef01234567"
const OTHER = "f".repeat(40)

/** What a release is demanded of by default. */
const DEMANDED = [
  ...["black", "isort", "flake8", "mypy", "bandit"],
  ...["vulnerabilities", "secrets", "misconfiguration", "suppressions"],
  ...["unit", "integration", "coverage", "build", "scan"],
]

const gates = (statuses: Record<string, unknown> = {}, sha = SHA): unknown => {
  const all = { ...Object.fromEntries(DEMANDED.map((name) => [name, "passed"])), ...statuses }
  const stages = Object.entries(all).map(([name, status]) => ({ name, group: "g", status, reason: "r" }))
  return { run: { id: "run-7", sha }, stages, tools: {} }
}

const provenance = (...commits: string[]): unknown => ({
  buildDefinition: {
    resolvedDependencies: [
      ...commits.map((gitCommit) => ({ uri: "git+https://a/b", digest: { gitCommit } })),
      { uri: "pkg:docker/python@3.11", digest: { sha256: SHA } },
    ],
  },
})

const judge = (name: "gates" | "provenance", all: unknown[], { yaml = "", sha = "" } = {}) =>
  expected(parseConfig(yaml), sha).judges[name]?.(all)

it("demands the platforms that the settings name", () => {
  expect(expected(parseConfig("")).platforms).toEqual(["linux/amd64", "linux/arm64"])
  expect(expected(parseConfig("image: {platforms: [linux/arm64]}\n")).platforms).toEqual(["linux/arm64"])
})

it("judges nothing that says nothing of a run", () => {
  expect(Object.keys(expected(parseConfig("")).judges).sort()).toEqual(["gates", "provenance"])
})

describe("gates", () => {
  it("pass with each stage that is demanded, whatever else was run", () => {
    expect(judge("gates", [gates()])).toBeUndefined()
    expect(judge("gates", [gates({ e2e: "failed" })], { sha: SHA })).toBeUndefined()
  })

  it("demand stages that there are", () => {
    for (const name of DEMANDED) expect(STAGE_NAMES).toContain(name)
    const publishing = ["publish", "sign", "attest", "verify"]
    expect([...DEMANDED, ...publishing].sort()).toEqual([...STAGE_NAMES].sort())
  })

  test.each(DEMANDED)("fail without %s", (name) => {
    expect(judge("gates", [gates({ [name]: "failed" })])).toBe(`${name} failed`)
    expect(judge("gates", [gates({ [name]: "error" })])).toBe(`${name} could not do its work`)
    const skipped = name === "integration" ? undefined : `${name} was skipped`
    expect(judge("gates", [gates({ [name]: "skipped" })])).toBe(skipped)
  })

  it("demand only what the settings choose", () => {
    const yaml = "quality: {checks: [mypy]}\nsecurity: {checks: [secrets]}\ntests: {suites: [unit]}\n"
    const most = { black: "failed", vulnerabilities: "failed", integration: "failed" }
    expect(judge("gates", [gates(most)], { yaml })).toBeUndefined()
    expect(judge("gates", [gates({ ...most, mypy: "failed", secrets: "failed" })], { yaml })).toBe(
      "mypy failed, secrets failed",
    )
  })

  it("are those of the commit, where one is asked for", () => {
    expect(judge("gates", [gates({}, OTHER)])).toBeUndefined()
    expect(judge("gates", [gates({}, OTHER)], { sha: SHA })).toBe(`it is of commit ${OTHER}, not of ${SHA}`)
    expect(judge("gates", [gates({}, "")], { sha: SHA })).toBe(`it is of commit none, not of ${SHA}`)
  })

  it("of several runs, the best counts; never parts of several", () => {
    const [bad, worse] = [gates({ mypy: "failed" }), gates({ black: "failed", unit: "error" })]
    expect(judge("gates", [worse, gates(), bad])).toBeUndefined()
    expect(judge("gates", [worse, bad])).toBe("mypy failed")
    expect(judge("gates", [gates({ mypy: "failed" }), gates({}, OTHER)], { sha: SHA })).toBe("mypy failed")
  })

  test.each([[undefined], [null], ["passed"], [[]], [{ stages: "all" }], [{ stages: [{ name: "black" }] }]])(
    "don't pass by %j",
    (predicate) => {
      expect(judge("gates", [predicate])).toContain("coverage was not run")
    },
  )

  it("don't pass where there are none", () => {
    expect(judge("gates", [])).toBe("it says nothing")
  })
})

describe("provenance", () => {
  it("is of any commit, where none is asked for", () => {
    expect(judge("provenance", [provenance(OTHER)])).toBeUndefined()
  })

  it("is of the commit that is asked for, of one run at least", () => {
    expect(judge("provenance", [provenance(SHA)], { sha: SHA })).toBeUndefined()
    expect(judge("provenance", [provenance(OTHER), provenance(OTHER, SHA)], { sha: SHA })).toBeUndefined()
  })

  test.each([
    [[]],
    [[provenance()]],
    [[provenance(OTHER)]],
    [[provenance(SHA.slice(0, 12))]],
    [[provenance(SHA.toUpperCase())]],
    [[null, "x", [], { buildDefinition: { resolvedDependencies: SHA } }]],
  ])("is of another: %j", (all) => {
    expect(judge("provenance", all, { sha: SHA })).toBe(`it is of another commit than ${SHA}`)
  })
})
