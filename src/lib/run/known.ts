import type { Finding } from "./finding.js"

/** Findings of a stage that the service's baseline knows: reports list them, and nothing fails. */
export interface KnownFindings {
  findings: Finding[]
  /** Number of findings in the baseline that the stage no longer has. */
  fixed: number
}
