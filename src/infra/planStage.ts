import { dag, type Secret } from "@dagger.io/dagger"
import { commentOn, type Commenting } from "./comment.js"
import { ExitCode } from "../lib/errors/catalogue.js"
import { changesOf, countsOf, outputChangesOf, type PlanCounts } from "../lib/infra/changes.js"
import { planMarkdown } from "../lib/infra/planMarkdown.js"
import { targetFolder, targetName, type InfraTarget } from "../lib/infra/roots.js"
import { type PlanAbout, seal } from "../lib/infra/sealed.js"
import type { Finding } from "../lib/run/finding.js"
import { pool } from "../lib/run/pool.js"
import { code, markdown } from "../lib/text/escape.js"
import { overall } from "../lib/run/command.js"
import { oneLine } from "../lib/text/words.js"
import type { Run } from "../lib/run/verdict.js"
import { artifactsOf, isPlanned, type Planned, planTarget, type Unplanned } from "./planTarget.js"
import { privateBytes } from "../stage/privateFiles.js"
import { attempted, identity, skipped, type Stage } from "../stage/stage.js"
import { type InfraInputs, NOTHING_TO_PLAN, OUT, targetRepro, toolText } from "./terraform.js"
import { toolVersion } from "../lib/infra/tools.js"

/** Options of planning besides the configuration. */
export interface PlanStageOptions {
  run: Run
  targets: readonly InfraTarget[]
  /** The key that plans are encrypted with; without it none is kept. */
  key?: Secret
  /** The pull request to comment on, if there is one. */
  commenting?: Commenting
  /** True if changes result in exit code 2. */
  detailed: boolean
}

/** Plans every target and comments on the pull request. Never throws because of the source or the backend. */
export function runPlan(inputs: InfraInputs, options: PlanStageOptions): Promise<Stage> {
  const stage = identity("plan", "plan", toolVersion(inputs.config), inputs.invocation)
  return attempted(stage, () => planWork(inputs, options))
}

async function planWork(inputs: InfraInputs, { run, targets, key, commenting, detailed }: PlanStageOptions) {
  const begun = Date.now()
  if (targets.length === 0) return skipped(NOTHING_TO_PLAN)
  const plans = targets.map((target) => () => planTarget("plan", target, inputs))
  const results = (await pool(inputs.config.parallel, plans)).map((result) => excused(result, run, inputs))
  const tool = await toolText(inputs.config)
  const reports = results.map((result) => planDescription(result, run, tool))
  const comments = commenting === undefined ? {} : await commentOn(reports, commenting)
  const sealed = await Promise.all(
    results.flatMap((result) =>
      key !== undefined && isPlanned(result) ? [sealedFile(result, key, run, tool)] : [],
    ),
  )
  const changed = detailed && results.some((result) => isPlanned(result) && hasChanges(result))
  const { exitCode, ...outcome } = judged(results)
  const [first] = results.filter((result) => !isPlanned(result) && !result.skipped).concat(results)
  return {
    ...outcome,
    findings: [...outcome.findings, ...inputs.notes.map(note)],
    exitCode: exitCode === ExitCode.passed && changed ? ExitCode.changes : exitCode,
    ...(first && { repro: targetRepro("plan", first.target, inputs) }),
    milliseconds: Date.now() - begun,
    cached: false,
    log: results.map(({ target, log }) => `# ${targetName(target)}\n${log}`).join("\n"),
    facts: { tool, ...facts(results, key), ...comments },
    sections: reports.map(({ markdown }) => markdown),
    files: [...reports.map(({ files }) => files), ...sealed].reduce(
      (all, files) => all.withDirectory("/", files),
      dag.directory(),
    ),
  }
}

const note = (message: string): Finding => ({
  tool: "slipway",
  rule: "targets",
  level: "note",
  message,
  advisory: true,
})

/** Skips a target that can't be planned for lack of credentials: a fork's pull request has none. */
function excused(result: Planned | Unplanned, run: Run, { secrets }: InfraInputs): Planned | Unplanned {
  if (isPlanned(result) || run.event !== "pull_request" || secrets.length > 0) return result
  if (result.exitCode === ExitCode.gateFailed) return result
  const reason = `not planned, since nobody passed credentials (a fork has none): ${result.reason}`
  return { ...result, skipped: true, reason, exitCode: ExitCode.passed, findings: [] }
}

