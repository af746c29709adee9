import type { Finding } from "./finding.js"

/** Targets of scans. */
export const SCAN_PLACES = ["source", "image"] as const
export type ScanPlace = (typeof SCAN_PLACES)[number]

/** Entry of the suppressions file. */
export interface Suppression {
  /** Tool that reports the finding, for example `trivy` or `bandit`. */
  tool: string
  /** Tool's name of the rule, or a CVE. */
  rule: string
  /** Glob of files, or of paths of URLs without the first slash; all without one. */
  path?: string
  /** Target that it applies to; both without it. */
  in?: ScanPlace
  reason: string
  /** Last day of its validity, YYYY-MM-DD, UTC. */
  expires: string
  owner: string
  /** Line in its file, counted from 1. */
  line: number
}

/** Finding with the entry that suppresses it. */
export interface Suppressed {
  finding: Finding
  suppression: Suppression
}
