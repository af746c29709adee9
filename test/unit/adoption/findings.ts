import type { Placed } from "../../../src/lib/adoption/entries.js"
import type { Finding } from "../../../src/lib/run/finding.js"

export const finding = (tool: string, rule: string, file: string, line?: number): Finding => ({
  tool,
  rule,
  level: "error",
  file,
  ...(line !== undefined && { line }),
  message: "a problem",
})

/** Findings of a file that are recognised by the same key. */
export const placedAt = (file: string, key: string, times = 1): Placed[] =>
  Array.from({ length: times }, (_, index) => ({
    finding: finding("flake8", key.split(" ")[0] ?? "", file, index + 1),
    file,
    key,
  }))