/** Plan as a reviewer sees it, with its artifacts. */
export interface PlanDescription {
  target: InfraTarget
  /** True if an apply would change anything. */
  changes: boolean
  markdown: string
  files: ReturnType<typeof artifactsOf>
}

/** Describes a plan, or the reason why there is none. */
export function planDescription(result: Planned | Unplanned, run: Run, tool: string): PlanDescription {
  const { target } = result
  if (!isPlanned(result)) {
    const text = `### Plan: ${code(target.environment)} ${code(target.root)}\n\n${markdown(result.reason)}\n`
    return { target, changes: true, markdown: text, files: artifactsOf(target, { "plan.md": text }) }
  }
  const { plan, masked, text } = result
  const about = {
    environment: target.environment,
    root: target.root,
    commit: run.sha,
    tool,
    artifact: `${targetFolder(target)}/plan.txt`,
  }
  const written = planMarkdown(plan, about).text
  const files = artifactsOf(target, { "plan.md": written, "plan.json": masked, "plan.txt": text })
  return { target, changes: hasChanges(result), markdown: written, files }
}

const hasChanges = ({ plan }: Planned): boolean =>
  changesOf(plan).length + outputChangesOf(plan).length + plan.deferred.length + plan.invocations.length > 0

/** Origin of a plan. */
export const aboutPlan = (
  { target, plan, lineage, serial, lock }: Planned,
  run: Run,
  tool: string,
): PlanAbout => ({
  schema: 1,
  environment: target.environment,
  root: target.root,
  sha: run.sha,
  tool,
  lock,
  lineage,
  serial,
  counts: countsOf(changesOf(plan)),
  run: run.id,
  createdAt: new Date().toISOString(),
})

async function sealedFile(planned: Planned, key: Secret, run: Run, tool: string) {
  const plan = await privateBytes(planned.container.file(`${OUT}/plan`))
  const text = await seal({ about: aboutPlan(planned, run, tool), plan }, await key.plaintext())
  return artifactsOf(planned.target, { "plan.sealed": text })
}

function judged(results: readonly (Planned | Unplanned)[]) {
  const failures = results.flatMap((result) => (isPlanned(result) || result.skipped ? [] : [result]))
  const lines = results.map((result) => `${targetName(result.target)}: ${outcomeText(result)}`)
  const exitCode = overall(failures.map((failure) => failure.exitCode || ExitCode.badInput))
  const nothing = results.every((result) => !isPlanned(result) && result.skipped)
  const status =
    failures.length === 0
      ? nothing
        ? "skipped"
        : "passed"
      : exitCode === ExitCode.gateFailed
        ? "failed"
        : "error"
  return {
    status,
    reason: oneLine(
      (failures.length === 0
        ? lines
        : failures.map(({ target, reason }) => `${targetName(target)}: ${reason}`)
      ).join("; "),
    ),
    exitCode,
    findings: failures.flatMap(({ findings }) => findings),
  } as const
}

const outcomeText = (result: Planned | Unplanned): string =>
  isPlanned(result) ? countsText(countsOf(changesOf(result.plan))) : result.reason

/** Counts in words, without zeros. */
export function countsText(counts: PlanCounts): string {
  const words = Object.entries(counts).flatMap(([kind, number]) =>
    number === 0 ? [] : [`${number} to ${kind === "other" ? "change in another way" : kind}`],
  )
  return words.join(", ") || "no changes"
}

function facts(results: readonly (Planned | Unplanned)[], key: Secret | undefined): Record<string, string> {
  const kept =
    key === undefined
      ? "none is kept: SLIPWAY_PLAN_KEY would encrypt it for a later apply"
      : "encrypted, in plan.sealed"
  return {
    ...Object.fromEntries(results.map((result) => [targetName(result.target), outcomeText(result)])),
    ...(results.some(isPlanned) && { "plan file": kept }),
  }
}
