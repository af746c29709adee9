import { type Container, dag, type Directory } from "@dagger.io/dagger"
import { offlineImageNote } from "../stage/images.js"
import { againstBaseline } from "../stage/adoption.js"
import { execute, type Execution, logOf, timing } from "../stage/execute.js"
import type { Config } from "../lib/config/config.js"
import type { Outcome, ToolRun } from "../lib/run/finding.js"
import { interrupted, stageExitCode } from "../lib/run/command.js"
import { databaseProblem, databaseText, readDatabase } from "../lib/security/database.js"
import { downloadFailure } from "../lib/security/download.js"
import { misconfigurations } from "../lib/security/misconfigurations.js"
import { type Comment, nosecFindings } from "../lib/security/nosec.js"
import { secrets, withoutMatches } from "../lib/security/secrets.js"
import type { GradedScan } from "../lib/security/severity.js"
import { applySuppressions, entriesFor, suppressionFindings } from "../lib/security/suppressions.js"
import { vulnerabilities } from "../lib/security/vulnerabilities.js"
import { broken, failed, passed } from "../lib/run/outcome.js"
import { count } from "../lib/text/words.js"
import { SCRIPTS, withScripts } from "../stage/scripts.js"
import { attempted, identity } from "../stage/stage.js"
import type { Scanned, ToolInputs } from "../quality/tool.js"
import {
  SBOM_FORMATS,
  CONFIGURATION,
  prepareMisconfiguration,
  type PreparedScan,
  prepareSecrets,
  prepareVulnerabilities,
  scannedPackages,
  trivy,
  TRIVY_OUT,
} from "./trivy.js"
import { askedVersion } from "../stage/toolVersion.js"

type TrivyScan = "vulnerabilities" | "secrets" | "misconfiguration"

/** Inputs that all scans of one source share. */
export type ScanInputs = ToolInputs

const HOUR = 3_600_000

/** Number of the current hour, part of the cache key of results that depend on the database. */
export const thisHour = (): number => Math.floor(Date.now() / HOUR)

/** Builds a scan's command and its container. */
export async function prepareScan(name: TrivyScan, inputs: ScanInputs): Promise<PreparedScan> {
  const { source, whole, config, environment } = inputs
  if (name === "secrets") return prepareSecrets(whole, config)
  if (name === "misconfiguration") return prepareMisconfiguration(source, config)
  return prepareVulnerabilities(inputs, environment, thisHour())
}

/** Runs a scan, applies the suppressions and judges the rest. Never throws for a source's content. */
export function runScan(name: TrivyScan, inputs: ScanInputs): Promise<Scanned> {
  const stage = identity("security", name, "", inputs.invocation)
  return attempted(stage, () => scanWork(name, inputs))
}

async function scanWork(name: TrivyScan, inputs: ScanInputs) {
  const begun = Date.now()
  const { config, suppressions } = inputs
  const { container, command } = await prepareScan(name, inputs)
  const run = await execute(container, command, config.timeout)
  const unreached = downloadFailure(run.stderr) !== undefined
  const interruption = unreached ? undefined : interrupted(run, name, config.timeout)
  const runs = await reportsOf(name, run)
  const scan = await scanOf(name, runs, inputs)
  const { kept, suppressed, used } = applySuppressions(
    scan.findings,
    entriesFor("source", suppressions.entries),
    suppressions.now,
  )
  const database =
    name === "vulnerabilities" && run.exitCode === 0 ? await databaseOf(run, config) : undefined
  const judged = { ...(interruption ?? database?.problem ?? scan.outcome(kept)), findings: kept }
  const outcome = name === "misconfiguration" ? await againstBaseline(name, judged, inputs) : judged
  const unreliable = unreached || interruption !== undefined || database?.problem !== undefined
  return {
    ...outcome,
    ...timing(run, begun),
    exitCode: stageExitCode(outcome.status, unreliable),
    log: logOf(command, run),
    version: await trivyVersion(config),
    suppressed,
    used,
    facts: { ...database?.facts, ...(await trivyFacts(config)), ...(await unscannedFacts(name, inputs)) },
    ...(run.exitCode === 0 && { files: keptFiles(name, run.container, runs) }),
  }
}

/** Reports of a scan, each as the output of a run. */
async function reportsOf(name: TrivyScan, run: Execution): Promise<ToolRun[]> {
  if (run.exitCode !== 0) return [{ ...run, stdout: "" }]
  const files = name === "vulnerabilities" ? ["report.json", "installed.json"] : ["report.json"]
  return Promise.all(
    files.map(async (file) => ({
      exitCode: 0,
      stdout: await run.container.file(`${TRIVY_OUT}/${file}`).contents(),
      stderr: run.stderr,
    })),
  )
}

async function scanOf(
  name: TrivyScan,
  runs: readonly ToolRun[],
  { config, environment }: ScanInputs,
): Promise<GradedScan> {
  const { security } = config
  const [first = { exitCode: 1, stdout: "", stderr: "" }] = runs
  if (name === "secrets") return secrets(first, { prefix: "src" })
  if (name === "misconfiguration")
    return misconfigurations(first, { gate: security.misconfiguration, prefix: "src" })
  const known = await knownPackages(environment)
  return vulnerabilities(runs, { gate: security.severity, prefix: "src", ...known })
}

