import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fields, objects, parseJson, text } from "../../../src/lib/text/json.js"
import { type ServicePlace, WHOLE } from "../../../src/lib/services/places.js"
import { stopped } from "../../../src/lib/run/command.js"
import type { StageResult, Verdict } from "../../../src/lib/run/verdict.js"

/** A finding that a host can show next to the code. */
export interface Annotation {
  level: "error" | "warning" | "note"
  /** The tool and rule that found it. */
  title: string
  message: string
  /** Path from the repository's root. */
  file?: string
  line?: number
  column?: number
  /** Equal for the same finding in every run. */
  fingerprint: string
}

/**
 * Reads a run's findings from its SARIF files; errors, which stopped the run, come first.
 *
 * A stage that couldn't run, or failed without naming a location, is a finding itself.
 */
export function annotationsOf(
  out: string,
  { stages }: Verdict,
  { name, path }: ServicePlace = WHOLE,
): Annotation[] {
  const all = stages.flatMap((stage) => {
    const found = resultsOf(join(out, `sarif/${stage.name}.sarif`))
      // What the service's baseline knows is no news.
      .filter(({ suppressions }) => suppressions === undefined)
      .map((result) => annotation(stage, result))
    return stopped(stage) && found.length === 0 ? [about(stage)] : found
  })
  const placed = name === "" ? all : all.map((each) => ofService(each, name, path))
  return LEVELS.flatMap((level) => placed.filter((each) => each.level === level))
}

const LEVELS = ["error", "warning", "note"] as const

/** The same finding as one of a service among several. */
const ofService = (
  { title, fingerprint, file, ...rest }: Annotation,
  name: string,
  path: string,
): Annotation => ({
  ...rest,
  title: `${name}: ${title}`,
  fingerprint: `${name}:${fingerprint}`,
  ...(file !== undefined && { file: `${path}/${file}` }),
})

const about = ({ name, status, reason }: StageResult): Annotation => ({
  level: "error",
  title: `${name}: ${status}`,
  message: reason,
  fingerprint: `${name}:${status}`,
})

function annotation(stage: StageResult, result: Record<string, unknown>): Annotation {
  const { artifactLocation, region } = fields(fields(objects(result.locations)[0]).physicalLocation)
  const uri = text(fields(artifactLocation).uri)
  const { startLine, startColumn } = fields(region)
  return {
    level: stopped(stage) ? "error" : result.level === "note" ? "note" : "warning",
    title: `${stage.name} ${text(result.ruleId)}`,
    message: text(fields(result.message).text),
    ...(uri !== "" && { file: uri.split("/").map(decodeURIComponent).join("/") }),
    ...(typeof startLine === "number" && { line: startLine }),
    ...(typeof startColumn === "number" && { column: startColumn }),
    fingerprint: `${stage.name}:${text(fields(result.partialFingerprints)["slipway/v1"])}`,
  }
}

function resultsOf(file: string): Record<string, unknown>[] {
  if (!existsSync(file)) return []
  return objects(fields(parseJson(readFileSync(file, "utf8"))).runs).flatMap(({ results }) =>
    objects(results),
  )
}
