import { type Container, dag, type Directory, type Secret } from "@dagger.io/dagger"
import { type DeployInputs } from "../deploy/environment.js"
import { secretNamed } from "../stage/secrets.js"
import { execute, type Execution, logOf, timing } from "../stage/execute.js"
import { imageReference, offlineImageNote, PYTHON_VERSION, ZAP_VERSION } from "../stage/images.js"
import { headerOf } from "../lib/config/dast.js"
import { judgeScan, riskText } from "../lib/dast/judge.js"
import { dastMarkdown } from "../lib/dast/markdown.js"
import { DOCUMENT, PLAN, planText, WORK } from "../lib/dast/plan.js"
import { type Progress, readProgress } from "../lib/dast/progress.js"
import { type Reached, type Start, startOf } from "../lib/dast/reached.js"
import { type Alert, findingsOf, readAlerts, reportVersion } from "../lib/dast/report.js"
import { beginnings } from "../lib/dast/scope.js"
import type { Finding } from "../lib/run/finding.js"
import { ExitCode } from "../lib/errors/catalogue.js"
import { scrub } from "../lib/secrets/scrub.js"
import { xml } from "../lib/text/escape.js"
import { interrupted, stageExitCode } from "../lib/run/command.js"
import { applySuppressions, suppressionFindings } from "../lib/security/suppressions.js"
import { ownMessage } from "../lib/run/outcome.js"
import { privateText } from "../stage/privateFiles.js"
import { SCRIPTS, withScripts } from "../stage/scripts.js"
import type { NamedSecret } from "../stage/secrets.js"
import { attempted, identity, type Stage, unfinished } from "../stage/stage.js"
import { readSuppressions, type Suppressions } from "../stage/suppressions.js"
import { type ServiceEndpoint, endpointOf } from "../deploy/endpoint.js"
import { greeting, inspectable } from "../stage/shell.js"

/** Inputs of a scan of a deployed service. */
export interface DastInputs extends DeployInputs {
  /** How this module was called. */
  invocation: string
  /** The time by which suppressions expire, RFC 3339; empty for the present. */
  now: string
  /** Endpoint of the service, if not that of its environment. */
  target?: ServiceEndpoint
}

/** ZAP's user in its image. */
const ZAP = "1000:1000"
const HOME = `${WORK}/home`

/** Time limit for a request, long enough for a pod that is just starting. */
const REACH_SECONDS = 10
const SECRET = "/slipway/header"

/** Minimum length of a secret in a header's value. A shorter word, such as Bearer, is none. */
const LEAST_SECRET = 8

/** Facts known before a scan starts. */
interface Prepared {
  target: ServiceEndpoint
  start: Start
  active: boolean
  header: Secret | undefined
}

/**
 * Scans a deployed service by ZAP's automation framework.
 *
 * The scan is passive unless the settings allow attacks on the environment. Never throws for a fault of the service, of
 * ZAP or of the settings.
 */
export function runBaseline(inputs: DastInputs): Promise<Stage> {
  const { invocation, environment } = inputs
  const stage = {
    ...identity("dast", "baseline", ZAP_VERSION, invocation),
    repro: `${invocation} dast --environment=${environment} baseline`,
  }
  return attempted(stage, () => scanned(inputs))
}

/**
 * Container of ZAP before the scan, for a shell.
 *
 * If there is nothing to scan, it has no plan but the reason. Fails as `targetOf`.
 */
export async function debugBaseline(inputs: DastInputs): Promise<Container> {
  const prepared = await prepare(inputs)
  const { target } = prepared
  const way = `the service is at ${target.url}: ${target.way}`
  if ("problem" in prepared) return greeting(target.bind(zap(inputs)), [prepared.problem, way])
  return inspectable(zapContainer(prepared, planOf(prepared, inputs), inputs), COMMAND, [way])
}

async function scanned(inputs: DastInputs) {
  const suppressions = await readSuppressions(inputs.source, inputs.now)
  if (suppressions.problem !== undefined) return notStarted(suppressions.problem.reason, ExitCode.badInput)
  const prepared = await prepare(inputs)
  return "problem" in prepared
    ? notStarted(prepared.problem, prepared.exitCode)
    : scan(prepared, suppressions, inputs)
}

