import { randomUUID } from "node:crypto"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DEFAULTS } from "../../../src/lib/config/config.js"
import { ExitCode, fail } from "../../../src/lib/errors/catalogue.js"
import { summary, SUMMARY_BYTES } from "../../../src/lib/report/summary.js"
import { html } from "../../../src/lib/report/html/page.js"
import type { Run } from "../../../src/lib/run/verdict.js"
import { DEPENDENCY_FILES, localDependencies } from "../../../src/lib/services/dependencies.js"
import type { ServicePlace } from "../../../src/lib/services/places.js"
import {
  type ChangeSince,
  type SelectedService,
  selectServices,
} from "../../../src/lib/services/selection.js"
import { type RanService, summaryTogether, verdictTogether } from "../../../src/lib/services/together.js"
import type { ServiceView } from "../../../src/lib/services/view.js"
import { glob } from "../../../src/lib/security/glob.js"
import { fullRef } from "../../../src/lib/release/gitRef.js"
import { visible } from "../../../src/lib/text/escape.js"
import { type CiOptions, runPipeline } from "./ci.js"
import { changedFiles, findBase } from "./gateBase.js"
import { openReport } from "./openReport.js"
import { previousOfService } from "./previousVerdict.js"
import { emptyOut, prepareOut } from "./outFolder.js"
import { printVerdict, type RunResult } from "./runWithVerdict.js"
import {
  absoluteSource,
  configured,
  sourceFiles,
  gitStateOf,
  chosenPlace,
  servicesIn,
} from "./sourceFolder.js"
import { runWatching } from "./watching.js"
import { jsonText } from "../../../src/lib/text/json.js"

/** Does something with the result of each service: its reports are in its folder. */
export type AfterService = (result: RunResult, place: ServicePlace) => Promise<void>

/**
 * Runs the pipeline, or these groups of stages, of the services that a run concerns; again after each edit if that is
 * asked for. Returns the exit code.
 */
export const runCi = async (options: CiOptions, only: readonly string[] = []): Promise<number> =>
  options.watch
    ? runWatching(options, (own) => runServices(own, only))
    : (await runServices(options, only)).code

/** Runs the pipeline of the source or of its services, and opens the report if that is asked for. */
export async function runServices(
  options: CiOptions,
  only: readonly string[],
  after?: AfterService,
): Promise<RunResult> {
  const result = await runEach(options, only, after)
  if (options.open && result.verdict !== undefined) await openReport(result.shown ?? result.out)
  return result
}

/**
 * Runs the pipeline of the source, or of each service in it that the run concerns, and reports them together.
 *
 * Fails with WHICH_SERVICE for the deployment of one release if there are several services.
 */
async function runEach(
  options: CiOptions,
  only: readonly string[],
  after: AfterService = () => Promise.resolve(),
): Promise<RunResult> {
  const source = absoluteSource(options.source)
  const declared = servicesIn(source)
  if (options.service !== undefined || declared.length === 0) {
    const result = await runPipeline(options, only)
    await after(result, chosenPlace(source, options.service))
    return result
  }
  if (options.tag !== undefined || options.version !== undefined || options.rollback === true)
    throw fail("WHICH_SERVICE", [declared.map(({ name }) => name)])
  return runTogether(await selectedServices(source, options), options, only, after)
}

/** The services of a source, those that the run concerns, and why. */
export async function selectedServices(
  source: string,
  { event = "local", ref, baseRef, all = false }: Pick<CiOptions, "event" | "ref" | "baseRef" | "all">,
): Promise<SelectedService[]> {
  const trigger = {
    event,
    ref: fullRef(event, ref ?? (await gitStateOf(source)).ref),
    branches: (configured(source) ?? DEFAULTS).branches,
    ...(baseRef !== undefined && { baseRef }),
  }
  const comparison: ChangeSince = all ? { problem: "--all" } : compared(source, trigger)
  return selectServices(await viewsIn(source), trigger, comparison)
}

