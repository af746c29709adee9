import { describe, expect, it, test } from "vitest"
import { GATES_TYPE } from "../../../src/lib/release/gates.js"
import { SIGNATURE_TYPE } from "../../../src/lib/release/cosign.js"
import {
  type Check,
  type Demand,
  demands,
  judgeRelease,
  PREDICATES,
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

const demand: Demand = { predicate: "provenance", digest: INDEX, subject: "the index" }
const check = (from: Partial<Check> = {}): Check => ({
  name: "provenance",
  digest: INDEX,
  subject: "the index",
  ...from,
})

it("names our own predicates as those who make them", () => {
  expect(PREDICATES.gates).toBe(GATES_TYPE)
  expect(PREDICATES.signature).toBe(SIGNATURE_TYPE)
  expect(new Set(Object.values(PREDICATES)).size).toBe(Object.keys(PREDICATES).length)
})

describe("demands", () => {
  it("are signatures of all, bills of each image, provenance and gates of the index", () => {
    const of = (subject: string, digest: string, ...names: string[]) =>
      names.map((predicate) => ({ predicate, digest, subject }))
    expect(demands(INDEX, IMAGES)).toEqual([
      ...of("the index", INDEX, "signature", "provenance", "gates"),
      ...of("linux/amd64", AMD64, "signature", "spdx", "cyclonedx"),
      ...of("linux/arm64", ARM64, "signature", "spdx", "cyclonedx"),
    ])
  })

  it("are never none", () => {
    expect(demands(INDEX, []).map(({ predicate }) => predicate)).toEqual(["signature", "provenance", "gates"])
  })
})

describe("verified", () => {
  it("holds where cosign found something", () => {
    expect(verified(demand, attestation({}))).toEqual(check())
    expect(verified(demand, attestation({}))).not.toHaveProperty("problem")
  })

  it("says in plain words why not", () => {
    expect(verified(demand, failure("no matching attestations: "))).toEqual(
      check({ problem: "there is none" }),
    )
    expect(verified(demand, { exitCode: 137, stdout: "", stderr: "" })).toEqual(
      check({ problem: "cosign ended with 137" }),
    )
  })

  // What ended well and shows nothing proves nothing.
  test.each(["", "\n", " \n\n"])("doesn't hold where cosign printed %j", (stdout) => {
    expect(verified(demand, { exitCode: 0, stdout, stderr: "" }).problem).toBe("there is none")
    expect(verified(demand, { exitCode: 0, stdout, stderr: "" }, () => undefined).problem).toBe(
      "there is none",
    )
  })

  it("doesn't take what a failed run printed", () => {
    const run = { ...failure("no signatures found"), stdout: attestation({}).stdout }
    expect(verified(demand, run, () => undefined).problem).toBe("there is none")
  })

  it("lets all predicates be judged together", () => {
    const seen: unknown[] = []
    const judge = (all: readonly unknown[]): string => {
      seen.push(...all)
      return "it is of another commit"
    }
    expect(verified(demand, attestation({ n: 1 }, { n: 2 }), judge).problem).toBe("it is of another commit")
    expect(seen).toEqual([{ n: 1 }, { n: 2 }])
  })
})

describe("judgeRelease", () => {
  it("passes what has no problem, and says how much there was", () => {
    const checks = demands(INDEX, IMAGES).map((each) => verified(each, attestation({})))
    expect(judgeRelease(checks, REFERENCE)).toEqual({
      status: "passed",
      reason: `${REFERENCE}: all 9 signatures and attestations are good`,
      findings: [],
    })
  })

  it("fails for one, which it names with its digest", () => {
    const bad = check({ name: "signature", subject: "linux/arm64", digest: ARM64, problem: "there is none" })
    const outcome = judgeRelease([check(), bad, check({ name: "gates" })], REFERENCE)
    expect(outcome).toEqual({
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
  })

  it("fails for a problem without words too", () => {
    expect(judgeRelease([check({ problem: "" })], REFERENCE).status).toBe("failed")
  })
})
