import { relative } from "node:path"
import { clip } from "../../../src/lib/text/escape.js"

/** What Slipway reads of vitest's JSON report. */
export interface Results {
  numPassedTests: number
  numFailedTests: number
  testResults: FileResults[]
}

interface FileResults {
  name: string
  status: string
  /** Why the file itself failed, such as when it can't be loaded; empty if only its tests did. */
  message: string
  startTime: number
  endTime: number
  assertionResults: { fullName: string; status: string; failureMessages: string[] }[]
}

/** The numbers of tests by vitest's report. A file that can't be loaded has no tests to count, but is a failure. */
export function testCounts(results: Results | undefined, ended: boolean): { passed: number; failed: number } {
  const failed = results?.numFailedTests ?? 0
  return { passed: results?.numPassedTests ?? 0, failed: failed === 0 && !ended ? 1 : failed }
}

/** The files that took ten seconds and more, the slowest first, and all together. */
export function timesOf({ testResults }: Results, root: string): string {
  const files = testResults
    .map(({ name, startTime, endTime }) => ({ name: relative(root, name), ms: endTime - startTime }))
    .sort((a, b) => b.ms - a.ms)
  const row = (name: string, ms: number) => `${(ms / 1000).toFixed(0).padStart(6)} s  ${name}`
  const all = files.reduce((sum, { ms }) => sum + ms, 0)
  const slow = files.filter(({ ms }) => ms >= 10_000).map(({ name, ms }) => row(name, ms))
  return [...slow, row(`${files.length} files`, all)].join("\n")
}

/** Longest message of a failed test, in characters; its whole report is further up. */
const MESSAGE_LENGTH = 1000

/** The tests that failed or passed only when repeated, and the files that failed outside of a test, each with its message. */
export const failuresOf = (results: Results | undefined, root: string): string[] =>
  (results?.testResults ?? []).flatMap(({ name: path, status, message, assertionResults: tests }) => {
    const name = relative(root, path)
    // The report has no message of a hook within a group of tests.
    const outside = status === "failed" && (message !== "" || !tests.some(isFailed))
    return [
      ...(outside ? [failure(`failed: ${name}`, message)] : []),
      ...tests
        .filter((test) => isFailed(test) || test.failureMessages.length > 0)
        .map((test) => {
          const what = isFailed(test) ? "failed" : "passed only when repeated"
          return failure(`${what}: ${name}: ${test.fullName}`, test.failureMessages[0] ?? "")
        }),
    ]
  })

const isFailed = ({ status }: { status: string }): boolean => status === "failed"

const failure = (what: string, message: string): string =>
  `${what}\n${clip(message.trim(), MESSAGE_LENGTH).replace(/^/gm, "  ")}`
