import { CHECKS } from "../config/config.js"
import type { Finding, Outcome } from "../run/finding.js"
import { blocks } from "../run/outcome.js"
import { SUPPRESSIONS_FILE } from "../security/suppressions.js"

/** File in the service's source with the findings that were there when it adopted the gates. */
export const ADOPTION_FILE = ".slipway/baseline.json"

/**
 * Stages whose findings can be in the baseline.
 *
 * Neither secrets nor vulnerabilities are: a leaked credential has to be revoked and a hole in a package closed or, for a
 * time and with a reason, suppressed.
 */
export const BASELINED = [...CHECKS, "misconfiguration", "suppressions"] as const
export type BaselinedStage = (typeof BASELINED)[number]

/** Numbers of known findings by file and key. */
export type Entries = ReadonlyMap<string, ReadonlyMap<string, number>>

/** Content of the file. */
export interface AdoptionBaseline {
  findings: ReadonlyMap<BaselinedStage, Entries>
  /** Percentage that coverage may not fall below, until it reaches the gate. */
  coverage?: number
  /** Each time that the baseline grew on purpose. */
  grown: readonly Growth[]
}

/** Addition of findings to an existing baseline. */
export interface Growth {
  /** YYYY-MM-DD, UTC. */
  on: string
  reason: string
  /** Number of findings. */
  findings: number
}

/** Finding with what it is recognised by. */
export interface Placed {
  finding: Finding
  file: string
  /** Its rule, and for all but formatters the digest of its line. */
  key: string
}

export const NO_ENTRIES: Entries = new Map()

/** Tools whose findings are about a whole file. */
const WHOLE_FILES: readonly BaselinedStage[] = ["black", "isort"]

/** Findings by which mypy says that it checked nothing: known ones would hide all others. */
const STOPPED = ["syntax", "undecodable"]

/** Findings of a stage that may be in the baseline. */
export const candidates = (stage: BaselinedStage, { status, findings }: Outcome): Finding[] =>
  status === "error"
    ? []
    : findings.filter(
        (finding) =>
          blocks(finding) &&
          finding.file !== undefined &&
          finding.file !== SUPPRESSIONS_FILE &&
          !(stage === "mypy" && STOPPED.includes(finding.rule)),
      )

/** Lines of each file whose digests the findings of a stage are recognised by. */
export function linesToDigest(stage: BaselinedStage, findings: readonly Finding[]): Record<string, number[]> {
  if (WHOLE_FILES.includes(stage)) return {}
  const lines = new Map<string, Set<number>>()
  for (const { file, line } of findings)
    if (file !== undefined && line !== undefined)
      lines.set(file, (lines.get(file) ?? new Set<number>()).add(line))
  return Object.fromEntries([...lines].map(([file, all]) => [file, [...all]]))
}

/** Digests of lines by file and number. */
export type Digests = Readonly<Record<string, Readonly<Record<string, string>>>>

/** Adds to each finding what it is recognised by. */
export const placed = (findings: readonly Finding[], digests: Digests): Placed[] =>
  findings.map((finding) => {
    const { file = "", line, rule } = finding
    const digest = Object.hasOwn(digests, file) ? digests[file]?.[String(line)] : undefined
    // A name of the rule can't pass for one with a digest.
    const name = rule.replace(/\s/g, "_").slice(0, 100)
    return { finding, file, key: digest === undefined ? name : `${name} ${digest}` }
  })

/** True for a key with the digest of a line. */
export const hasLine = (key: string): boolean => key.includes(" ")

/** Counts findings by file and key. */
export function entriesOf(all: readonly Placed[]): Entries {
  const entries = new Map<string, Map<string, number>>()
  for (const { file, key } of all) {
    const keys = entries.get(file) ?? new Map<string, number>()
    entries.set(file, keys.set(key, (keys.get(key) ?? 0) + 1))
  }
  return entries
}

/** Number of findings. */
export function sizeOf(entries: Entries): number {
  let size = 0
  for (const keys of entries.values()) for (const count of keys.values()) size += count
  return size
}
