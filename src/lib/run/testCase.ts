/** Result of one test. */
export interface TestCase {
  /** pytest's name for it, for example `tests/unit/test_api.py::test_upload[wav]`. */
  id: string
  /** Relative to the source's root. */
  file: string
  /** Counted from 1. */
  line?: number
  /** `error`: a fixture or the interpreter failed, not the test itself. */
  status: "passed" | "failed" | "error" | "skipped"
  /** Time with set-up, tear-down and reruns. */
  seconds: number
  /** One line: why it did not pass. */
  message?: string
  /** Traceback and output of the test, of limited length. */
  details?: string
  /** Number of failures before it passed; such a test is flaky. */
  reruns?: number
}
