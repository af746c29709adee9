import { each } from "./cosign.js"
import type { ToolRun } from "./lib/finding.js"
import type { Expected } from "./lib/release/expected.js"
import { predicates } from "./lib/release/cosign.js"
import { type Check, demands, judgeRelease, type Verification, verified } from "./lib/release/verification.js"
import { exitCodeOf } from "./lib/errors.js"
import { stageExitCode } from "./lib/run.js"
import { messageOf } from "./stage.js"
import type { Resolved } from "./publish.js"
import { type Signing, verifyCommand } from "./signing.js"

/** Verifies all that a release must carry, and that each of its images is there. */
export async function verifyRelease(
  { repository, digest, images }: Resolved,
  { platforms, judges }: Expected,
  signing: Signing,
): Promise<Check[]> {
  const wanted = demands(digest, images)
  const runs = await each(signing.tools, [
    // A signature outlives the image that it is of: cosign doesn't ask whether that is there.
    ...images.map((image) => ["regctl", "manifest", "head", `${repository}@${image.digest}`]),
    ...wanted.map((demand) => verifyCommand(repository, demand, signing)),
  ])
  const missing = platforms.filter((platform) => !images.some((image) => image.platform === platform))
  const absent = images.filter((_, index) => runs[index]?.exitCode !== 0)
  const problem = (name: string, subject: string, of: string, what: string): Check => ({
    name,
    subject,
    digest: of,
    problem: what,
  })
  return [
    ...missing.map((platform) => problem("platform", platform, digest, "the index has no image for it")),
    ...absent.map((image) => problem("image", image.platform, image.digest, "the registry hasn't got it")),
    ...wanted.map((demand, index) =>
      verified(demand, runs[images.length + index] ?? NOT_RUN, judges[demand.predicate]),
    ),
  ]
}

/** What the attestations say of the gates that a release passed: one for each run that published it. */
export async function gatesOf(repository: string, digest: string, signing: Signing): Promise<unknown[]> {
  const demand = { predicate: "gates", digest, subject: "the index" } as const
  const [run = NOT_RUN] = await each(signing.tools, [verifyCommand(repository, demand, signing)])
  return predicates(run)
}

/** Verifies, and tells in one way what was found and what could not be looked at. */
export async function verificationOf(
  reference: string,
  work: () => Promise<{ digest: string; checks: Check[] }>,
): Promise<Verification> {
  const common = { schema: 1, reference } as const
  try {
    const { digest, checks } = await work()
    const { status } = judgeRelease(checks, reference)
    return { ...common, digest, status, exitCode: stageExitCode(status, false), problem: null, checks }
  } catch (error) {
    const problem = messageOf(error)
    return { ...common, digest: null, status: "error", exitCode: exitCodeOf(error), problem, checks: [] }
  }
}

const NOT_RUN: ToolRun = { exitCode: 1, stdout: "", stderr: "Error: cosign was not run" }