function compared(source: string, trigger: Parameters<typeof findBase>[1]): ChangeSince {
  const base = findBase(source, trigger)
  if (typeof base === "string") return { problem: base }
  // A push may have brought more than the last commit.
  if (base.ref === "the commit before")
    return { problem: "there is no release or other branch to compare with" }
  const changed = changedFiles(source, base.sha)
  return changed === undefined
    ? { problem: `git can't compare with ${base.ref}` }
    : { base: base.ref, changed }
}

/** The services of a source with what they use beside their folders. */
async function viewsIn(source: string): Promise<ServiceView[]> {
  const patterns = DEPENDENCY_FILES.map(glob)
  const names = (await sourceFiles(source)).filter((name) => patterns.some((matches) => matches(name)))
  const texts = Object.fromEntries(names.map((name) => [name, readText(join(source, name))]))
  const shared = configured(source)?.shared ?? []
  return servicesIn(source).map((place) => ({
    ...place,
    uses: [
      ...shared,
      ...(configured(source, place.name)?.shared ?? []),
      ...localDependencies(place.path, texts),
    ],
  }))
}

/** The text of a file; empty for one that is gone or no file. */
function readText(file: string): string {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return ""
  }
}

/** Runs services one after the other, each with its reports in a folder of its name, and reports them together. */
async function runTogether(
  selected: readonly SelectedService[],
  options: CiOptions,
  only: readonly string[],
  after: AfterService,
): Promise<RunResult> {
  const out = prepareOut(options.out)
  for (const { name } of selected) emptyOut(join(out, name))
  const { event = "local", runId = randomUUID(), ref = "", sha = "" } = options
  const run: Run = { id: runId, event, ref, sha, startedAt: new Date().toISOString() }
  const services: RanService[] = selected.map((service) => ({ ...service }))
  const began = Date.now()
  const report = (interrupted = false) =>
    writeTogether(out, run, services, { milliseconds: Date.now() - began, interrupted })
  report()
  for (const service of services.filter(({ chosen }) => chosen)) {
    const { name, why } = service
    if (!options.json) process.stdout.write(`\n${name}: ${visible(why)}\n`)
    const own = {
      ...options,
      service: name,
      out: join(out, name),
      runId: `${runId}-${name}`,
      quiet: options.json,
      ...(options.previous !== undefined && { previous: previousOfService(options.previous, name) }),
    }
    const result = await runPipeline(own, only)
    if (result.verdict === undefined) {
      report(true)
      return { code: ExitCode.interrupted, out }
    }
    service.verdict = result.verdict
    await after(result, service)
    report()
  }
  const verdict = report()
  if (!options.json) process.stdout.write("\nall services:\n")
  printVerdict(verdict, out, options)
  return { code: verdict.exitCode, out, verdict, shown: shownReport(out, services) }
}

/** The folder of the report to show first: that of the first service that didn't pass, else that of them all. */
export function shownReport(out: string, services: readonly RanService[]): string {
  const failed = services.find(({ verdict }) => (verdict?.exitCode ?? ExitCode.passed) !== ExitCode.passed)
  return failed === undefined ? out : join(out, failed.name)
}

/** Writes the reports of a run of several services, complete or not. */
function writeTogether(
  out: string,
  run: Run,
  services: readonly RanService[],
  time: Parameters<typeof verdictTogether>[2],
) {
  const verdict = verdictTogether(run, services, time)
  const own = services.flatMap(({ name, verdict: ended }) =>
    ended === undefined ? [] : [`# ${name}\n\n${readText(join(out, name, "summary.md"))}`],
  )
  mkdirSync(out, { recursive: true })
  writeFileSync(join(out, "summary.md"), summaryTogether(summary(verdict), own, SUMMARY_BYTES))
  writeFileSync(join(out, "report.html"), html(verdict, []))
  writeFileSync(join(out, "verdict.json"), jsonText(verdict))
  return verdict
}