/** Determines what to scan, or why there is nothing to scan. */
async function prepare(
  inputs: DastInputs,
): Promise<Prepared | { target: ServiceEndpoint; problem: string; exitCode: ExitCode }> {
  const { config, environment } = inputs
  const target = inputs.target ?? (await endpointOf(inputs))
  const active = config.dast.active[environment] === true
  const header = await trimmed(secretNamed(inputs.secrets, environment, "DAST_AUTH_HEADER"))
  inputs.say(`scanning ${target.url} (${target.way}), ${active ? "attacking it" : "only looking"}`)
  const reached = await reach(target, header, inputs)
  const start = startOf(reached, { active, dast: config.dast })
  return "problem" in start
    ? { target, problem: `${target.url}: ${start.problem}`, exitCode: unreachable(reached) }
    : { target, start, active, header }
}

/** The secret without a file's final line break, which no header can hold; undefined if it is empty. */
async function trimmed(named: NamedSecret | undefined): Promise<Secret | undefined> {
  const value = (await named?.secret.plaintext())?.trim() ?? ""
  return named === undefined || value === "" ? undefined : dag.setSecret(`${named.name}, trimmed`, value)
}

/** Exit code that distinguishes a service that is down from one with nothing to scan. */
const unreachable = ({ answers }: Reached): ExitCode =>
  answers.every(({ status }) => status === 0) ? ExitCode.infrastructure : ExitCode.badInput

const notStarted = (reason: string, exitCode: ExitCode) => unfinished(reason, exitCode, `${reason}\n`)

/** Requests the service's paths and document from a container, as it may be reachable from nowhere else. */
async function reach(
  target: ServiceEndpoint,
  header: Secret | undefined,
  inputs: DastInputs,
): Promise<Reached> {
  const { config, run } = inputs
  const { dast, deploy, image } = config
  const settings = {
    url: target.url,
    paths: beginnings(dast, deploy.health.path ?? image.health),
    document: dast.openapi,
    header: headerOf(dast),
    seconds: REACH_SECONDS,
  }
  const python = dag.container().from(imageReference("python", PYTHON_VERSION, config.images))
  const base = withScripts(python, "slipway_reach.py").withEnvVariable("SLIPWAY_RUN", run)
  const ready = header === undefined ? base : base.withMountedSecret(SECRET, header)
  const command = ["python", "-I", `${SCRIPTS}/slipway_reach.py`, JSON.stringify(settings)]
  const asked = await execute(
    target.bind(ready),
    [...command, ...(header === undefined ? [] : [SECRET])],
    config.timeout,
  )
  if (asked.exitCode === 0) return JSON.parse(asked.stdout) as Reached
  return { answers: [{ path: "/", status: 0, problem: ownMessage(asked) }] }
}

async function scan(prepared: Prepared, suppressions: Suppressions, inputs: DastInputs) {
  const begun = Date.now()
  const { config, environment } = inputs
  const { target, start, active } = prepared
  const { timeout } = config.dast
  const { url } = target
  const plan = planOf(prepared, inputs)
  const run = await execute(zapContainer(prepared, plan, inputs), COMMAND, timeout)
  const hide = await redactor(prepared.header)
  const files = await keptFiles(run, plan, hide)
  const log = hide(logOf(COMMAND, run))
  const version = reportVersion(files.report)
  const facts = {
    target: `${url} (${target.way})`,
    scan: active ? "active" : "passive",
    "OpenAPI document": start.note,
    zap: `${version}${await offlineImageNote(zap(inputs))}`,
    ...(prepared.header !== undefined && { authentication: headerOf(config.dast) }),
  }
  const done = { ...timing(run, begun), version, log, files: files.folder, facts }
  const interruption = interrupted(run, "ZAP", timeout)
  const alerts = readAlerts(files.report)
  if (interruption !== undefined || alerts === undefined) {
    const outcome = interruption ?? {
      status: "error" as const,
      findings: [],
      reason: hide(`ZAP left no report: ${complaint(readProgress(run.stdout), run)}`),
    }
    return { ...done, ...outcome, exitCode: ExitCode.infrastructure }
  }
  const judged = judgeAlerts(alerts, readProgress(hide(run.stdout)), suppressions, { active, inputs })
  const text = dastMarkdown(`ZAP on ${environment}`, judged, alerts, judged.findings)
  return {
    ...done,
    ...judged,
    facts: { ...facts, alerts: riskText(alerts) },
    files: files.folder.withNewFile("zap/summary.md", text),
    sections: [text],
  }
}

