import { describe, expect, it, test } from "vitest"
import { DEFAULTS } from "../../../src/lib/config/config.js"
import { parseConfig } from "../../../src/lib/config/parse.js"
import { requiredGates, expected, isCommit, type Known } from "../../../src/lib/release/expected.js"
import { GATE_GROUPS } from "../../../src/lib/config/supplyChain.js"
import { STAGES } from "../../../src/lib/pipeline/stages.js"

const SHA = "0123456789abcdef0123456789abcdef01234567"
const OTHER = "f".repeat(40)
const REF = "refs/tags/v1.2.3"

/** The gates required by default. */
const REQUIRED = [
  "black",
  "isort",
  "flake8",
  "mypy",
  "bandit",
  "vulnerabilities",
  "secrets",
  "misconfiguration",
  "suppressions",
  "unit",
  "integration",
  "coverage",
  "build",
  "scan",
]

const gates = (statuses: Record<string, unknown> = {}, run: object = {}): unknown => {
  const all = { ...Object.fromEntries(REQUIRED.map((name) => [name, "passed"])), ...statuses }
  const stages = Object.entries(all).map(([name, status]) => ({ name, group: "g", status, reason: "r" }))
  return { run: { id: "run-7", sha: SHA, ref: REF, ...run }, stages, tools: {} }
}

const provenance = (...commits: unknown[]): unknown => ({
  buildDefinition: {
    resolvedDependencies: [
      ...commits.map((gitCommit) => ({ uri: "git+https://a/b", digest: { gitCommit } })),
      { uri: "pkg:docker/python@3.11", digest: { sha256: OTHER } },
    ],
  },
})

/** Returns the problem of the gates, with a provenance of both commits. */
const faults = (all: unknown[], { yaml = "", ...known }: Known & { yaml?: string } = {}) => {
  const { gates: fault, ...others } = expected(parseConfig(yaml), known).judge({
    gates: all,
    provenance: [provenance(SHA, OTHER)],
  })
  expect(others).toEqual({})
  return fault
}

it("expected requires the platforms in the settings", () => {
  expect(expected(DEFAULTS).platforms).toEqual(["linux/amd64", "linux/arm64"])
  expect(expected(parseConfig("image: {platforms: [linux/arm64]}\n")).platforms).toEqual(["linux/arm64"])
})

describe("requiredGates", () => {
  it("returns all stages of the gate groups by default", () => {
    const groups = Object.entries(STAGES).filter(([group]) => GATE_GROUPS.some((known) => known === group))
    expect(requiredGates(DEFAULTS)).toEqual({ stages: REQUIRED, optional: ["integration"] })
    expect([...REQUIRED].sort()).toEqual(groups.flatMap(([, names]) => [...names]).sort())
  })

  it("returns the stages that the settings select", () => {
    const yaml =
      "quality: {checks: [mypy]}\nsecurity: {checks: [secrets]}\ntests: {suites: [unit]}\nrelease: {gates: [tests, quality]}\n"
    expect(requiredGates(parseConfig(yaml)).stages).toEqual(["unit", "coverage", "mypy"])
    expect(requiredGates(parseConfig("release: {gates: [image]}\n")).stages).toEqual(["build", "scan"])
  })
})

