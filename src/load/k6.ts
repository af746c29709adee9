import { type Container, dag, type Directory, type File } from "@dagger.io/dagger"
import { type DeployInputs } from "../deploy/environment.js"
import { execute, type Execution, logOf, timing } from "../stage/execute.js"
import { K6_VERSION, offlineImageNote } from "../stage/images.js"
import { stopVariable } from "../lib/load/breaking.js"
import { compare, type Kept, readKept } from "../lib/load/compare.js"
import { generatorWarning, readGenerator } from "../lib/load/generator.js"
import { judgeRun, type Judged } from "../lib/load/judge.js"
import { loadMarkdown } from "../lib/load/markdown.js"
import { loadChart } from "../lib/report/html/loadChart.js"
import {
  type Kind,
  type Profile,
  profileOf,
  profileText,
  rampArguments,
  secondsOf,
} from "../lib/load/profile.js"
import { k6Outputs, unsentMetrics } from "../lib/load/outputs.js"
import { readSeries, type Series } from "../lib/load/series.js"
import { usageAt, usageText } from "../lib/load/usage.js"
import type { Finding } from "../lib/run/finding.js"
import { interrupted, stageExitCode } from "../lib/run/command.js"
import { keep, keptBefore } from "./lastRun.js"
import { k6Image } from "./image.js"
import { withReceivers } from "./receivers.js"
import { type Watched, watchPods } from "./pods.js"
import { scriptFor, type Script, withAuthorization } from "./script.js"
import { SCRIPTS, withScripts } from "../stage/scripts.js"
import { askedVersion } from "../stage/toolVersion.js"
import { attempted, identity, type Stage, unfinished } from "../stage/stage.js"
import { type ServiceEndpoint, endpointOf } from "../deploy/endpoint.js"
import { inspectable } from "../stage/shell.js"
import { jsonText } from "../lib/text/json.js"

/** Inputs of a load test. */
export interface LoadInputs extends DeployInputs {
  /** Factor of durations: above 0, at most 1. */
  scale: number
  /** Endpoint of the service, if not that of the environment. */
  at?: ServiceEndpoint
  /** Record of an earlier run to compare with, instead of the last one's. */
  before?: File
  /** The version under test, if the cluster doesn't report it. */
  version: string
  /** The command that repeats a stage. */
  repro: (kind: Kind) => string
}

const OUT = "/slipway/out"

/** Extra time for users to stop, and for setup and teardown. */
const SLACK_SECONDS = 150

/** Runs load tests against the deployed service, a stage for each kind, in order. Never throws for missing parts. */
export async function loadStages(inputs: LoadInputs, kinds: readonly Kind[]): Promise<Stage[]> {
  const stages: Stage[] = []
  for (const kind of kinds) {
    const stage = { ...identity(kind, kind, K6_VERSION, ""), repro: inputs.repro(kind) }
    stages.push(await attempted(stage, () => loadStage(inputs, kind)))
  }
  return stages
}

async function loadStage(inputs: LoadInputs, kind: Kind): Promise<Omit<Stage, "name" | "group" | "repro">> {
  const begun = Date.now()
  const profile = profileOf(kind, inputs.config, inputs.scale, inputs.environment)
  const target = inputs.at ?? (await endpointOf(inputs))
  const script = await scriptFor(inputs, target)
  inputs.say(`${profileText(profile)} at ${target.url} (${target.way})`)
  const [{ run, command, watched, note, limit }, before, ran] = await Promise.all([
    runK6(inputs, profile, target, script),
    keptBefore(inputs, kind),
    askedVersion(k6Image(inputs), ["k6", "version"]),
  ])
  const interruption = interrupted(run, "k6", limit)
  if (interruption !== undefined)
    return {
      version: ran,
      ...unfinished(interruption.reason, stageExitCode("error", true), logOf(command, run)),
      ...timing(run, begun),
    }
  const left = await readResults(run)
  const { series } = left
  const judged = judgeRun(left, profile, new URL(target.url).host, script.made)
  const made = { ...left, profile, target, script, judged, watched, before }
  const { kept, warnings, notes } = await evaluate(inputs, made)
  const { version } = kept
  const facts = {
    k6: `${ran}${note}`,
    ...(version !== "" && { version }),
    target: `${target.url} (${target.way})`,
    ...(judged.measured !== undefined && { measured: judged.measured }),
  }
  const { environment } = inputs
  return {
    version: ran,
    status: judged.status,
    exitCode: judged.exitCode,
    reason: judged.reason,
    findings: [...judged.findings, ...warnings],
    ...timing(run, begun),
    log: [logOf(command, run), left.said].join("\n"),
    sections: [loadMarkdown({ environment, profile, series, judged, notes })],
    load: {
      seconds: series.seconds,
      p95: profile.p95,
      broke: judged.break,
      title: profileText(profile),
      notes,
    },
    facts,
    files: files(kept, judged, left.summary),
  }
}

