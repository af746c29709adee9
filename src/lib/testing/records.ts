import { parseJson } from "../text/json.js"
import type { TestCase } from "../run/testCase.js"

/** Records of a suite by `slipway_suite.py`, and `slipway_pytest.py` or `slipway_unittest.py`, in the order of its lines. */
export interface SuiteRecords {
  tests: TestCase[]
  /** Tests that started and never finished. */
  lost: { id: string; file: string; line: number }[]
  /** Files that could not be collected. `own` is false for those of another suite. */
  collection: { file: string; own: boolean; message: string; details: string }[]
  /** Service that wasn't ready in time. */
  service?: { name: string; seconds: number; failure: string; message: string }
  migration?: { command: string; exitCode: number; seconds: number; output: string }
  versions: Record<string, string>
  /** Number of tests left to the other suite. */
  others: number
  /** Absent if the runner did not finish. */
  finish?: { exitCode: number; workers: number; collected?: number | null }
}

type Line = Partial<{
  start: string
  file: string
  line: number
  test: TestCase
  collection: SuiteRecords["collection"][number]
  service: SuiteRecords["service"]
  migration: SuiteRecords["migration"]
  version: { service: string; version: string }
  others: number
  finish: SuiteRecords["finish"]
}>

/** Reads the records. The last line may be cut: the interpreter can be killed while it writes. */
export function readRecords(text: string): SuiteRecords {
  const lines = text
    .split("\n")
    .map((line) => parseJson(line) as Line | undefined)
    .filter((line) => typeof line === "object" && line !== null)
  const tests = lines.flatMap(({ test }) => (test === undefined ? [] : [tidy(test)]))
  const ended = new Set(tests.map(({ id }) => id))
  const last = <K extends keyof Line>(key: K): Line[K] =>
    lines.findLast((line) => line[key] !== undefined)?.[key]
  const [service, migration, finish] = [last("service"), last("migration"), last("finish")]
  return {
    tests,
    lost: lines.flatMap(({ start: id, file = "", line = 1 }) =>
      id === undefined || ended.has(id) ? [] : [{ id, file, line }],
    ),
    collection: lines.flatMap(({ collection }) => collection ?? []),
    versions: Object.fromEntries(
      lines.flatMap(({ version }) => (version === undefined ? [] : [[version.service, version.version]])),
    ),
    others: lines.reduce((most, { others = 0 }) => Math.max(most, others), 0),
    ...(service && { service }),
    ...(migration && { migration }),
    ...(finish && { finish }),
  }
}

/** Rounds the time for reports, and drops a count of no reruns. */
function tidy({ reruns, ...test }: TestCase): TestCase {
  return {
    ...test,
    seconds: Math.round(test.seconds * 10_000) / 10_000,
    ...(reruns === undefined || reruns === 0 ? {} : { reruns }),
  }
}
