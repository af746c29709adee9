/** Problem or note of a tool at one place in the source. */
export interface Finding {
  /** Tool that found it, by its command's name. */
  tool: string
  /** Tool's own name of the rule, for example `E501` or `B602`. */
  rule: string
  /** Rule that this one is a case of, if the tool names both: suppressions may name either. */
  within?: string
  level: "error" | "warning" | "note"
  /** Relative to the source's root, without a leading `./`. Absent if the finding is about the whole run. */
  file?: string
  /** Counted from 1. */
  line?: number
  /** Counted from 1. */
  column?: number
  message: string
  /** Below the gate: reports list it, but nothing fails. */
  advisory?: true
  /** A vulnerability at or above the gate that has no fix; with `advisory`, it passes as a named exception. */
  unfixed?: true
  /** Severity of a security finding, if the tool gives one. */
  severity?: Severity
  /** Documentation of the rule. */
  url?: string
}

export type Severity = "unknown" | "low" | "medium" | "high" | "critical"

/** Result of a tool's process. */
export interface ToolRun {
  exitCode: number
  stdout: string
  stderr: string
}

/** Judgement of a tool's run. */
export interface Outcome {
  /** `error`: the tool could not run, so that neither passed nor failed is known. */
  status: "passed" | "failed" | "error"
  /** One line: why it failed, or what was checked. */
  reason: string
  findings: Finding[]
}
