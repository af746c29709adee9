import { ExitCode } from "../errors/catalogue.js"
import { overall, stopped, worst } from "../run/command.js"
import { type Run, type StageResult, type Verdict } from "../run/verdict.js"
import { shellQuote } from "../text/shellQuote.js"
import type { ServicePlace } from "./places.js"

/** A service in a run of several. */
export interface RanService extends ServicePlace {
  /** Its run's verdict; absent if it didn't run, or not to its end. */
  verdict?: Verdict
  /** Why it runs, or why not. */
  why: string
  /** False if the run doesn't concern it. */
  chosen: boolean
}

/**
 * The verdict of a run of several services, with one stage for each: its status is the worst, and so is its exit code.
 *
 * Each service's own verdict and reports are in its folder.
 */
export function verdictTogether(
  run: Run,
  services: readonly RanService[],
  { milliseconds, interrupted = false }: { milliseconds: number; interrupted?: boolean },
): Verdict {
  const stages = services.map(stageOf)
  return {
    schema: 1,
    run,
    status: worst(stages.map(({ status }) => status)),
    exitCode: interrupted ? ExitCode.interrupted : overall(stages.map(({ exitCode }) => exitCode)),
    milliseconds,
    stages,
    problem: null,
  }
}

function stageOf(service: RanService): StageResult {
  const { name, verdict, why, chosen } = service
  const repro = shellQuote(["slipway", "ci", `--service=${name}`])
  const common = { name, group: "service", cached: null, repro }
  if (!chosen)
    return { ...common, status: "skipped", milliseconds: 0, reason: why, exitCode: ExitCode.passed }
  if (verdict === undefined) {
    const reason = "not known to have ended"
    return { ...common, status: "error", milliseconds: 0, reason, exitCode: ExitCode.infrastructure }
  }
  const { status, milliseconds, exitCode } = verdict
  return { ...common, status, milliseconds, reason: reasonOf(service, verdict), exitCode }
}

function reasonOf({ name, why }: RanService, { stages, problem }: Verdict): string {
  const failed = stages.filter(stopped).map((stage) => stage.name)
  if (problem !== null) return `${problem.split("\n")[0] ?? ""}; see ${name}/summary.md`
  if (failed.length > 0) return `${failed.join(", ")} did not pass; see ${name}/report.html`
  return `${stages.length} stages, none failed; ${why}`
}

/** The summary of a run of several services: their table, then their own summaries as far as there is room. */
export function summaryTogether(table: string, own: readonly string[], most: number): string {
  let text = table
  for (const each of own) {
    const next = `${text}\n${each}`
    if (Buffer.byteLength(next) > most) return `${text}\n… and more, in each service's \`summary.md\`\n`
    text = next
  }
  return text
}