describe("judge of gates", () => {
  it("passes if all required stages passed, whatever else ran", () => {
    expect(faults([gates()])).toBeUndefined()
    expect(faults([gates({ e2e: "failed" })], { sha: SHA, ref: REF })).toBeUndefined()
  })

  test.each(REQUIRED)("fails without %s", (name) => {
    expect(faults([gates({ [name]: "failed" })])).toBe(`${name} failed`)
    expect(faults([gates({ [name]: "error" })])).toBe(`${name} could not do its work`)
    const skipped = name === "integration" ? undefined : `${name} was skipped`
    expect(faults([gates({ [name]: "skipped" })])).toBe(skipped)
  })

  it("requires only the stages in the settings", () => {
    const yaml = "quality: {checks: [mypy]}\nrelease: {gates: [quality, image]}\n"
    const most = { black: "failed", vulnerabilities: "failed", unit: "failed" }
    expect(faults([gates(most)], { yaml })).toBeUndefined()
    expect(faults([gates({ ...most, mypy: "failed", scan: "skipped" })], { yaml })).toBe(
      "mypy failed, scan was skipped",
    )
  })

  it("requires the commit and the reference if they are known", () => {
    const other = gates({}, { sha: OTHER, ref: "refs/heads/main" })
    expect(faults([other])).toBeUndefined()
    expect(faults([other], { sha: SHA, ref: REF })).toBe(
      `it is of commit ${OTHER}, not of ${SHA}, it is not of ${REF}`,
    )
    expect(faults([other], { sha: OTHER, ref: "refs/heads/main" })).toBeUndefined()
    expect(faults([gates({}, { ref: undefined })], { ref: REF })).toBe(`it is not of ${REF}`)
    expect(faults([gates({}, { ref: `${REF}4` })], { ref: REF })).toBe(`it is not of ${REF}`)
  })

  test.each(["", "main", SHA.slice(1), SHA.toUpperCase(), `${SHA}\n`, 7])(
    "requires a commit, which %j isn't",
    (sha) => {
      expect(faults([gates({}, { sha })])).toBe("it names no commit")
    },
  )

  it("takes the best of several runs, never parts of several", () => {
    const [bad, worse] = [gates({ mypy: "failed" }), gates({ black: "failed", unit: "error" })]
    expect(faults([worse, gates(), bad])).toBeUndefined()
    expect(faults([worse, bad])).toBe("mypy failed")
    expect(faults([gates({ mypy: "failed" }), gates({}, { sha: OTHER })], { sha: SHA })).toBe("mypy failed")
  })

  test.each([[undefined], [null], ["passed"], [[]], [{ stages: "all" }], [{ stages: [{ name: "black" }] }]])(
    "fails for the predicate %j",
    (predicate) => {
      for (const anyCommit of [true, false])
        expect(faults([predicate], { anyCommit })).toContain("coverage was not run")
    },
  )

  it("fails without gates", () => {
    expect(faults([])).toBe("it says nothing")
    expect(expected(DEFAULTS).judge({})).toEqual({ gates: "it says nothing" })
  })
})

describe("judge of provenance", () => {
  const fault = (all: unknown[] | undefined, held: unknown[] = [gates()], known: Known = {}) =>
    expected(DEFAULTS, known).judge({ gates: held, ...(all && { provenance: all }) }).provenance

  it("accepts the commit of at least one run that passed the gates", () => {
    expect(fault([provenance(SHA)])).toBeUndefined()
    expect(fault([provenance(OTHER), provenance(OTHER, SHA)])).toBeUndefined()
    expect(fault([provenance(OTHER)], [gates({}, { sha: OTHER }), gates()])).toBeUndefined()
  })

  test.each([
    [undefined],
    [[]],
    [[provenance()]],
    [[provenance(OTHER)]],
    [[provenance(SHA.slice(0, 12))]],
    [[provenance(SHA.toUpperCase())]],
    [[provenance([SHA])]],
    [[null, "x", [], { buildDefinition: { resolvedDependencies: SHA } }]],
  ])("fails for another commit: %j", (all) => {
    expect(fault(all)).toBe("it is of another commit than the gates")
  })

  it("ignores the commits of failed gates", () => {
    const held = [gates({ mypy: "failed" }), gates({}, { sha: OTHER })]
    expect(fault([provenance(SHA)], held)).toBe("it is of another commit than the gates")
    expect(fault([provenance(OTHER)], held)).toBeUndefined()
  })

  it("passes if all gates failed, since those are reported", () => {
    expect(fault([provenance(OTHER)], [gates({ mypy: "failed" })])).toBeUndefined()
  })
})

describe("judge of a trial release", () => {
  it("requires no commit, but passed gates", () => {
    const nothing = gates({}, { sha: "" })
    const { judge } = expected(DEFAULTS, { anyCommit: true })
    expect(judge({ gates: [nothing], provenance: [provenance()] })).toEqual({})
    expect(judge({ gates: [nothing] })).toEqual({})
    expect(judge({ gates: [gates({ unit: "failed" }, { sha: "" })] })).toEqual({ gates: "unit failed" })
  })
})

test.each([
  [SHA, true],
  ["ab".repeat(32), true],
  ["", false],
  [SHA.slice(1), false],
  [`${SHA}0`, false],
  [SHA.toUpperCase(), false],
  [`${SHA}\n`, false],
  ["HEAD", false],
])("isCommit of %j is %j", (sha, is) => {
  expect(isCommit(sha)).toBe(is)
})
