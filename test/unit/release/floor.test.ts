import { readFileSync } from "node:fs"
import Ajv from "ajv"
import { parse } from "yaml"
import { describe, expect, it, test } from "vitest"
import { policyArguments } from "../../../dagger/cli/commands/policy.js"
import { fileSchema } from "../../../src/lib/config/jsonSchema.js"
import { parseConfig } from "../../../src/lib/config/parse.js"
import { effectivePolicy } from "../../../src/lib/gates/effective.js"
import { expected } from "../../../src/lib/release/expected.js"
import { gatesBelowFloor, imageName, matches, provenanceBelowFloor } from "../../../src/lib/release/floor.js"
import { type Floor, floorSpec, parseFloor } from "../../../src/lib/release/floorSpec.js"
import { gates } from "../../../src/lib/release/gates.js"
import { parsePolicyAddress } from "../../../src/lib/release/policyAddress.js"
import { BUILDER_ID, provenance } from "../../../src/lib/release/provenance.js"
import type { StageReport } from "../../../src/lib/run/verdict.js"

const SHA = "0123456789abcdef0123456789abcdef01234567"
const REF = "refs/tags/v1.2.3"
const SOURCE = "https://github.com/team/app"
const DIGEST = `sha256:${"ab".repeat(32)}`
const STARTED = "2026-12-01T00:00:00Z"

/** The example of docs/releases.md. */
const EXAMPLE = (() => {
  const page = readFileSync(new URL("../../../docs/releases.md", import.meta.url), "utf8")
  return /\n {4}# floor\.yaml\n((?: {4}.*\n)+)/.exec(page)?.[1]?.replace(/^ {4}/gm, "") ?? ""
})()
const FLOOR = parseFloor(EXAMPLE)
const prefix = `below the floor ${FLOOR.digest.slice(0, 19)}: `

type Report = Parameters<typeof gates>[1][number]

const stage = (name: string, more: Partial<StageReport> = {}): Report => ({
  name,
  group: "g",
  status: "passed",
  reason: "",
  findings: [],
  version: "1",
  ...more,
})

const suppressed = (count: number) =>
  Array.from({ length: count }, () => ({
    finding: { tool: "bandit", rule: "B101", level: "error" as const, message: "" },
    suppression: { tool: "bandit", rule: "B101", reason: "", expires: "", owner: "", line: 1 },
  }))

/** The attested gates of a run: of these settings, coverage in per cent, suppressions, and images. */
function attested({
  yaml = "security: {severity: high}\n",
  coverage = 91,
  hidden = 2,
  known = 0,
  images = ["aquasec/trivy:0.70.0", "ghcr.io/sigstore/cosign/cosign:v3"],
  digest = DIGEST,
  without = "",
} = {}): unknown {
  const names = ["black", "isort", "flake8", "mypy", "bandit", "vulnerabilities", "secrets"]
  const others = ["misconfiguration", "suppressions", "unit", "integration", "build", "scan"]
  const stages = [
    ...[...names, ...others].filter((name) => name !== without).map((name) => stage(name)),
    stage("coverage", { coverage: { covered: Math.round(coverage * 100), total: 10_000, files: [] } }),
    stage("more", {
      suppressed: suppressed(hidden),
      known: { findings: suppressed(known).map(({ finding }) => finding), fixed: 0 },
    }),
  ]
  const run = { id: "7", event: "push", ref: REF, sha: SHA, startedAt: STARTED }
  const used = images.map((reference) => ({ role: "tool", reference, digest }))
  return JSON.parse(
    JSON.stringify(gates(run, stages, { policy: effectivePolicy(parseConfig(yaml)), images: used })),
  ) as unknown
}

const built = ({
  source = SOURCE,
  ref = REF,
  builder = BUILDER_ID,
  base = "python:3.11-slim",
} = {}): unknown =>
  JSON.parse(
    JSON.stringify(
      provenance({
        source,
        ref,
        sha: SHA,
        parameters: { platforms: ["linux/amd64"], args: [] },
        baseImages: [{ reference: base, digest: DIGEST }],
        builder,
        versions: {},
        run: { id: "7", event: "push", startedAt: STARTED, finishedAt: STARTED },
      }),
    ),
  ) as unknown

