/** One thing a tool has to say about one place in the source. */
export interface Finding {
  /** The tool that found it, by its command's name. */
  tool: string
  /** The tool's own name of the rule, for example `E501` or `B602`. */
  rule: string
  /** The rule that this one is a case of, where the tool names both: suppressions may name either. */
  within?: string
  level: "error" | "warning" | "note"
  /** Relative to the source's root, without a leading `./`. Absent when the finding is about the whole run. */
  file?: string
  /** Counted from 1. */
  line?: number
  /** Counted from 1. */
  column?: number
  message: string
  /** Found, but below what fails the gate: reports list it, nothing stops for it. */
  advisory?: true
  /** How bad a hole it is, where the tool says. */
  severity?: Severity
  /** Where the rule is explained. */
  url?: string
}

export type Severity = "unknown" | "low" | "medium" | "high" | "critical"

/** What a finished run of a tool left behind. */
export interface ToolRun {
  exitCode: number
  stdout: string
  stderr: string
}

/** What a tool's run means. */
export interface Outcome {
  /** `error`: the tool could not do its work, so neither passed nor failed can be said. */
  status: "passed" | "failed" | "error"
  /** One line: why it failed, or what was looked at. */
  reason: string
  findings: Finding[]
}
