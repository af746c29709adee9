import type { Finding } from "../run/finding.js"
import type { TestCase } from "../run/testCase.js"
import { testName } from "../testing/outcome.js"
import { clip } from "../text/escape.js"

/** Compared length of texts. */
const KEY_LENGTH = 500

/** True for a test that failed, or could not run. */
export const unsuccessful = ({ status }: Pick<TestCase, "status">): boolean =>
  status === "failed" || status === "error"

/** The findings of a suite without those that only repeat a failed test. */
export function withoutFailedTests<F extends Finding>(
  findings: readonly F[],
  tests: readonly TestCase[],
): F[] {
  const reported = new Set(tests.filter(unsuccessful).map(({ id, file }) => key(file, testName(id))))
  return findings.filter(({ file = "", rule }) => !reported.has(key(file, rule)))
}

/** Key that a failed test shares with its finding. */
const key = (file: string, name: string): string => `${clip(file, KEY_LENGTH)}\n${clip(name, KEY_LENGTH)}`
