import { ExitCode } from "../errors/catalogue.js"
import type { Finding, Outcome, ToolRun } from "../run/finding.js"
import { failed, passed } from "../run/outcome.js"
import { GATES_TYPE } from "./gates.js"
import { cosignFailure, predicates, SIGNATURE_TYPE } from "./cosign.js"

/** The predicates that a release carries, by what they say. */
export const PREDICATES = {
  signature: SIGNATURE_TYPE,
  spdx: "https://spdx.dev/Document",
  cyclonedx: "https://cyclonedx.org/bom",
  provenance: "https://slsa.dev/provenance/v1",
  gates: GATES_TYPE,
} as const

export type PredicateName = keyof typeof PREDICATES

/** The predicates that each platform's image carries, and those that only the index does. */
export const ON_IMAGES: readonly PredicateName[] = ["signature", "spdx", "cyclonedx"]
export const ON_INDEX: readonly PredicateName[] = ["signature", "provenance", "gates"]

/** Something signed that a release must have. */
export interface Requirement {
  predicate: PredicateName
  digest: string
  /** What the digest is of, for people: `the index`, `linux/arm64`. */
  subject: string
}

/** Something that was verified. */
export interface Check extends Omit<Requirement, "predicate"> {
  name: string
  /** Why it doesn't hold; absent where it does. */
  problem?: string
  /** What kept it from being made at all, as an exit code. */
  exitCode?: ExitCode
}

/** What verifying a reference comes to: the content of `verification.json`. */
export interface Verification {
  /** Version of this format. */
  schema: 1
  reference: string
  digest: string | null
  status: Outcome["status"]
  exitCode: ExitCode
  /** Why nothing could be verified. */
  problem: string | null
  checks: Check[]
}

/** What a release that was judged so ends with. */
export const releaseExitCode = (checks: readonly Check[]): ExitCode =>
  checks.find(({ exitCode }) => exitCode !== undefined)?.exitCode ??
  (checks.some(({ problem }) => problem !== undefined) ? ExitCode.gateFailed : ExitCode.passed)

/** All that a release must carry, below its index and for each platform. */
export function requirements(
  digest: string,
  images: readonly { platform: string; digest: string }[],
): Requirement[] {
  const on = (names: readonly PredicateName[], of: string, subject: string) =>
    names.map((predicate) => ({ predicate, digest: of, subject }))
  return [
    ...on(ON_INDEX, digest, "the index"),
    ...images.flatMap((image) => on(ON_IMAGES, image.digest, image.platform)),
  ]
}

/** Reads what `verify-attestation` said of a demand. */
export function verified(demand: Requirement, run: ToolRun): Check & { predicates: unknown[] } {
  const { predicate: name, ...rest } = demand
  if (run.exitCode === 0) return { name, ...rest, predicates: predicates(run) }
  const { reason: problem, exitCode } = cosignFailure(run)
  return { name, ...rest, ...failedCheck(problem, exitCode), predicates: [] }
}

/** What a check that doesn't hold says; where it could not be made, it says nothing of the release. */
export const failedCheck = (problem: string, exitCode: ExitCode): Pick<Check, "problem" | "exitCode"> => ({
  problem,
  ...(exitCode !== ExitCode.gateFailed && { exitCode }),
})

/** Judges a release by its checks. */
export function judgeRelease(checks: readonly Check[], reference: string): Outcome {
  const findings = checks.flatMap(finding)
  const [unmade] = checks.filter(({ exitCode }) => exitCode !== undefined)
  if (unmade !== undefined)
    return { status: "error", reason: `${reference} could not be verified: ${unmade.problem}`, findings }
  if (findings.length > 0) return failed(findings)
  return passed(`${reference}: all ${checks.length} signatures and attestations are good`)
}

const finding = ({ name, subject, digest, problem }: Check): Finding[] =>
  problem === undefined
    ? []
    : [
        {
          tool: "cosign",
          rule: name,
          level: "error",
          message: `${name} of ${subject} (${digest}): ${problem}`,
        },
      ]