const COMMAND = ["/zap/zap.sh", "-cmd", "-silent", "-dir", HOME, "-autorun", PLAN]

const planOf = ({ target: { url }, active, start }: Prepared, { config }: DastInputs): string =>
  planText(
    {
      url,
      active,
      documented: start.document !== undefined,
      ...(start.path !== undefined && { path: start.path }),
    },
    config.dast,
  )

const complaint = ({ failures }: Progress, run: Execution): string =>
  failures.join("; ") || ownMessage(run) || `it said nothing (exit code ${run.exitCode})`

const zap = ({ config }: Pick<DastInputs, "config">): Container =>
  dag.container().from(imageReference("zap", ZAP_VERSION, config.images))

/** Container of ZAP with its plan and access to the service. The header's value is in no file and not in the plan. */
function zapContainer({ target, start, header }: Prepared, plan: string, inputs: DastInputs): Container {
  const { config, run } = inputs
  const work = dag.directory().withNewFile("plan.yaml", plan)
  const name = DOCUMENT.slice(WORK.length + 1)
  const files = start.document === undefined ? work : work.withNewFile(name, start.document)
  const container = zap(inputs)
    .withUser(ZAP)
    .withDirectory("/slipway", dag.directory(), { owner: ZAP })
    .withDirectory(WORK, files, { owner: ZAP })
    .withEnvVariable("SLIPWAY_RUN", run)
  const ready =
    header === undefined
      ? container
      : container
          .withEnvVariable("ZAP_AUTH_HEADER", headerOf(config.dast))
          .withEnvVariable("ZAP_AUTH_HEADER_SITE", new URL(target.url).hostname)
          .withSecretVariable("ZAP_AUTH_HEADER_VALUE", header)
  return target.bind(ready)
}

/** Returns a function that removes the header's value from a text, since a service may echo it. */
async function redactor(header: Secret | undefined): Promise<(text: string) => string> {
  if (header === undefined) return (text) => text
  const value = await header.plaintext()
  const words = [value, ...value.split(/\s+/).filter((word) => word.length >= LEAST_SECRET)]
  const secrets = words.flatMap((word) => [word, xml(word)])
  return (text) => scrub(text, secrets)
}

/** Files to keep: ZAP's reports as far as they exist. */
async function keptFiles(
  { container }: Execution,
  plan: string,
  hide: (text: string) => string,
): Promise<{ report: string; folder: Directory }> {
  const read = (name: string): Promise<string> =>
    privateText(container.file(`${WORK}/${name}`)).catch(() => "")
  const [report, html, log] = await Promise.all(
    ["report.json", "report.html", "home/zap.log"].map(async (name) => hide(await read(name))),
  )
  const texts = { "plan.yaml": plan, "report.json": report, "report.html": html, "zap.log": log }
  const folder = Object.entries(texts).reduce(
    (all, [name, text]) => (text ? all.withNewFile(`zap/${name}`, text) : all),
    dag.directory(),
  )
  return { report: report ?? "", folder }
}

function judgeAlerts(
  alerts: readonly Alert[],
  progress: Progress,
  { entries, now }: Suppressions,
  { active, inputs }: { active: boolean; inputs: DastInputs },
) {
  const { dast } = inputs.config
  const own = entries.filter(({ tool }) => tool === "zap")
  const { kept, suppressed, used } = applySuppressions(findingsOf(alerts, dast.risk), own, now)
  const outcome = judgeScan(progress, kept, suppressed.length)
  // Some alerts are only raised by attacks, wherever these are allowed.
  const whole = outcome.status !== "error" && (active || !Object.values(dast.active).includes(true))
  const tools = new Set(whole ? ["zap"] : [])
  const advice = suppressionFindings(own, { used, tools }, now).map((found): Finding => ({
    ...found,
    level: "note",
    advisory: true,
  }))
  return {
    ...outcome,
    findings: [...outcome.findings, ...advice],
    exitCode: stageExitCode(outcome.status, progress.failures.length > 0),
    suppressed,
  }
}