describe("a release", () => {
  it("that meets the floor of the documentation has no problem", () => {
    expect(gatesBelowFloor(attested(), FLOOR)).toEqual([])
    expect(provenanceBelowFloor(built(), FLOOR)).toEqual([])
  })

  it("is held to nothing without a floor, or by an empty one", () => {
    for (const floor of [undefined, parseFloor("")]) {
      expect(gatesBelowFloor(null, floor)).toEqual([])
      expect(provenanceBelowFloor(null, floor)).toEqual([])
    }
  })

  it.each<[string, unknown, string]>([
    ["whose stage wasn't run", attested({ without: "vulnerabilities" }), "vulnerabilities was not run"],
    [
      "with too little coverage",
      attested({ coverage: 79.99 }),
      "its coverage is 79.99 %, it must be at least 80 %",
    ],
    [
      "whose policy let vulnerabilities pass",
      attested({ yaml: "security: {severity: critical}\n" }),
      'it refuses vulnerabilities from "critical" on, it must do so from "high" on',
    ],
    [
      "with too large a baseline",
      attested({ known: 19 }),
      "21 findings are suppressed or in a baseline, at most 20 may be",
    ],
    [
      "with too many suppressions",
      attested({ hidden: 21 }),
      "21 findings are suppressed or in a baseline, at most 20 may be",
    ],
    [
      "tested with another image",
      attested({ images: ["evil.example.com/aquasec/trivy:0.70.0"] }),
      'its image "evil.example.com/aquasec/trivy" isn\'t among those allowed',
    ],
    [
      "tested with an image by its tag alone",
      attested({ images: ["aquasec/trivy:0.70.0"], digest: "" }),
      'the digest of its image "docker.io/aquasec/trivy" isn\'t known',
    ],
  ])("%s is below it", (_, predicate, problem) => {
    expect(gatesBelowFloor(predicate, FLOOR)).toEqual([prefix + problem])
  })

  it.each<[string, unknown, string]>([
    [
      "of another builder",
      built({ builder: "https://evil" }),
      'its builder "https://evil" isn\'t among those allowed',
    ],
    [
      "of another source",
      built({ source: "https://github.com/evil/app" }),
      'its source "https://github.com/evil/app" isn\'t among those allowed',
    ],
    [
      "of a branch",
      built({ ref: "refs/heads/x" }),
      'its reference "refs/heads/x" isn\'t among those allowed',
    ],
    [
      "from another base image",
      built({ base: "quay.io/evil/python:3.11" }),
      'its image "quay.io/evil/python" isn\'t among those allowed',
    ],
  ])("%s is below it", (_, predicate, problem) => {
    expect(provenanceBelowFloor(predicate, FLOOR)).toEqual([prefix + problem])
  })

  it("from before there were floors is told what it doesn't say", () => {
    const { stages } = attested() as { stages: unknown }
    expect(gatesBelowFloor({ stages }, FLOOR).map((text) => text.replace(prefix, ""))).toEqual([
      "it says nothing of coverage, which must be at least 80 %",
      "it says nothing of the severity that it refuses, which must be high or lower",
      "it says nothing of suppressed findings, of which there may be 20",
      "it says nothing of the images that it was tested with",
    ])
  })

  it("can't hide suppressions in numbers that are none", () => {
    for (const count of ["1", -50, null])
      expect(gatesBelowFloor({ suppressions: [{ count }] }, parseFloor("suppressions: 5\n"))).toHaveLength(1)
  })
})

describe("verification, as verify and deploy do it", () => {
  const settings = "release: {gates: [quality]}\nsecurity: {severity: high}\n"
  const judge = (
    gatesOf: unknown,
    { yaml = settings, floor = FLOOR }: { yaml?: string; floor?: Floor | null } = {},
  ) =>
    expected(parseConfig(yaml), { origin: SOURCE, environment: "production", ...(floor && { floor }) }).judge(
      { gates: [gatesOf], provenance: [built()] },
    )

  it("refuses a release below the floor, whatever its own settings say", () => {
    const own = attested({ yaml: settings })
    expect(judge(own)).toEqual({})
    const low = attested({ yaml: "release: {gates: [quality]}\n", coverage: 10 })
    expect(judge(low, { floor: null })).toEqual({})
    expect(judge(low)["gates"]).toContain("its coverage is 10 %, it must be at least 80 %")
  })

  it("refuses the provenance of a release below the floor", () => {
    const floor = parseFloor("sources: ['https://github.com/other/*']\n")
    expect(judge(attested(), { floor })).toEqual({
      provenance: expect.stringContaining(`its source "${SOURCE}" isn't among those allowed`) as string,
    })
  })

  it("judges an old release by the policy that it was released under, where a floor holds", () => {
    const old = attested({
      yaml: "quality: {checks: [black]}\nsecurity: {severity: high}\n",
      without: "mypy",
    })
    const now = "release: {gates: [quality]}\n"
    expect(judge(old, { yaml: now, floor: parseFloor("stages: [black]\n") })).toEqual({})
    expect(judge(old, { yaml: now, floor: parseFloor("stages: [mypy]\n") })["gates"]).toContain(
      "mypy was not run",
    )
    // Nothing but the present settings says then what is enough.
    expect(judge(old, { yaml: now, floor: null })).toEqual({ gates: "mypy was not run" })
  })
})

