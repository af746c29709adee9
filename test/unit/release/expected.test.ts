import { describe, expect, it, test } from "vitest"
import { DEFAULTS } from "../../../src/lib/config/config.js"
import { parseConfig } from "../../../src/lib/config/parse.js"
import { refOfGates } from "../../../src/lib/release/gates.js"
import { BUILDER_ID } from "../../../src/lib/release/provenance.js"
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

const SOURCE = "https://git.example.com/team/tiny"
const OWN: Known = { origin: SOURCE }

/** A provenance of Slipway's, of these commits, or with other parts. */
const provenance = (
  commits: readonly unknown[] = [SHA],
  { builder = BUILDER_ID, source = SOURCE, checkout = source, ref = REF }: Record<string, unknown> = {},
): unknown => ({
  buildDefinition: {
    externalParameters: { source: `git+${String(source)}@${String(ref)}`, ref },
    resolvedDependencies: [
      ...commits.map((gitCommit) => ({
        uri: `git+${String(checkout)}@${String(ref)}`,
        digest: { gitCommit },
      })),
      { uri: "pkg:docker/python@3.11", digest: { sha256: OTHER } },
    ],
  },
  runDetails: { builder: { id: builder } },
})

/** Returns the problem of the gates, with a provenance of both commits. */
const faults = (all: unknown[], { yaml = "", ...known }: Known & { yaml?: string } = {}) => {
  const refs = [REF, ...all.map(refOfGates)]
  const { gates: fault, ...others } = expected(parseConfig(yaml), { ...OWN, ...known }).judge({
    gates: all,
    provenance: [SHA, OTHER, ""].flatMap((commit) => refs.map((ref) => provenance([commit], { ref }))),
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
      for (const trial of [true, false])
        expect(faults([predicate], { trial })).toContain("coverage was not run")
    },
  )

  it("fails without gates", () => {
    expect(faults([])).toBe("it says nothing")
    const nothing = "it says nothing"
    expect(expected(DEFAULTS).judge({})).toEqual({ gates: nothing, provenance: nothing })
  })
})

