import { dag, type Directory } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import { scheduledTests } from "../lib/pipeline/scheduledTests.js"
import type { Group } from "../lib/pipeline/stages.js"
import type { StageStatus } from "../lib/run/verdict.js"
import type { Stage } from "../stage/stage.js"

/** The stages of a test in one environment. */
interface Tested {
  environment: string
  stages: readonly Stage[]
}

/** Runs these groups in each environment that a scheduled run tests, one after the other, and merges their stages. */
export async function testOnSchedule(
  groups: readonly Group[],
  config: Config,
  test: (groups: readonly Group[], environment: string) => Promise<Stage[]>,
): Promise<Stage[]> {
  const all: Tested[] = []
  for (const { environment, groups: own } of scheduledTests(config)) {
    const asked = groups.filter((group) => group === "notify" || own.some((known) => known === group))
    all.push({ environment, stages: await test(asked, environment) })
  }
  const names = new Set(all.flatMap(({ stages }) => stages.map(({ name }) => name)))
  return [...names].map((name) => merged(all, name))
}

/** From the best to the worst. */
const STATUSES: readonly StageStatus[] = ["skipped", "passed", "failed", "error"]

/** A stage of several environments as one, with the worst status. */
function merged(all: readonly Tested[], name: string): Stage {
  const parts = all.flatMap(({ environment, stages }) =>
    stages.filter((stage) => stage.name === name).map((stage) => ({ environment, stage })),
  )
  const [worst, ...others] = parts.map(({ stage }) => stage).sort((a, b) => rank(b) - rank(a))
  if (worst === undefined) throw new Error(`no environment has the stage ${name}`)
  if (others.length === 0) return worst
  return {
    ...worst,
    reason: parts.map(({ environment, stage }) => `${environment}: ${stage.reason}`).join("; "),
    milliseconds: parts.reduce((sum, { stage }) => sum + stage.milliseconds, 0),
    findings: parts.flatMap(({ environment, stage }) =>
      stage.findings.map((finding) => ({ ...finding, message: `${environment}: ${finding.message}` })),
    ),
    suppressed: parts.flatMap(({ stage }) => stage.suppressed ?? []),
    log: parts.map(({ environment, stage }) => `${environment}:\n${stage.log}`).join("\n"),
    sections: parts.flatMap(({ stage }) => stage.sections ?? []),
    facts: Object.fromEntries(
      parts.flatMap(({ environment, stage }) =>
        Object.entries(stage.facts ?? {}).map(([fact, value]) => [`${environment}: ${fact}`, value]),
      ),
    ),
    files: parts.reduce(
      (files: Directory, { environment, stage }) =>
        stage.files === undefined ? files : files.withDirectory(environment, stage.files),
      dag.directory(),
    ),
  }
}

const rank = ({ status }: Stage): number => STATUSES.indexOf(status)
