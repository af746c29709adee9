import { RISKS } from "../config/dast.js"
import type { Finding, Outcome } from "../run/finding.js"
import { oneLine } from "../text/words.js"
import { count } from "../text/words.js"
import type { Progress } from "./progress.js"
import type { Alert } from "./report.js"

/**
 * Judges a scan by its report, without suppressed findings.
 *
 * An incomplete scan proves nothing, but its findings still count.
 */
export function judgeScan(progress: Progress, kept: readonly Finding[], hidden: number): Outcome {
  const findings = [...kept]
  const problem = incomplete(progress)
  const failing = kept.filter(({ advisory }) => advisory !== true).length
  const looked = `${count(progress.urls ?? 0, "URL")} looked at`
  const suppressed = hidden === 0 ? "" : `, ${hidden} suppressed`
  if (failing > 0) {
    const more = problem === undefined ? looked : `the scan is incomplete: ${problem}`
    return { status: "failed", reason: oneLine(`${count(failing, "alert")}${suppressed}; ${more}`), findings }
  }
  if (problem !== undefined)
    return { status: "error", reason: oneLine(`the scan is incomplete: ${problem}`), findings }
  const below = kept.length === 0 ? "no alerts" : `${count(kept.length, "alert")} below what fails`
  return { status: "passed", reason: `${looked}, ${below}${suppressed}`, findings }
}

function incomplete({ urls, failures }: Progress): string | undefined {
  if (failures.length > 0) return failures.join("; ")
  if (urls === undefined || urls === 0) return "ZAP found no URL"
  return undefined
}

/** Number of kinds of alerts for each risk, worst first. */
export function riskText(alerts: readonly Alert[]): string {
  const counts = [...RISKS]
    .reverse()
    .map((risk) => [risk, alerts.filter((alert) => alert.risk === risk).length] as const)
    .filter(([, number]) => number > 0)
  return counts.length === 0 ? "none" : counts.map(([risk, number]) => `${number} ${risk}`).join(", ")
}
