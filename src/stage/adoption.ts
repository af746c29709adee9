import { dag, type Directory } from "@dagger.io/dagger"
import { ADOPTION_FILE, type AdoptionBaseline, type BaselinedStage } from "../lib/adoption/entries.js"
import { candidates, type Digests, linesToDigest, NO_ENTRIES, placed } from "../lib/adoption/entries.js"
import { parseAdoption } from "../lib/adoption/file.js"
import { followRenames, judgeKnown, type Matched, matchEntries, maybeRenamed } from "../lib/adoption/match.js"
import type { Config } from "../lib/config/config.js"
import { interrupted } from "../lib/run/command.js"
import type { Finding, Outcome } from "../lib/run/finding.js"
import type { KnownFindings } from "../lib/run/known.js"
import { ownMessage } from "../lib/run/outcome.js"
import { execute } from "./execute.js"
import { imageReference, PYTHON_VERSION } from "./images.js"
import { SCRIPTS, withScripts } from "./scripts.js"
import { texts } from "./texts.js"

const SCRIPT = "slipway_lines.py"

/** A source with its baseline. */
export interface AdoptionInputs {
  source: Directory
  config: Config
  /** Undefined for a service without one. */
  adoption: AdoptionBaseline | undefined
  /** True to match findings although there is no baseline, for a first one. */
  record?: boolean
}

/** Outcome of a stage with what the baseline knows of it. */
export type Adopted = Outcome & { known?: KnownFindings; matched?: Matched }

/** Reads the service's baseline. Fails with BASELINE_INVALID. */
export const adoptionOf = async (source: Directory): Promise<AdoptionBaseline | undefined> =>
  parseAdoption((await texts(source, [ADOPTION_FILE]))[ADOPTION_FILE])

/** The source as tools see it: an edit to the baseline runs none of them again. */
export const withoutBaseline = (source: Directory): Directory => source.filter({ exclude: [ADOPTION_FILE] })

/** Judges a stage's outcome by what is new in it. */
export async function againstBaseline(
  stage: BaselinedStage,
  outcome: Outcome,
  inputs: AdoptionInputs,
): Promise<Adopted> {
  const { source, adoption, record } = inputs
  if ((adoption === undefined && !record) || outcome.status === "error") return outcome
  const found = candidates(stage, outcome)
  const all = placed(found, await digestsOf(stage, found, inputs))
  const matched = matchEntries(all, adoption?.findings.get(stage) ?? NO_ENTRIES)
  const followed = followRenames(matched, await missing(source, maybeRenamed(matched)))
  const judged = judgeKnown(outcome, followed)
  return { ...judged.outcome, ...(adoption && { known: judged.known }), matched: followed }
}

/** Digests of the lines that findings are in. */
async function digestsOf(
  stage: BaselinedStage,
  findings: readonly Finding[],
  { source, config }: AdoptionInputs,
): Promise<Digests> {
  const lines = linesToDigest(stage, findings)
  const files = Object.keys(lines)
  if (files.length === 0) return {}
  const container = withScripts(
    dag.container().from(imageReference("python", PYTHON_VERSION, config.images)),
    SCRIPT,
  )
    .withNewFile(LINES, JSON.stringify(lines))
    .withMountedDirectory("/src", source.filter({ include: files.map(literally) }))
    .withWorkdir("/src")
  const run = await execute(container, ["python", "-I", `${SCRIPTS}/${SCRIPT}`, LINES], config.timeout)
  if (run.exitCode !== 0) throw new Error(interrupted(run, SCRIPT, config.timeout)?.reason ?? ownMessage(run))
  return JSON.parse(run.stdout) as Digests
}

const LINES = "/slipway/lines.json"

/** Pattern that matches this path alone. */
const literally = (path: string): string => path.replace(/[\\*?[\]!]/g, "\\$&")

/** The files among these that the source no longer has. */
async function missing(source: Directory, files: readonly string[]): Promise<ReadonlySet<string>> {
  const there = await Promise.all(files.map((file) => source.exists(file)))
  return new Set(files.filter((_, index) => there[index] !== true))
}
