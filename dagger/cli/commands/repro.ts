import { existsSync, readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { ExitCode, fail } from "../../../src/lib/errors/catalogue.js"
import type { RunInputs } from "../../../src/lib/run/inputs.js"
import { visible } from "../../../src/lib/text/escape.js"
import { stopped } from "../../../src/lib/report/place.js"
import { EFFECTS, STAGE_NAMES, secretsOfGroup } from "../../../src/lib/pipeline/stages.js"
import type { StageResult, Verdict } from "../../../src/lib/run/verdict.js"
import { fields } from "../../../src/lib/text/json.js"
import { daggerHere } from "../../module/call.js"
import { say } from "../../lib/progress.js"
import { currentName } from "../../lib/renamed.js"
import { type CiOptions, runCi } from "./ci.js"
import { debugArguments } from "./debug.js"
import { findSource } from "./reproSource.js"

export interface ReproOptions {
  /** The folder that the run looked at, where its commit can't be fetched. */
  source?: string
  out?: string
  json?: boolean
  /** Open a shell in place of a run. */
  shell?: boolean
  /** Repeat what has effects too. */
  effects?: boolean
}

/** A verdict that says what its run was made with. */
type Recorded = Verdict & { run: { inputs: RunInputs } }

/** Repeats what failed in a run, or one stage of it, with what that run had. Returns the exit code. */
export async function repro(file: string, stage: string | undefined, options: ReproOptions): Promise<number> {
  const verdict = readVerdict(file)
  const chosen = chosenStages(verdict, stage)
  const effects = chosen.filter(({ group }) => EFFECTS.some((known) => known === group))
  const repeated = options.effects ? chosen : chosen.filter((each) => !effects.includes(each))
  if (!options.shell && repeated.length === 0) throw fail("ONLY_EFFECTS", [effects.map(({ name }) => name)])
  const lacking = missingSecrets(verdict.run.inputs, options.shell ? chosen : repeated, process.env)
  if (lacking.length > 0) throw fail("SECRETS_MISSING", [lacking])
  const found = await findSource(verdict.run.inputs.source, options.source)
  say(found.message)
  try {
    if (options.shell) return await openShell(verdict, chosen, found.source)
    if (!options.effects && effects.length > 0)
      say(`not repeated, since they have effects: ${effects.map(({ name }) => name).join(", ")} (--effects)`)
    return await runAgain(verdict, repeated, found.source, { ...options, out: outOf(file, options) })
  } finally {
    found.remove()
  }
}

/** Fails with NO_VERDICT for what is none, and NO_INPUTS for one that doesn't say what its run was made with. */
function readVerdict(file: string): Recorded {
  let verdict: Partial<Verdict>
  try {
    verdict = fields(JSON.parse(readFileSync(file, "utf8")))
  } catch (error) {
    throw fail("NO_VERDICT", [file, error instanceof Error ? error.message : String(error)])
  }
  if (verdict.schema !== 1 || verdict.run === undefined || !Array.isArray(verdict.stages))
    throw fail("NO_VERDICT", [file, "not a verdict of version 1"])
  if (verdict.run.inputs === undefined) throw fail("NO_INPUTS", [file])
  return verdict as Recorded
}

/** The stage that is named, else all that failed. Fails with UNKNOWN_STAGE and NOTHING_FAILED. */
export function chosenStages({ stages, problem }: Verdict, name: string | undefined): StageResult[] {
  const failed = stages.filter(stopped)
  if (name !== undefined) {
    const known = stages.filter((stage) => stage.name === name && STAGE_NAMES.some((each) => each === name))
    if (known.length === 0) throw fail("UNKNOWN_STAGE", [name, stages.map((stage) => stage.name)])
    return known
  }
  if (failed.length === 0) throw fail("NOTHING_FAILED", [problem ?? "every stage passed"])
  return failed
}

/** The variables of the environment that these stages had, and that aren't set here. */
export function missingSecrets(
  { secrets }: RunInputs,
  stages: readonly Pick<StageResult, "group">[],
  env: Readonly<Record<string, string | undefined>>,
): string[] {
  const used = new Set<string>(stages.flatMap(({ group }) => secretsOfGroup(currentName(group))))
  const names = Object.entries(secrets)
    .filter(([name]) => used.has(name))
    .flatMap(([, addresses]) => addresses.map((address) => /^env:\/\/([^?]+)/.exec(address)?.[1] ?? ""))
  return [...new Set(names)].filter((name) => name !== "" && env[name] === undefined)
}

/** What `slipway ci` is to be told, so that it runs with what that run had. */
export function recordedOptions({ run }: Recorded, source: string): CiOptions & { out: string } {
  const { arguments: said, secrets, source: from } = run.inputs
  const text = (name: string) => (typeof said[name] === "string" ? said[name] : undefined)
  const flag = (name: string) => said[name] === true || undefined
  const listed = (name: string) => [...(secrets[name] ?? [])]
  const options = {
    source,
    out: "",
    event: run.event,
    ref: run.ref,
    sha: run.sha,
    origin: from.origin,
    digest: from.digest,
    // Dates are judged as on that day.
    now: text("now") ?? run.startedAt,
    baseRef: text("baseRef"),
    committed: text("committed") ?? "",
    fork: flag("fork") ?? false,
    embedded: flag("embedded"),
    plainHttp: flag("plainHttp"),
    identity: text("identity"),
    issuer: text("issuer"),
    secret: listed("secrets"),
    infraSecret: listed("infra"),
    deploySecret: listed("deploy"),
    environment: text("environment") ?? text("deployEnvironment"),
    root: text("root"),
    detailedExitcode: flag("detailedExitcode"),
    tag: text("reference"),
    rollback: flag("rollback"),
    // Who deploys now, and where that is shown, is not of that run.
    scale: text("scale"),
  }
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as unknown as CiOptions
}

async function runAgain(
  verdict: Recorded,
  stages: readonly StageResult[],
  source: string,
  { out = "", json, effects }: ReproOptions,
): Promise<number> {
  // A stage with effects needs what comes before it: then the whole run is made again.
  const { only = [] } = verdict.run.inputs.arguments
  const whole = effects && stages.some(({ group }) => EFFECTS.some((known) => known === group))
  const asked = whole ? [only].flat().map(String) : stages.map(({ name }) => name)
  const code = await runCi({ ...recordedOptions(verdict, source), out, ...(json && { json }) }, asked)
  const file = join(out, "verdict.json")
  if (existsSync(file)) {
    const again = JSON.parse(readFileSync(file, "utf8")) as Verdict
    for (const before of stages) say(comparison(before, again))
  }
  return code
}

/** Whether a stage came to the same as before. */
export function comparison(
  before: StageResult,
  { stages, problem }: Pick<Verdict, "stages" | "problem">,
): string {
  const now = stages.find(({ name }) => name === before.name)
  if (now === undefined) return `${before.name}: it did not run: ${visible(problem ?? "not in this run")}`
  if (now.status === before.status && now.reason === before.reason)
    return `${before.name}: the same as in that run`
  return `${before.name}: ${now.status}, and in that run it was ${before.status}: ${visible(before.reason)}`
}

function openShell(verdict: Recorded, [stage]: readonly StageResult[], source: string): Promise<number> {
  if (stage === undefined) return Promise.resolve(ExitCode.badInput)
  const options = recordedOptions(verdict, source)
  return daggerHere(debugArguments(stage.name, source, options.secret, options))
}

/** Beside the verdict, which the reports of another run must not replace. */
const outOf = (file: string, { out }: ReproOptions): string => resolve(out ?? join(dirname(file), "repro"))
