import { SEVERITIES } from "../config/config.js"
import type { Finding, Outcome, Severity } from "../run/finding.js"
import { passed } from "../run/outcome.js"

/** Findings of a scanner, before anything is suppressed. */
export interface GradedScan {
  findings: Finding[]
  /** Judges the findings that are not suppressed. */
  outcome: (kept: readonly Finding[]) => Outcome
}

/** Scan that did not take place: its outcome stands, whatever is suppressed. */
export const noScan = (outcome: Outcome): GradedScan => ({ findings: [], outcome: () => outcome })

/** Singular and plural of a scanner's findings, for example a vulnerability and vulnerabilities. */
interface Noun {
  one: string
  many: string
}

const rank = (severity: Severity = "unknown"): number => SEVERITIES.indexOf(severity)

/** Parses Trivy's name of a severity. */
export const severityOf = (name: string): Severity =>
  SEVERITIES.find((severity) => severity === name.toLowerCase()) ?? "unknown"

/** Sorts the worst first. */
export const worstFirst = (a?: Severity, b?: Severity): number => rank(b) - rank(a)

/** Grades a finding by its severity: below the gate it is advisory. */
export function graded(severity: Severity, gate: Severity): Pick<Finding, "level" | "advisory" | "severity"> {
  if (rank(severity) >= rank(gate)) return { level: "error", severity }
  return { level: rank(severity) >= rank("medium") ? "warning" : "note", severity, advisory: true }
}

/** Judges graded findings; `clean` is the reason when none of them fails the gate. */
export function severityOutcome(
  found: readonly Finding[],
  kept: readonly Finding[],
  { noun, clean }: { noun: Noun; clean: string },
): Outcome {
  const blocking = kept.filter(({ advisory }) => advisory !== true)
  const accepted = kept.filter(isAccepted)
  const below = kept.length - blocking.length - accepted.length
  const rest = [
    ...(blocking.some(({ unfixed }) => unfixed) ? [NO_FIX] : []),
    ...(accepted.length === 0 ? [] : [`${accepted.length} accepted without a fix (${rulesOf(accepted)})`]),
    ...(below === 0 ? [] : [`${below} below the gate`]),
    ...(found.length === kept.length ? [] : [`${found.length - kept.length} suppressed`]),
  ]
  const findings = [...kept]
  if (blocking.length > 0)
    return { status: "failed", reason: [counted(blocking, noun), ...rest].join(", "), findings }
  return passed([clean, ...rest].join(", "), findings)
}

/** The way on where there is no version to update to. */
const NO_FIX = "not all with a fix: suppress one by name, or see image.unfixed"

/** True for a vulnerability that would fail the gate if it had a fix. */
export const isAccepted = ({ unfixed, advisory }: Finding): boolean => unfixed === true && advisory === true

/** The names of the findings' rules, each once. */
export const rulesOf = (findings: readonly Finding[]): string =>
  [...new Set(findings.map(({ rule }) => rule))].sort().join(", ")

/** Returns `1 critical and 2 high vulnerabilities`. */
function counted(findings: readonly Finding[], { one, many }: Noun): string {
  const parts = SEVERITIES.toReversed().flatMap((severity) => {
    const number = findings.filter((finding) => finding.severity === severity).length
    return number === 0 ? [] : [`${number} ${severity === "unknown" ? "unrated" : severity}`]
  })
  return `${listed(parts, "and")} ${findings.length === 1 ? one : many}`
}

/** Returns `without a high or critical vulnerability`. */
export const withoutGate = (gate: Severity, { one }: Noun): string =>
  `without a ${gate === "unknown" ? "" : `${listed(SEVERITIES.slice(rank(gate)), "or")} `}${one}`

function listed(parts: readonly string[], word: string): string {
  const [last = "", ...before] = parts.toReversed()
  return before.length === 0 ? last : `${before.toReversed().join(", ")} ${word} ${last}`
}