describe("judge of provenance", () => {
  const fault = (
    all: unknown[] | undefined,
    held: unknown[] = [gates()],
    { yaml = "", ...known }: Known & { yaml?: string } = {},
  ) =>
    expected(parseConfig(yaml), { ...OWN, ...known }).judge({ gates: held, ...(all && { provenance: all }) })
      .provenance

  it("accepts the commit of at least one run that passed the gates", () => {
    expect(fault([provenance()])).toBeUndefined()
    expect(fault([provenance([OTHER]), provenance([OTHER, SHA])])).toBeUndefined()
    expect(fault([provenance([OTHER])], [gates({}, { sha: OTHER }), gates()])).toBeUndefined()
  })

  const otherCommit = (commit: string) => `it is of commit "${commit}", the gates are of "${SHA}"`

  test.each<[unknown[] | undefined, string]>([
    [undefined, "it says nothing"],
    [[], "it says nothing"],
    [[provenance([])], "it names no commit, so it can't be compared with the gates"],
    [[provenance([OTHER])], otherCommit(OTHER)],
    [[provenance([SHA.slice(0, 12)])], otherCommit(SHA.slice(0, 12))],
    [[provenance([SHA.toUpperCase()])], otherCommit(SHA.toUpperCase())],
    [[provenance([[SHA]])], "it names no commit, so it can't be compared with the gates"],
  ])("fails for another commit: %j", (all, problem) => {
    expect(fault(all)).toBe(problem)
  })

  test.each([[null], ["x"], [[]], [{ buildDefinition: { resolvedDependencies: SHA } }]])(
    "says what is missing in %j, and how to accept it",
    (empty) => {
      expect(fault([empty])).toBe(
        "it names no builder (to accept that: release.builders: [unknown]), " +
          "it names no source repository (to accept that: release.sources: [unknown]), " +
          `it names no commit, so it can't be compared with the gates, it is of no reference, the gates are of "${REF}"`,
      )
    },
  )

  it("ignores the commits of failed gates", () => {
    const held = [gates({ mypy: "failed" }), gates({}, { sha: OTHER })]
    expect(fault([provenance()], held)).toBe(`it is of commit "${SHA}", the gates are of "${OTHER}"`)
    expect(fault([provenance([OTHER])], held)).toBeUndefined()
  })

  it("compares no commit if all gates failed, since those are reported, but still the rest", () => {
    const failing = [gates({ mypy: "failed" })]
    expect(fault([provenance([OTHER])], failing)).toBeUndefined()
    expect(fault([provenance([OTHER], { builder: "https://evil" })], failing)).toMatch(/^its builder is/)
  })

  it.each<[string, unknown]>([
    ["of a foreign repository", provenance([SHA], { source: "https://git.example.com/evil/tiny" })],
    [
      "that was asked for a foreign one",
      provenance([SHA], { source: "https://git.example.com/evil/tiny", checkout: SOURCE }),
    ],
    ["that read a foreign one", provenance([SHA], { checkout: "https://git.example.com/evil/tiny" })],
  ])("refuses an image %s", (_, foreign) => {
    const problem = `its source is "https://git.example.com/evil/tiny", not "${SOURCE}" (release.source, release.sources)`
    expect(fault([foreign])).toBe(problem)
    expect(fault([foreign], [gates()], { yaml: "release: {sources: [unknown]}\n" })).toBe(problem)
    const moved = "release: {sources: ['https://git.example.com/evil/tiny']}\n"
    expect(fault([foreign], [gates()], { yaml: moved })).toBeUndefined()
  })

  it.each([
    `${SOURCE}.git`,
    `${SOURCE}/`,
    "ssh://git@git.example.com/team/tiny.git",
    "https://GIT.example.com/team/tiny",
  ])("takes %s for the same repository", (origin) => {
    expect(fault([provenance()], [gates()], { origin })).toBeUndefined()
    expect(
      fault([provenance()], [gates()], { yaml: `release: {source: "${SOURCE}"}\n`, origin: "" }),
    ).toBeUndefined()
  })

  it.each([
    `${SOURCE}2`,
    `${SOURCE}@x`,
    "https://git.example.com.evil.com/team/tiny",
    "https://git.example.com/team/TINY",
  ])("doesn't take %s for it", (source) => {
    expect(fault([provenance([SHA], { source })])).toContain(`its source is "${source}", not "${SOURCE}"`)
  })

  it("refuses every release of a service whose own repository isn't known", () => {
    expect(fault([provenance()], [gates()], { origin: "" })).toBe(
      `its source is "${SOURCE}", and the service's own isn't known (set release.source)`,
    )
  })

  it("refuses another builder, unless the settings name it", () => {
    const evil = provenance([SHA], { builder: "https://evil" })
    expect(fault([evil])).toBe(`its builder is "https://evil", not "${BUILDER_ID}"`)
    expect(fault([evil], [gates()], { yaml: "release: {builders: [unknown]}\n" })).toMatch(/^its builder is/)
    expect(fault([evil], [gates()], { yaml: "release: {builders: ['https://evil']}\n" })).toBeUndefined()
    expect(fault([provenance([SHA], { builder: 7 })])).toMatch(/^it names no builder/)
    const unknown = "release: {builders: [unknown]}\n"
    expect(fault([provenance([SHA], { builder: 7 })], [gates()], { yaml: unknown })).toBeUndefined()
  })

  it("refuses a provenance of another reference than the gates", () => {
    expect(fault([provenance([SHA], { ref: "refs/heads/x" })])).toBe(
      `it is of "refs/heads/x", the gates are of "${REF}"`,
    )
  })

  it("lets an environment take versions alone, unless its policy takes any", () => {
    const hotfix = [provenance([SHA], { ref: "refs/heads/hotfix/1" })]
    const held = [gates({}, { ref: "refs/heads/hotfix/1" })]
    const production = { environment: "production" as const }
    expect(fault(hotfix, held)).toBeUndefined()
    expect(fault(hotfix, held, { environment: "staging" as const })).toBeUndefined()
    expect(fault(hotfix, held, production)).toBe(
      'it is of "refs/heads/hotfix/1", and production takes versions alone, such as "refs/tags/v1.2.3" ' +
        "(to accept others: deploy.releases.production: any)",
    )
    const any = "deploy: {releases: {production: any}}\n"
    expect(fault(hotfix, held, { ...production, yaml: any })).toBeUndefined()
    const staging = "deploy: {releases: {staging: version}}\n"
    expect(fault(hotfix, held, { ...production, yaml: staging })).toContain("production takes versions alone")
    expect(fault([provenance()], [gates()], production)).toBeUndefined()
    // The same image, published for the branch and then for the tag.
    expect(fault([...hotfix, provenance()], [...held, gates()], production)).toBeUndefined()
    expect(fault([...hotfix, provenance()], held, production)).toContain("production takes versions alone")
  })
})

describe("judge of a trial release", () => {
  it("requires no commit and no source, but passed gates and a known builder", () => {
    const nothing = gates({}, { sha: "" })
    const { judge } = expected(DEFAULTS, { trial: true, environment: "production" })
    expect(judge({ gates: [nothing], provenance: [provenance([])] })).toEqual({})
    expect(judge({ gates: [gates({ unit: "failed" }, { sha: "" })], provenance: [provenance([])] })).toEqual({
      gates: "unit failed",
    })
    expect(
      judge({ gates: [nothing], provenance: [provenance([], { builder: "https://evil" })] }),
    ).toHaveProperty("provenance")
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
