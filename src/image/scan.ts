import { type Container, dag, type Directory } from "@dagger.io/dagger"
import { execute, type Execution, logOf, timing } from "../stage/execute.js"
import type { BuiltImage, ImageInputs } from "./build.js"
import type { PlatformLayout } from "../registry/ociLayout.js"
import { overBudget } from "../lib/image/layout.js"
import { interrupted, stageExitCode } from "../lib/run/command.js"
import { downloadFailure } from "../lib/security/download.js"
import { applySuppressions, entriesFor, unusedInImage } from "../lib/security/suppressions.js"
import { imageVulnerabilities, type PlatformRun } from "../lib/security/vulnerabilities.js"
import type { Finding } from "../lib/run/finding.js"
import { failed } from "../lib/run/outcome.js"
import { isAccepted, rulesOf } from "../lib/security/severity.js"
import { databaseOf, thisHour, trivyFacts, trivyVersion } from "../security/scan.js"
import { attempted, identity, skipped, type Stage } from "../stage/stage.js"
import { inspectable } from "../stage/shell.js"
import { SBOM_FORMATS, prepareImage, TRIVY_OUT } from "../security/trivy.js"

/** Scans each platform's image. Never throws because of its contents. */
export function runImageScan(image: BuiltImage | undefined, inputs: ImageInputs): Promise<Stage> {
  const stage = identity("image", "scan", "", inputs.invocation)
  return attempted(stage, async () =>
    image === undefined ? skipped("there is no image to scan") : scanWork(image, inputs),
  )
}

/** Path of an SBOM among the artifacts. */
export const sbomPath = (platform: string, format: (typeof SBOM_FORMATS)[number]): string =>
  `sbom/image-${fileName(platform)}.${format}.json`

const fileName = (platform: string): string => platform.replace(/^linux\//, "").replace(/\W/g, "-")

/** Container before the scan of the first platform's image. */
export function debugScan({ layouts }: BuiltImage, inputs: ImageInputs): Container {
  const [first] = layouts
  if (first === undefined) throw new Error("an image has at least one platform")
  const { container, command } = prepareImage(first.layout, inputs, thisHour())
  return inspectable(container, command)
}

async function scanWork(image: BuiltImage, inputs: ImageInputs) {
  const begun = Date.now()
  const { config, suppressions } = inputs
  const runs = await Promise.all(image.layouts.map((each) => scanOne(each, inputs)))
  const broken = runs.find(({ exitCode }) => exitCode !== 0)
  const unreached = runs.some(({ stderr }) => downloadFailure(stderr) !== undefined)
  const interruption = broken && !unreached ? interrupted(broken, "scan", config.timeout) : undefined
  const scan = imageVulnerabilities(await Promise.all(runs.map(reportOf)), {
    gate: config.security.severity,
    place: "the image",
    unfixed: config.image.unfixed,
  })
  const entries = entriesFor("image", suppressions.entries)
  const { kept, suppressed, used } = applySuppressions(scan.findings, entries, suppressions.now)
  const [first] = runs
  const database = first === undefined || broken !== undefined ? undefined : await databaseOf(first, config)
  const ours =
    broken === undefined
      ? [...overBudget(image.images, config.image.budget), ...unusedInImage(entries, used)]
      : []
  const judged = ours.length > 0 ? failed([...ours, ...kept]) : scan.outcome(kept)
  const outcome = interruption ?? database?.problem ?? judged
  const unreliable = unreached || interruption !== undefined || database?.problem !== undefined
  return {
    ...outcome,
    findings: [...ours, ...kept],
    ...timing(slowest(runs), begun),
    exitCode: stageExitCode(outcome.status, unreliable),
    log: runs.map((run) => run.log).join("\n"),
    version: await trivyVersion(config),
    suppressed,
    facts: { ...database?.facts, ...(await trivyFacts(config)), ...acceptedFacts(kept) },
    ...(broken === undefined && { files: reportFiles(image, runs) }),
  }
}

/** Names what passes without a fix, for reports. */
function acceptedFacts(kept: readonly Finding[]): Record<string, string> {
  const accepted = kept.filter(isAccepted)
  return accepted.length === 0 ? {} : { "accepted without a fix": rulesOf(accepted) }
}

interface ScanRun extends Execution {
  platform: string
  log: string
}

async function scanOne({ platform, layout }: PlatformLayout, inputs: ImageInputs): Promise<ScanRun> {
  const { container, command } = prepareImage(layout, inputs, thisHour())
  const run = await execute(container, command, inputs.config.timeout)
  return { ...run, platform, log: logOf(command, run) }
}

async function reportOf({ container, platform, ...run }: ScanRun): Promise<PlatformRun> {
  const report = run.exitCode === 0 ? await container.file(`${TRIVY_OUT}/report.json`).contents() : ""
  return { platform, run: { ...run, stdout: report } }
}

/** The run that finished last. */
const slowest = (runs: readonly ScanRun[]): ScanRun =>
  runs.reduce((last, run) => (run.began > last.began ? run : last))

function reportFiles({ layouts }: BuiltImage, runs: readonly Execution[]): Directory {
  return layouts.reduce((folder, { platform }, index) => {
    const file = (name: string) => runs[index]?.container.file(`${TRIVY_OUT}/${name}`)
    const files = [
      [`trivy/image-${fileName(platform)}.json`, file("report.json")] as const,
      ...SBOM_FORMATS.map((format) => [sbomPath(platform, format), file(`${format}.json`)] as const),
    ]
    return files.reduce((all, [path, from]) => (from === undefined ? all : all.withFile(path, from)), folder)
  }, dag.directory())
}