/** Container of k6 before the test of a kind, for a shell. Fails as `targetOf` and `scriptFor`. */
export async function debugLoad(inputs: LoadInputs, kind: Kind): Promise<Container> {
  const profile = profileOf(kind, inputs.config, inputs.scale, inputs.environment)
  const target = inputs.at ?? (await endpointOf(inputs))
  const { container, command } = await prepare(inputs, profile, target, await scriptFor(inputs, target))
  return inspectable(container, command, [`$BASE_URL is ${target.url}: ${target.way}`])
}

/** Container and command of a test. */
async function prepare(inputs: LoadInputs, profile: Profile, target: ServiceEndpoint, script: Script) {
  const { config, environment, version, run: id } = inputs
  const tools = withScripts(
    k6Image(inputs).withUser("0").withDirectory("/slipway", dag.directory()),
    "slipway_load.sh",
    "slipway_load.awk",
  )
  const tags = { environment, kind: profile.kind, version, service: config.name ?? "" }
  const outputs = k6Outputs(config.load, tags)
  const receiving = await withReceivers(inputs, outputs, script.put(tools))
  const stop = stopVariable(profile)
  const bound = target.bind(stop === undefined ? receiving : receiving.withEnvVariable("STOP", stop))
  const container = withAuthorization(inputs, bound)
    .withEnvVariable("BASE_URL", target.url)
    .withEnvVariable("OUT", OUT)
    .withEnvVariable("SLIPWAY_RUN", `${id} ${profile.kind}`)
    // What runs is what the image has: k6 would fetch a build of itself for extensions that a script imports.
    .withEnvVariable("K6_AUTO_EXTENSION_RESOLUTION", "false")
  const command = [
    "sh",
    `${SCRIPTS}/slipway_load.sh`,
    SCRIPTS,
    "k6",
    "run",
    "--quiet",
    "--no-color",
    "--no-usage-report",
    "--log-format=json",
    `--summary-export=${OUT}/summary.json`,
    ...outputs.arguments,
    ...rampArguments(profile),
    script.path,
  ]
  return { container, command }
}

/** Runs k6 and samples the pods meanwhile. */
async function runK6(inputs: LoadInputs, profile: Profile, target: ServiceEndpoint, script: Script) {
  const { say } = inputs
  const { container, command } = await prepare(inputs, profile, target, script)
  const length = secondsOf(profile)
  const limit = Math.ceil(length + SLACK_SECONDS)
  const ended = new AbortController()
  const begun = Date.now()
  let reported = 0
  const watching = watchPods(inputs, ended.signal, (usage) => {
    const seconds = Math.round((Date.now() - begun) / 1000)
    if (seconds - reported < 30) return
    reported = seconds
    say(`${seconds} of ${Math.round(length)} s: ${usageText(usage)}`)
  })
  try {
    const run = await execute(container, command, limit)
    ended.abort()
    const watched = await watching
    return { run, command, watched, note: await offlineImageNote(k6Image(inputs)), limit }
  } finally {
    ended.abort()
  }
}

