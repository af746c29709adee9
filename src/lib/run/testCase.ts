/** What became of one test. */
export interface TestCase {
  /** pytest's name for it, for example `tests/unit/test_api.py::test_upload[wav]`. */
  id: string
  /** Relative to the source's root. */
  file: string
  /** Counted from 1. */
  line?: number
  /** `error`: not the test itself failed, but what it needs, or the interpreter. */
  status: "passed" | "failed" | "error" | "skipped"
  /** With set-up and tear-down, and all its repetitions. */
  seconds: number
  /** One line: why it did not pass. */
  message?: string
  /** The traceback and what the test printed, cut to a sane length. */
  details?: string
  /** How often it failed before it passed; such a test is flaky. */
  reruns?: number
}