/** What is known of the packages without Trivy. */
async function knownPackages(environment: ScanInputs["environment"]) {
  const packages = await scannedPackages(environment)
  return "notInstalled" in packages ? packages : { needsNone: packages.versions.size === 0 }
}

/** The fact that packages were scanned by their manifests alone, if that is so. */
async function unscannedFacts(name: TrivyScan, { environment }: ScanInputs): Promise<Record<string, string>> {
  if (name !== "vulnerabilities") return {}
  const packages = await scannedPackages(environment)
  return "notInstalled" in packages ? { "installed packages": `not scanned: ${packages.notInstalled}` } : {}
}

/** Age of the scan's database, by the clock and not by the date that suppressions are judged by. */
export async function databaseOf({ container }: Execution, { security }: Config) {
  const now = new Date()
  const database = readDatabase(await container.file(`${TRIVY_OUT}/metadata.json`).contents())
  return {
    problem: databaseProblem(database, now, security.database.maximumAge),
    facts: { database: database === undefined ? "of unknown age" : databaseText(database, now) },
  }
}

/** Version of the Trivy that scans. */
export const trivyVersion = (config: Config): Promise<string> =>
  askedVersion(trivy(config), ["trivy", "--version"])

export async function trivyFacts(config: Config): Promise<Record<string, string>> {
  const note = await offlineImageNote(trivy(config))
  return note === "" ? {} : { trivy: `${await trivyVersion(config)}${note}` }
}

/** Trivy's own reports without anything that shows a secret, and the SBOMs. */
function keptFiles(name: TrivyScan, container: Container, runs: readonly ToolRun[]): Directory {
  const reports = runs.reduce((folder, { stdout }, index) => {
    const text = withoutMatches(stdout)
    const suffix = index === 0 ? "" : "-installed"
    return text === undefined ? folder : folder.withNewFile(`trivy/${name}${suffix}.json`, text)
  }, dag.directory())
  if (name !== "vulnerabilities") return reports
  return SBOM_FORMATS.reduce(
    (folder, format) =>
      folder.withFile(`sbom/source.${format}.json`, container.file(`${TRIVY_OUT}/${format}.json`)),
    reports,
  )
}

/** Lists the comments that silence Bandit or Trivy inline. */
export const prepareNosec = async ({ source, environment }: ScanInputs): Promise<PreparedScan> => ({
  container: withScripts(await environment.base(), "slipway_nosec.py")
    .withMountedDirectory("/src", source.filter({ include: ["**/*.py", ...CONFIGURATION] }))
    .withWorkdir("/src"),
  command: ["python", "-I", `${SCRIPTS}/slipway_nosec.py`],
})

/** Checks the suppressions in the file and in comments, after all scans used them. */
export function runSuppressions(scans: readonly Scanned[], inputs: ScanInputs): Promise<Scanned> {
  const stage = identity("security", "suppressions", "", inputs.invocation)
  return attempted(stage, () => suppressionsWork(scans, inputs))
}

async function suppressionsWork(scans: readonly Scanned[], inputs: ScanInputs) {
  const begun = Date.now()
  const { container, command } = await prepareNosec(inputs)
  const run = await execute(container, command, inputs.config.timeout)
  const interruption = interrupted(run, "suppressions", inputs.config.timeout)
  const judged = interruption ?? inputs.suppressions.problem ?? judge(scans, run, inputs)
  const outcome = await againstBaseline("suppressions", judged, inputs)
  return {
    ...outcome,
    ...timing(run, begun),
    exitCode: stageExitCode(outcome.status, interruption !== undefined),
    log: logOf(command, run),
    suppressed: scans.flatMap(({ suppressed = [] }) => suppressed),
  }
}

function judge(scans: readonly Scanned[], run: ToolRun, { suppressions }: ScanInputs): Outcome {
  if (run.exitCode !== 0) return broken("the search for nosec", run)
  const used = new Set(scans.flatMap((scan) => [...(scan.used ?? [])]))
  const findings = [
    ...suppressionFindings(suppressions.entries, { used, tools: completeTools(scans) }, suppressions.now),
    ...nosecFindings(readComments(run.stdout)),
  ]
  if (findings.length > 0) return failed(findings)
  const next = suppressions.entries.map(({ expires }) => expires).sort()[0]
  return passed(
    next === undefined
      ? "no suppressions"
      : `${count(suppressions.entries.length, "suppression")}, the next expires on ${next}`,
  )
}

/** Tools of which every run finished: only their unused suppressions are known. */
function completeTools(scans: readonly Scanned[]): Set<string> {
  const toolOf = ({ name }: Scanned) => (name === "bandit" ? "bandit" : "trivy")
  const broken = new Set(scans.filter(({ status }) => status === "error").map(toolOf))
  return new Set(scans.map(toolOf).filter((tool) => !broken.has(tool)))
}

const readComments = (text: string): Comment[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Comment)
