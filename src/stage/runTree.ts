import { dag, type Directory, type File } from "@dagger.io/dagger"
import { artifacts } from "./artifacts.js"
import { type ExitCode, exitCodeOf } from "../lib/errors/catalogue.js"
import { html } from "../lib/report/html/page.js"
import { changesSince, notCompared } from "../lib/report/compare.js"
import { recordOf } from "../lib/report/record.js"
import { summary } from "../lib/report/summary.js"
import type { RunChanges } from "../lib/run/changes.js"
import type { GateComparison } from "../lib/run/gateComparison.js"
import { terminalText } from "../lib/report/terminal.js"
import { type Stage } from "./stage.js"
import { messageOf } from "../lib/run/execError.js"
import { overall, worst } from "../lib/run/command.js"
import { oneLine } from "../lib/text/words.js"
import { type Run, stageResult, type Verdict } from "../lib/run/verdict.js"
import { jsonText } from "../lib/text/json.js"

/**
 * Runs stages and collects all of their output in one tree.
 *
 * Never throws: an error that prevented the run is in the verdict too. `gates` are asked for after the stages.
 * `previous` is the verdict of the last run, to compare with.
 */
export async function runTree(
  run: Run,
  stages: () => Promise<Stage[]>,
  gates: () => Promise<GateComparison | undefined> = () => Promise.resolve(undefined),
  previous?: File,
): Promise<Directory> {
  const begun = Date.now()
  const { reports, problem, exitCode } = await attempt(stages)
  const compared = await gates()
  const alone: Verdict = {
    schema: 1,
    run,
    status: problem !== null ? "error" : worst(reports.map(({ status }) => status)),
    exitCode,
    milliseconds: Date.now() - begun,
    stages: reports.map(stageResult),
    problem,
    ...(compared && { gates: compared }),
    ...(problem === null && { record: recordOf(reports) }),
  }
  const verdict = { ...alone, ...(previous && problem === null && { changes: await since(previous, alone) }) }
  const failures = terminalText(reports)
  const tree = failures === "" ? dag.directory() : dag.directory().withNewFile("failures.txt", failures)
  return tree
    .withDirectory("/", artifacts(reports))
    .withNewFile("verdict.json", jsonText(verdict))
    .withNewFile("summary.md", summary(verdict, reports))
    .withNewFile("report.html", html(verdict, reports))
}

/** Compares a run with the last one; a verdict that can't be read fails nothing. */
async function since(previous: File, verdict: Verdict): Promise<RunChanges> {
  try {
    return changesSince(await previous.contents(), verdict)
  } catch (error) {
    return notCompared(`its verdict can't be read: ${oneLine(messageOf(error))}`)
  }
}

async function attempt(
  stages: () => Promise<Stage[]>,
): Promise<{ reports: Stage[]; problem: string | null; exitCode: ExitCode }> {
  try {
    const reports = await stages()
    return { reports, problem: null, exitCode: overall(reports.map(({ exitCode }) => exitCode)) }
  } catch (error) {
    const problem = messageOf(error)
    return { reports: [], problem, exitCode: exitCodeOf(error) }
  }
}
