import type { Finding } from "../../../src/lib/run/finding.js"
import { hostileChanges } from "./changes.js"
import { example, type Example } from "./runs.js"
import { finding, stage, suppression, testCase } from "./stages.js"

/** Makes a number of values. */
export const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))
/** Returns a run in which every value from the service is the given text. */
export function hostileRun(text: string, count = 1): Example {
  const found: Finding = { ...finding({ file: text, message: text, rule: text, tool: text }) }
  const reports = times(count, (index) =>
    stage(
      index % 2 ? "error" : "failed",
      times(count, () => found),
      {
        name: text,
        group: text,
        reason: text,
        repro: text,
        version: text,
        log: text,
        tests: [
          ...times(count, () =>
            testCase({ id: text, file: text, message: text, details: text, status: "failed" }),
          ),
          ...times(count, () => testCase({ id: text, status: "skipped", message: text })),
          ...times(count, () => testCase({ id: text, reruns: 1 })),
        ],
        coverage: {
          covered: 1,
          total: 2,
          files: times(count, () => ({ file: text, covered: 1, total: 2, missing: text })),
        },
        facts: Object.fromEntries(times(count, (fact) => [`${text}${fact}`, text])),
        suppressed: times(count, (entry) => ({
          finding: found,
          suppression: suppression({ reason: text, owner: text, expires: text, line: entry }),
        })),
      },
    ),
  )
  const run = { id: text, event: text, ref: text, sha: text, startedAt: text }
  return example(reports, {
    status: "failed",
    exitCode: 1,
    problem: text,
    run,
    changes: hostileChanges(text, count),
  })
}
