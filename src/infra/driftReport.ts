import { Directory, func, object } from "@dagger.io/dagger"

/** Drift of one environment and root: differences between its state and reality. */
@object()
export class DriftReport {
  @func()
  environment!: string
  @func()
  root!: string
  /** `CLEAN`; `KNOWN`, where the baseline covers all that differs; or `DRIFT`. */
  @func()
  verdict!: string
  /** Number of attributes and resources that differ, including known ones. */
  @func()
  differences!: number
  /** Report for people: differences, known ones with their reasons, expired and unused entries of the baseline. */
  @func()
  markdown!: string
  /** `drift.md`, `drift.json`, `drift.txt` and `drift-verdict.json`, below `terraform/ENVIRONMENT/ROOT/`. */
  @func()
  files!: Directory
}
