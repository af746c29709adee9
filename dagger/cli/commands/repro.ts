import { existsSync, readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { ExitCode, fail } from "../../../src/lib/errors/catalogue.js"
import type { RunInputs } from "../../../src/lib/run/inputs.js"
import { visible } from "../../../src/lib/text/escape.js"
import { stopped } from "../../../src/lib/run/command.js"
import { EFFECTS, STAGE_NAMES, secretsOfGroup } from "../../../src/lib/pipeline/stages.js"
import type { StageResult, Verdict } from "../../../src/lib/run/verdict.js"
import { fields, strings } from "../../../src/lib/text/json.js"
import { say } from "../../lib/progress.js"
import { currentName } from "../../lib/renamed.js"
import type { CiOptions } from "./ci.js"
import { runCi } from "./services.js"
import { openStage } from "./debug.js"
import { dockerSecret, mountedName } from "./secretOptions.js"
import { findSource } from "./reproSource.js"
import { SESSION_AGENT } from "./secretOptions.js"

export interface ReproOptions {
  /** The source folder of the run, if its commit can't be fetched. */
  source?: string
  out?: string
  json?: boolean
  /** Open a shell instead of running. */
  shell?: boolean
  /** Repeat stages with effects too. */
  effects?: boolean
}

/** A verdict with the inputs of its run. */
type Recorded = Verdict & { run: { inputs: RunInputs } }

/** Repeats the failed stages of a run, or one stage, with the inputs of that run. Returns the exit code. */
export async function repro(file: string, stage: string | undefined, options: ReproOptions): Promise<number> {
  const verdict = readVerdict(file)
  const chosen = chosenStages(verdict, stage)
  const effects = chosen.filter(({ group }) => EFFECTS.some((known) => known === group))
  const repeated = options.effects ? chosen : chosen.filter((each) => !effects.includes(each))
  if (!options.shell && repeated.length === 0) throw fail("ONLY_EFFECTS", [effects.map(({ name }) => name)])
  const missing = missingSecrets(verdict.run.inputs, options.shell ? chosen : repeated, process.env)
  if (missing.length > 0) throw fail("SECRETS_MISSING", [missing])
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

/** Reads a verdict. Fails with NO_VERDICT if the file isn't one, and NO_INPUTS if it lacks the run's inputs. */
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

/** The named stage, or else all failed ones. Fails with UNKNOWN_STAGE and NOTHING_FAILED. */
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

/** Variables that held secrets of these stages in the run, and that aren't set here. */
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

/** The options of `slipway ci` that reproduce the inputs of a run. */
export function recordedOptions({ run }: Recorded, source: string): CiOptions & { out: string } {
  const { arguments: args, secrets, source: from } = run.inputs
  const text = (name: string) => (typeof args[name] === "string" ? args[name] : undefined)
  const flag = (name: string) => args[name] === true || undefined
  const listed = (name: string) => [...(secrets[name] ?? [])]
  const ids = secretIds(args["secretIds"])
  const options = {
    source,
    out: "",
    event: run.event,
    ref: run.ref,
    sha: run.sha,
    origin: from.origin,
    digest: from.digest,
    // Expiry dates are checked against that day.
    now: text("now") ?? run.startedAt,
    service: text("service"),
    baseRef: text("baseRef"),
    committed: text("committed") ?? "",
    fork: flag("fork") ?? false,
    embedded: flag("embedded"),
    plainHttp: flag("plainHttp"),
    identity: text("identity"),
    issuer: text("issuer"),
    policy: text("policyAddress"),
    secret: listed("secrets").map((address) => dockerSecret(address, ids.get(mountedName(address)))),
    ssh: flag("ssh") && SESSION_AGENT,
    netrc: listed("netrc")[0],
    indexSecret: listed("indexSecrets"),
    infraSecret: listed("infra"),
    deploySecret: listed("deploy"),
    environment: text("environment") ?? text("deployEnvironment"),
    root: text("root"),
    detailedExitcode: flag("detailedExitcode"),
    tag: text("reference"),
    rollback: flag("rollback"),
    offMain: text("offMain"),
    withoutHotfix: text("withoutHotfix"),
    offOrder: text("offOrder"),
    // The actor and the run's URL are those of this run.
    scale: text("scale"),
  }
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as unknown as CiOptions
}

/** Ids of mounted secrets, by the secrets' names. */
const secretIds = (recorded: unknown): Map<string, string> =>
  new Map(strings(recorded).map((each) => [each.slice(each.indexOf("=") + 1), each.split("=")[0] ?? ""]))

async function runAgain(
  verdict: Recorded,
  stages: readonly StageResult[],
  source: string,
  { out = "", json, effects }: ReproOptions,
): Promise<number> {
  // A stage with effects needs the stages before it, so the whole run is repeated.
  const { only: recorded = [] } = verdict.run.inputs.arguments
  const whole = effects && stages.some(({ group }) => EFFECTS.some((known) => known === group))
  const only = whole ? [recorded].flat().map(String) : stages.map(({ name }) => name)
  const code = await runCi({ ...recordedOptions(verdict, source), out, ...(json && { json }) }, only)
  const file = join(out, "verdict.json")
  if (existsSync(file)) {
    const again = JSON.parse(readFileSync(file, "utf8")) as Verdict
    for (const before of stages) say(comparison(before, again))
  }
  return code
}

/** Compares a stage's result with that of the earlier run, in one line. */
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
  return openStage(stage.name, source, recordedOptions(verdict, source))
}

/** The output folder: by default `repro` next to the verdict, so that its reports aren't overwritten. */
const outOf = (file: string, { out }: ReproOptions): string => resolve(out ?? join(dirname(file), "repro"))