describe("parseFloor", () => {
  it("lists every problem", () => {
    expect(() => parseFloor("coverage: 101\nstage: [black]\n")).toThrow(
      /policy:1:11: coverage: expected a whole number from 0 to 100.*\n.*policy:2:1: stage: unknown key; did you mean "stages"\?/,
    )
    expect(() => parseFloor("- a\n")).toThrow(/POLICY_INVALID/)
  })

  it("has the digest of its text", () => {
    expect(FLOOR.digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(parseFloor(`${EXAMPLE}# more\n`).digest).not.toBe(FLOOR.digest)
  })

  it("agrees with the schema, which is up to date (npm run schema)", () => {
    const schema = fileSchema(floorSpec, "policy")
    const written = readFileSync(new URL("../../../policy.schema.json", import.meta.url), "utf8")
    expect(JSON.parse(written)).toEqual(schema)
    const validate = new Ajv().compile({ ...schema, $schema: "http://json-schema.org/draft-07/schema#" })
    expect(validate(parse(EXAMPLE))).toBe(true)
    expect(validate({ coverage: 101 })).toBe(false)
    expect(validate({ stage: [] })).toBe(false)
  })
})

describe("parsePolicyAddress", () => {
  it.each([
    [
      `https://github.com/team/policies@${SHA}:a/floor.yaml`,
      "https://github.com/team/policies",
      "a/floor.yaml",
    ],
    [`git@github.com:team/policies.git@${SHA}:floor.yaml`, "git@github.com:team/policies.git", "floor.yaml"],
    [`ssh://git@git.example.com/p@${SHA}:f`, "ssh://git@git.example.com/p", "f"],
  ])("reads %s", (text, url, path) => {
    expect(parsePolicyAddress(text)).toEqual({ kind: "git", url, commit: SHA, path })
    expect(policyArguments(text)).toEqual(["with-policy", `--address=${text}`])
  })

  it("reads an artifact by its digest, whatever its tag", () => {
    expect(parsePolicyAddress(`team.azurecr.io/policies:main@${DIGEST}`)).toEqual({
      kind: "oci",
      host: "team.azurecr.io",
      reference: `team.azurecr.io/policies@${DIGEST}`,
    })
  })

  it.each([
    "https://github.com/team/policies@main:floor.yaml",
    "https://github.com/team/policies@v1.0.0:floor.yaml",
    `https://github.com/team/policies@${SHA.slice(0, 12)}:floor.yaml`,
    `https://github.com/team/policies@${SHA.toUpperCase()}:floor.yaml`,
    "team.azurecr.io/policies:main",
    "team.azurecr.io/policies",
  ])("refuses %s, whose content can change", (text) => {
    expect(() => parsePolicyAddress(text)).toThrow(/isn't pinned.*\n.*POLICY_UNPINNED/s)
    expect(() => policyArguments(text)).toThrow(/POLICY_UNPINNED/)
  })

  it.each([
    "floor.yaml",
    "https://github.com/team/policies",
    `https://a.example.com/b@${SHA}:../x`,
    `https://a.example.com/b@${SHA}:/etc/passwd`,
  ])("finds no policy at %s", (text) => {
    expect(() => parsePolicyAddress(text)).toThrow(/POLICY_ADDRESS/)
  })
})

it("policyArguments pass a file by its path, and nothing without one", () => {
  expect(policyArguments("package.json")).toEqual(["with-policy", `--file=${process.cwd()}/package.json`])
  expect(policyArguments(undefined)).toEqual([])
})

test.each([
  ["python:3.11-slim", "docker.io/library/python"],
  [`python@${DIGEST}`, "docker.io/library/python"],
  ["docker.io/python:3", "docker.io/library/python"],
  ["aquasec/trivy:1", "docker.io/aquasec/trivy"],
  ["localhost/a", "localhost/a"],
  ["registry:5000/a/b:1", "registry:5000/a/b"],
])("imageName of %s is %s", (reference, name) => {
  expect(imageName(reference)).toBe(name)
})

test.each([
  ["https://github.com/team/*", "https://github.com/team/app", true],
  ["https://github.com/team/*", "https://github.com/team/app/x", false],
  ["https://github.com/team/*", "https://github.com/evil/app", false],
  ["refs/tags/v*", "refs/tags/v1", true],
  ["refs/tags/v*", "refs/heads/v1", false],
  ["a*b*c", "a1b2c", true],
  ["a*b*c", "ac", false],
  ["ab*ba", "aba", false],
  ["a.c", "abc", false],
  ["*", "", true],
])("matches %s with %s: %s", (pattern, name, is) => {
  expect(matches(pattern, name)).toBe(is)
})

it("matches takes little time for the worst text", () => {
  const began = Date.now()
  expect(matches(`${"*a".repeat(250)}b`, "a".repeat(100_000))).toBe(false)
  expect(Date.now() - began).toBeLessThan(500)
})
