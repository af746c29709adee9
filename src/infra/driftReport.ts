import { Directory, func, object } from "@dagger.io/dagger"

/** What in one environment and root is no longer as it was applied. */
@object()
export class DriftReport {
  @func()
  environment: string
  @func()
  root: string
  /** `CLEAN`; `KNOWN`, where the baseline covers all that differs; or `DRIFT`. */
  @func()
  verdict: string
  /** How many attributes and resources differ, known ones included. */
  @func()
  differences: number
  /** For people: what differs, what is known of it, and which entries of the baseline have expired or are not used. */
  @func()
  markdown: string
  /** `drift.md`, `drift.json`, `drift.txt` and `drift-verdict.json`, below `terraform/ENVIRONMENT/ROOT/`. */
  @func()
  files: Directory

  constructor(
    environment: string,
    root: string,
    verdict: string,
    differences: number,
    markdown: string,
    files: Directory,
  ) {
    this.environment = environment
    this.root = root
    this.verdict = verdict
    this.differences = differences
    this.markdown = markdown
    this.files = files
  }
}
