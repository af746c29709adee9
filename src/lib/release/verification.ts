import { ExitCode } from "../errors/catalogue.js"
import type { Finding, Outcome, ToolRun } from "../run/finding.js"
import { failed, passed } from "../run/outcome.js"
import { GATES_TYPE } from "./gates.js"
import { cosignFailure, predicates, SIGNATURE_TYPE } from "./cosign.js"

/** The types of the predicates of a release, by name. */
export const PREDICATES = {
  signature: SIGNATURE_TYPE,
  spdx: "https://spdx.dev/Document",
  cyclonedx: "https://cyclonedx.org/bom",
  provenance: "https://slsa.dev/provenance/v1",
  gates: GATES_TYPE,
} as const

export type PredicateName = keyof typeof PREDICATES

/** The predicates of each platform's image, and those of the index. */
export const ON_IMAGES: readonly PredicateName[] = ["signature", "spdx", "cyclonedx"]
export const ON_INDEX: readonly PredicateName[] = ["signature", "provenance", "gates"]

/** A signed statement that a release must have. */
export interface Requirement {
  predicate: PredicateName
  digest: string
  /** The digest's object, for people: `the index`, `linux/arm64`. */
  subject: string
}

/** The result of one check. */
export interface Check extends Omit<Requirement, "predicate"> {
  name: string
  /** The reason for its failure; absent if it passed. */
  problem?: string
  /** The exit code of the failure that prevented the check. */
  exitCode?: ExitCode
}

/** The result of verifying a reference: the content of `verification.json`. */
export interface Verification {
  /** Version of this format. */
  schema: 1
  reference: string
  digest: string | null
  status: Outcome["status"]
  exitCode: ExitCode
  /** The reason why nothing could be verified. */
  problem: string | null
  checks: Check[]
}

/** Returns the exit code for a release by its checks. */
export const releaseExitCode = (checks: readonly Check[]): ExitCode =>
  checks.find(({ exitCode }) => exitCode !== undefined)?.exitCode ??
  (checks.some(({ problem }) => problem !== undefined) ? ExitCode.gateFailed : ExitCode.passed)

/** Returns all signed statements that a release needs, on its index and on each platform's image. */
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

/** Returns the check of a requirement from the output of `verify-attestation`. */
export function verified(requirement: Requirement, run: ToolRun): Check & { predicates: unknown[] } {
  const { predicate: name, ...rest } = requirement
  if (run.exitCode === 0) return { name, ...rest, predicates: predicates(run) }
  const { reason: problem, exitCode } = cosignFailure(run)
  return { name, ...rest, ...failedCheck(problem, exitCode), predicates: [] }
}

/** Returns the problem of a failed check; one that could not run keeps its exit code and doesn't judge the release. */
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

/** The failed checks for people, without the digests. */
export const failedChecks = (checks: readonly Check[]): string[] =>
  checks.flatMap(({ name, subject, problem }) =>
    problem === undefined ? [] : [`${name} of ${subject}: ${problem}`],
  )

/** What stands in the way of a release that ran before: a signature that is bad, not one that couldn't be checked. */
export const badSignatures = (checks: readonly Check[]): string[] =>
  failedChecks(checks.filter(({ name, exitCode }) => name === "signature" && exitCode === undefined))

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
