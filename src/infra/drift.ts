import { dag, type Directory } from "@dagger.io/dagger"
import { ExitCode } from "../lib/errors/catalogue.js"
import { type Baseline, BASELINE_FILE, parseBaseline } from "../lib/infra/baseline.js"
import { driftOf, type DriftJudgement, judgeDrift } from "../lib/infra/drift.js"
import { type DriftGate, gated, nothingToGate } from "../lib/infra/driftGate.js"
import { driftFindings, driftMarkdown } from "../lib/infra/driftReport.js"
import { type InfraTarget, targetFolder, targetName } from "../lib/infra/roots.js"
import { pool } from "../lib/run/pool.js"
import { code, markdown } from "../lib/text/escape.js"
import { overall } from "../lib/run/command.js"
import { oneLine } from "../lib/text/words.js"
import { count } from "../lib/text/words.js"
import { artifactsOf, isPlanned, type Planned, planTarget, type Unplanned } from "./planTarget.js"
import { attempted, identity, skipped, type Stage } from "../stage/stage.js"
import { type InfraInputs, NOTHING_TO_PLAN, targetRepro, toolText } from "./terraform.js"
import { toolVersion } from "../lib/infra/tools.js"

/** Options of drift detection besides the configuration. */
export interface DriftOptions {
  /** The service's sources, with the baseline. */
  source: Directory
  sha: string
  targets: readonly InfraTarget[]
  /** The deployment that it is a gate of; undefined for a report alone. */
  gate?: DriftGate
  /** The day on which expiry dates of the baseline are judged. */
  now: Date
}

/** Drift of one target. */
export interface TargetDrift {
  target: InfraTarget
  report: DriftJudgement
  markdown: string
  /** For the artifacts. */
  json: string
  text: string
}

/** Compares the state of every target with reality. Never throws because of the source or the backend. */
export function runDrift(inputs: InfraInputs, options: DriftOptions): Promise<Stage> {
  const stage = identity("drift", "drift", toolVersion(inputs.config), inputs.invocation)
  return attempted(stage, () => driftWork(inputs, options))
}

async function driftWork(inputs: InfraInputs, options: DriftOptions) {
  const begun = Date.now()
  const { targets, gate } = options
  if (gate?.policy === "ignore") return skipped(`deploy.drift.${gate.environment} is ignore`)
  if (targets.length === 0) return skipped(gate === undefined ? NOTHING_TO_PLAN : nothingToGate(gate))
  const { baseline, outcome } = await readBaseline(options.source)
  if (outcome !== undefined)
    return { ...outcome, ...UNTIMED, exitCode: ExitCode.badInput, log: outcome.reason }
  const refreshes = targets.map((target) => () => planTarget("refresh", target, inputs))
  const results = await pool(inputs.config.parallel, refreshes)
  const tool = await toolText(inputs.config)
  const compared = results.map((result) =>
    isPlanned(result) ? targetDrift(result, baseline, { ...options, tool }) : result,
  )
  const [first] = compared.filter((each) => !isClean(each)).concat(compared)
  return {
    ...gated(judged(compared, gate !== undefined), gate),
    ...(first && { repro: targetRepro("drift", first.target, inputs) }),
    milliseconds: Date.now() - begun,
    cached: false,
    log: results.map(({ target, log }) => `# ${targetName(target)}\n${log}`).join("\n"),
    facts: {
      tool,
      ...Object.fromEntries(compared.map((each) => [targetName(each.target), outcomeText(each)])),
    },
    sections: compared.map(markdownOf),
    files: compared.reduce((all, each) => all.withDirectory("/", targetFiles(each)), dag.directory()),
  }
}

const isClean = (result: TargetDrift | Unplanned): boolean =>
  "report" in result ? result.report.verdict !== "DRIFT" : result.skipped

const UNTIMED = { milliseconds: 0, cached: null }

/** Reads the baseline: the drift that is known and accepted. */
export async function readBaseline(source: Directory) {
  const found = source.filter({ include: [BASELINE_FILE] })
  const exists = (await found.glob(BASELINE_FILE)).length > 0
  return parseBaseline(exists ? await found.file(BASELINE_FILE).contents() : undefined)
}

/** Judges the result of a refresh against the baseline. */
export function targetDrift(
  planned: Planned,
  baseline: Baseline,
  { sha, now, tool }: Pick<DriftOptions, "sha" | "now"> & { tool: string },
): TargetDrift {
  const { target, masked, text } = planned
  const { environment, root } = target
  const report = judgeDrift(driftOf(planned.plan), baseline, { environment, root, now })
  const about = { environment, root, commit: sha, tool, artifact: `${targetFolder(target)}/drift.txt` }
  return { target, report, markdown: driftMarkdown(report, about).text, json: masked, text }
}

/** Artifacts of a comparison, or of the error that prevented it. */
export const targetFiles = (result: TargetDrift | Unplanned): Directory =>
  artifactsOf(result.target, {
    "drift.md": markdownOf(result),
    ...("report" in result && {
      "drift.json": result.json,
      "drift.txt": result.text,
      "drift-verdict.json": `${JSON.stringify(result.report, null, 2)}\n`,
    }),
  })

const markdownOf = (result: TargetDrift | Unplanned): string =>
  "report" in result
    ? result.markdown
    : `### Drift: ${code(result.target.environment)} ${code(result.target.root)}\n\n${markdown(result.reason)}\n`

/** Judges all targets. With `all`, one that could not be compared for lack of credentials is a failure too. */
function judged(results: readonly (TargetDrift | Unplanned)[], all: boolean) {
  const verdicts = results.flatMap((result) => ("report" in result ? [result] : []))
  const failures = results.flatMap((result) =>
    "report" in result || (result.skipped && !all) ? [] : [result],
  )
  const drifted = verdicts.some(({ report }) => report.verdict === "DRIFT")
  const exitCode = overall([
    ...failures.map((failure) => failure.exitCode || ExitCode.badInput),
    ...(drifted ? [ExitCode.changes] : []),
  ])
  const status =
    failures.length > 0 ? "error" : drifted ? "failed" : verdicts.length === 0 ? "skipped" : "passed"
  const reasons = results.map((result) => `${targetName(result.target)}: ${outcomeText(result)}`)
  const findings = [
    ...failures.flatMap((failure) => failure.findings),
    ...verdicts.flatMap(({ report }) => driftFindings(report)),
  ]
  return { status, reason: oneLine(reasons.join("; ")), exitCode, findings } as const
}

function outcomeText(result: TargetDrift | Unplanned): string {
  if (!("report" in result)) return result.reason
  const { verdict, items } = result.report
  const known = items.filter(({ entry }) => entry !== undefined).length
  const parts = [
    ...(items.length > known ? [count(items.length - known, "difference")] : []),
    ...(known > 0 ? [`${known} known`] : []),
  ]
  return [verdict, parts.join(", ")].filter(Boolean).join(", ")
}
