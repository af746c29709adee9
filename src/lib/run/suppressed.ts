import type { Finding } from "./finding.js"

/** What is scanned. */
export const SCAN_PLACES = ["source", "image"] as const
export type ScanPlace = (typeof SCAN_PLACES)[number]

/** One entry of the suppressions file. */
export interface Suppression {
  /** The tool that would report it, for example `trivy` or `bandit`. */
  tool: string
  /** The tool's name of the rule, or a CVE. */
  rule: string
  /** A glob of the files it holds for, or of the paths of URLs without the first slash; without one it holds for all. */
  path?: string
  /** What it holds for: the source or the image; without it, for both. */
  in?: ScanPlace
  reason: string
  /** The last day on which it holds, YYYY-MM-DD, UTC. */
  expires: string
  owner: string
  /** Where it stands in its file, counted from 1. */
  line: number
}

/** A finding that an entry suppresses. */
export interface Suppressed {
  finding: Finding
  suppression: Suppression
}
