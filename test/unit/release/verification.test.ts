import { describe, expect, it } from "vitest"
import { ExitCode } from "../../../src/lib/errors/catalogue.js"
import { GATES_TYPE } from "../../../src/lib/release/gates.js"
import { SIGNATURE_TYPE } from "../../../src/lib/release/cosign.js"
import {
  type Check,
  type Requirement,
  requirements,
  badSignatures,
  failedCheck,
  judgeRelease,
  PREDICATES,
  releaseExitCode,
  verified,
} from "../../../src/lib/release/verification.js"
import { attestation, failure } from "./cosignRuns.js"

const [INDEX, AMD64, ARM64] = ["a", "b", "c"].map((letter) => `sha256:${letter.repeat(64)}`) as [
  string,
  string,
  string,
]
const IMAGES = [
  { platform: "linux/amd64", digest: AMD64 },
  { platform: "linux/arm64", digest: ARM64 },
]
const REFERENCE = `team.azurecr.io/audio/upscaler@${INDEX}`

const requirement: Requirement = { predicate: "provenance", digest: INDEX, subject: "the index" }
const check = (from: Partial<Check> = {}): Check => ({
  name: "provenance",
  digest: INDEX,
  subject: "the index",
  ...from,
})

it("PREDICATES has the types of our own predicates, each once", () => {
  expect(PREDICATES.gates).toBe(GATES_TYPE)
  expect(PREDICATES.signature).toBe(SIGNATURE_TYPE)
  expect(new Set(Object.values(PREDICATES)).size).toBe(Object.keys(PREDICATES).length)
})

describe("requirements", () => {
  it("are signatures of all, SBOMs of each image, and provenance and gates of the index", () => {
    const of = (subject: string, digest: string, ...names: string[]) =>
      names.map((predicate) => ({ predicate, digest, subject }))
    expect(requirements(INDEX, IMAGES)).toEqual([
      ...of("the index", INDEX, "signature", "provenance", "gates"),
      ...of("linux/amd64", AMD64, "signature", "spdx", "cyclonedx"),
      ...of("linux/arm64", ARM64, "signature", "spdx", "cyclonedx"),
    ])
  })

  it("are never empty", () => {
    expect(requirements(INDEX, []).map(({ predicate }) => predicate)).toEqual([
      "signature",
      "provenance",
      "gates",
    ])
  })
})

describe("verified", () => {
  it("passes with the predicates that cosign verified", () => {
    expect(verified(requirement, attestation({ n: 1 }, { n: 2 }))).toStrictEqual({
      ...check(),
      predicates: [{ n: 1 }, { n: 2 }],
    })
  })

  it("has the reason of a failed run, and no predicates", () => {
    const run = { ...failure("no matching attestations: "), stdout: attestation({}).stdout }
    expect(verified(requirement, run)).toStrictEqual({
      ...check({ problem: "there is none" }),
      predicates: [],
    })
  })

  it("distinguishes a check that could not run from a failed one", () => {
    const { infrastructure, badInput } = ExitCode
    expect(
      verified(requirement, failure("GET https://r/v2/a: UNAUTHORIZED: authentication required")),
    ).toMatchObject({ problem: "the registry refuses the user name and password", exitCode: infrastructure })
    expect(
      verified(requirement, failure("loading public key: pem to public key: PEM decoding failed")),
    ).toMatchObject({ problem: "the key is none of cosign's", exitCode: badInput })
    expect(verified(requirement, { exitCode: 137, stdout: "", stderr: "" })).toMatchObject({
      problem: "cosign ended with 137",
      exitCode: infrastructure,
    })
  })
})

describe("judgeRelease and releaseExitCode", () => {
  const bad = check({ name: "signature", subject: "linux/arm64", digest: ARM64, problem: "there is none" })
  const unmade = check({ problem: "nothing listens on r:5000", exitCode: ExitCode.infrastructure })

  it("pass if all checks passed, with their number", () => {
    const checks = requirements(INDEX, IMAGES).map((each) => verified(each, attestation({})))
    expect(judgeRelease(checks, REFERENCE)).toEqual({
      status: "passed",
      reason: `${REFERENCE}: all 9 signatures and attestations are good`,
      findings: [],
    })
    expect(releaseExitCode(checks)).toBe(ExitCode.passed)
  })

  it("fail for one problem, with its digest", () => {
    const checks = [check(), bad, check({ name: "gates" })]
    expect(judgeRelease(checks, REFERENCE)).toEqual({
      status: "failed",
      reason: "1 problem",
      findings: [
        {
          tool: "cosign",
          rule: "signature",
          level: "error",
          message: `signature of linux/arm64 (${ARM64}): there is none`,
        },
      ],
    })
    expect(releaseExitCode(checks)).toBe(ExitCode.gateFailed)
  })

  it("end with an error if a check could not run, whatever else failed", () => {
    const checks = [bad, unmade, check({ name: "gates" })]
    expect(judgeRelease(checks, REFERENCE)).toMatchObject({
      status: "error",
      reason: `${REFERENCE} could not be verified: nothing listens on r:5000`,
      findings: { length: 2 },
    })
    expect(releaseExitCode(checks)).toBe(ExitCode.infrastructure)
  })

  it("stop a release that ran before only for a bad signature, not for one that couldn't be checked", () => {
    const unchecked = check({ name: "signature", problem: "no answer", exitCode: ExitCode.infrastructure })
    const others = [unmade, unchecked, check({ name: "gates", problem: "bandit was not run" })]
    expect(badSignatures(others)).toEqual([])
    expect(badSignatures([...others, bad])).toEqual(["signature of linux/arm64: there is none"])
  })

  it("fail for a problem without a text", () => {
    expect(judgeRelease([check({ problem: "" })], REFERENCE).status).toBe("failed")
    expect(releaseExitCode([check({ problem: "" })])).toBe(ExitCode.gateFailed)
  })

  it("get an exit code from failedCheck only if the check could not run", () => {
    expect(failedCheck("x", ExitCode.gateFailed)).toStrictEqual({ problem: "x" })
    expect(failedCheck("x", ExitCode.badInput)).toStrictEqual({ problem: "x", exitCode: ExitCode.badInput })
  })
})
