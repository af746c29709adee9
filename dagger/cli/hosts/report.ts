import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { CiHost } from "../../../src/lib/config/wrappers.js"
import type { Verdict } from "../../../src/lib/run/verdict.js"
import { type ServicePlace, WHOLE } from "../../../src/lib/services/places.js"
import { annotationLines, azureSummary } from "./workflowCommands.js"
import { annotationsOf } from "./findings.js"
import { codeQuality, links } from "./gitlab.js"
import type { Variables } from "../../lib/variables.js"
import { uploadSarif } from "./sarif.js"

/** What a job prints at its end. */
interface HostReport {
  /** Lines that the host obeys. */
  commands: string[]
  /** Lines for people. */
  messages: string[]
}

/**
 * Reports a run to a CI host by annotations, a summary and code scanning. Returns what to print.
 *
 * A refusal by the host is printed and doesn't fail the run.
 */
export async function reportToHost(
  host: CiHost,
  out: string,
  verdict: Verdict,
  env: Variables,
  place: ServicePlace = WHOLE,
): Promise<HostReport> {
  const annotations = annotationsOf(out, verdict, place)
  const summary = join(out, "summary.md")
  const commands = annotationLines(host, annotations)
  if (host === "azure") return { commands: [...commands, azureSummary(summary)], messages: [] }
  if (host === "github") {
    const { GITHUB_STEP_SUMMARY: page } = env
    // Less than 64 KB of the 1 MiB limit for a step.
    if (page) appendFileSync(page, readFileSync(summary))
    return { commands, messages: await uploadSarif(out, verdict, env, undefined, place) }
  }
  if (host === "gitlab") {
    const folder = join(out, "gitlab")
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, "code-quality.json"), JSON.stringify(codeQuality(annotations)))
    writeFileSync(join(folder, "annotations.json"), JSON.stringify(links(env)))
  }
  return { commands, messages: [] }
}