/** Reads the files that the run wrote. */
async function readResults({ container }: Execution) {
  const folder = container.directory(OUT)
  const names = ["series", "said", "counts", "generator", "exit"] as const
  const read = async (name: string) => folder.file(name).contents()
  const [series = "", said = "", counts = "", generator = "", exit = ""] = await Promise.all(names.map(read))
  const [, thrown = 0] = counts.trim().split(" ").map(Number)
  const summary = (await folder.exists("summary.json")) ? await read("summary.json") : undefined
  return { series: readSeries(series), said, thrown, generator, summary, exitCode: Number(exit) }
}

interface Evaluated {
  profile: Profile
  target: ServiceEndpoint
  script: Script
  series: Series
  judged: Judged
  watched: Watched
  /** Record of an earlier run. */
  before: string | undefined
  generator: string
  said: string
}

/** Facts in addition to the verdict; none of them fails the gate. */
async function evaluate(inputs: LoadInputs, ran: Evaluated) {
  const { profile, target, script, judged, watched } = ran
  const { seconds, ...totals } = ran.series
  const kept: Kept = {
    schema: 1,
    kind: profile.kind,
    version: inputs.version || watched.version,
    at: new Date().toISOString(),
    profile,
    target: target.url,
    totals,
    seconds,
  }
  const generator = readGenerator(ran.generator)
  const earlier = ran.before === undefined ? undefined : readKept(ran.before)
  // A part of a profile is nothing to compare others with.
  const { stop } = ran.series
  const compared = earlier === undefined || stop !== undefined ? undefined : compare(earlier, kept)
  if (judged.status === "passed" && stop === undefined) await keep(inputs, kept)
  const unsent = unsentMetrics(ran.said)
  const slow = judged.status === "error" ? undefined : generatorWarning(generator)
  const warnings = [
    ...(slow === undefined ? [] : [warning("generator", slow)]),
    ...(compared?.worse ? [warning("comparison", compared.said)] : []),
    ...unsent.map((text) => warning("metrics", text)),
  ]
  const notes = [
    `asked at ${target.url}: ${target.way}`,
    ...script.notes,
    ...(profile.scale < 1
      ? [`shortened to ${profile.scale} of its length: this is a trial, and no measurement`]
      : []),
    compared?.said ??
      (stop === undefined ? "there is no earlier run to compare with" : stopNote(seconds.length, profile)),
    ...(slow === undefined ? [] : [slow]),
    ...(generator === undefined
      ? []
      : [`the load generator's machine was busy to ${Math.round(generator.busy * 100)} % on average`]),
    podsNote(ran),
    ...unsent,
  ]
  return { kept: { ...kept, generator, pods: watched.usages, break: judged.break, notes }, warnings, notes }
}

const stopNote = (seconds: number, profile: Profile): string =>
  `stopped after ${seconds} of ${Math.round(secondsOf(profile))} s, so not compared with an earlier run`

const warning = (rule: string, message: string): Finding => ({
  tool: "k6",
  rule,
  level: "warning",
  message,
  advisory: true,
})

/** Note on the pods' use at the breaking point, else at its peak. */
function podsNote({ judged, watched, series }: Evaluated): string {
  const { usages, problem } = watched
  const last = usages.at(-1)
  if (last === undefined) return `CPU and memory of the pods are unknown: ${problem ?? "it ended too soon"}`
  if (judged.break === undefined) {
    const busiest = [...usages].sort((a, b) => (b.cores ?? 0) - (a.cores ?? 0))[0] ?? last
    return `at the busiest, ${usageText(busiest)}`
  }
  const length = series.seconds.at(-1)?.at ?? 0
  const then = usageAt(usages, last.at - (length - judged.break.at) * 1000) ?? last
  return `when it broke, ${usageText(then)}`
}

const files = (kept: Kept, judged: Judged, summary: string | undefined): Directory => {
  const drawn = loadChart(kept.seconds, { p95: kept.profile.p95, broke: judged.break, standalone: true }).text
  const folder = dag
    .directory()
    .withNewFile(`k6/${kept.kind}.json`, jsonText(kept))
    .withNewFile(`k6/${kept.kind}.svg`, drawn)
  return summary === undefined ? folder : folder.withNewFile(`k6/${kept.kind}-summary.json`, summary)
}
