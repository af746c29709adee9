import { runEach } from "../registry/cosign.js"
import type { ToolRun } from "../lib/run/finding.js"
import type { Expected } from "../lib/release/expected.js"
import { predicates } from "../lib/release/cosign.js"
import {
  type Check,
  type Requirement,
  requirements,
  failedCheck,
  judgeRelease,
  releaseExitCode,
  type Verification,
  verified,
} from "../lib/release/verification.js"
import { ExitCode, exitCodeOf } from "../lib/errors/catalogue.js"
import { registryFailure } from "../lib/release/registryError.js"
import { shellQuote } from "../lib/text/shellQuote.js"
import { messageOf } from "../lib/run/execError.js"
import type { Resolved } from "../registry/publish.js"
import { type Signing, verifyCommand } from "./signing.js"

/** Verifies all signed statements of a release, and that each of its images exists. */
export async function verifyRelease(
  { repository, digest, images }: Resolved,
  { platforms, judge }: Expected,
  signing: Signing,
): Promise<Check[]> {
  const wanted = requirements(digest, images)
  // A signature outlives its image, and cosign doesn't check that the image exists.
  const heads = images.map((image) => [
    "regctl",
    "-v",
    "error",
    "manifest",
    "head",
    `${repository}@${image.digest}`,
  ])
  const commands = wanted.map((requirement) => statementCommand(repository, requirement, signing))
  const runs = await runEach(signing.tools, [...heads, ...commands])
  const checks = wanted.map((requirement, index) =>
    verified(requirement, runs[images.length + index] ?? NOT_RUN),
  )
  const predicatesByName = Object.fromEntries(checks.map(({ name, predicates }) => [name, predicates]))
  const faults: Partial<Record<string, string>> = judge(predicatesByName)
  const missing = platforms.filter((platform) => !images.some((image) => image.platform === platform))
  return [
    ...missing.map((subject) => ({
      name: "platform",
      subject,
      digest,
      problem: "the index has no image for it",
    })),
    ...images.flatMap((image, index) => absent(image, runs[index] ?? NOT_RUN)),
    ...checks.map(({ name, subject, digest: of, problem = faults[name], exitCode }) => ({
      name,
      subject,
      digest: of,
      ...(problem !== undefined && { problem }),
      ...(exitCode !== undefined && { exitCode }),
    })),
  ]
}

/** Returns the command that verifies a statement, without the output of SBOMs, which is long and unused. */
function statementCommand(repository: string, requirement: Requirement, signing: Signing): string[] {
  const command = verifyCommand(repository, requirement, signing)
  const read = requirement.predicate === "gates" || requirement.predicate === "provenance"
  return read ? command : ["sh", "-c", `${shellQuote(command)} > /dev/null`]
}

function absent({ platform, digest }: Resolved["images"][number], run: ToolRun): Check[] {
  if (run.exitCode === 0) return []
  const { kind, reason, exitCode } = registryFailure(run)
  const missing = kind === "missing"
  const why = missing
    ? failedCheck("the registry doesn't have it", ExitCode.gateFailed)
    : failedCheck(reason, exitCode)
  return [{ name: "image", digest, subject: platform, ...why }]
}

/** Returns the verified predicates of passed gates, one for each run that published the release. */
export async function gatesOf(repository: string, digest: string, signing: Signing): Promise<unknown[]> {
  const requirement = { predicate: "gates", digest, subject: "the index" } as const
  const [run = NOT_RUN] = await runEach(signing.tools, [verifyCommand(repository, requirement, signing)])
  return predicates(run)
}

/** Runs a verification, and returns its result or the error that prevented it. */
export async function verificationOf(
  reference: string,
  work: () => Promise<{ digest: string; checks: Check[] }>,
): Promise<Verification> {
  const common = { schema: 1, reference } as const
  try {
    const { digest, checks } = await work()
    const { status } = judgeRelease(checks, reference)
    return { ...common, digest, status, exitCode: releaseExitCode(checks), problem: null, checks }
  } catch (error) {
    const problem = messageOf(error)
    return { ...common, digest: null, status: "error", exitCode: exitCodeOf(error), problem, checks: [] }
  }
}

const NOT_RUN: ToolRun = { exitCode: 1, stdout: "", stderr: "Error: cosign was not run" }
