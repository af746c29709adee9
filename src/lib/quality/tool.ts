import type { Outcome, ToolRun } from "../run/finding.js"

export type ToolName = "black" | "isort" | "flake8" | "mypy" | "bandit"

/** What a tool is run on. */
export interface ToolContext {
  /** Directories and files to check, for example `.` or `src`. Empty when the tool's own configuration names them. */
  paths: string[]
  /** The service brings its own configuration for this tool, which is then fully respected. */
  configured: boolean
  /** A configuration that the tool must be pointed at. */
  configFile?: string
  /** Names of directories that are skipped where the service says nothing itself, for example `.venv`. */
  excludes: string[]
  /** Where mypy keeps its cache. */
  cacheDir?: string
}

/** A Python quality tool: how it is called and what its answer means. */
export interface Tool {
  name: ToolName
  /** The requirement to install, without its version. */
  package: string
  /** The version installed where the service pins none. */
  version: string
  /** Returns the command that checks. */
  command: (project: ToolContext) => string[]
  /** Returns the command that mends in place. */
  fixCommand?: (project: ToolContext) => string[]
  /** Tells what a finished run means. Never throws. */
  read: (run: ToolRun) => Outcome
}

/** Returns the operands of a command: after `--`, a path that starts with a dash is no flag. */
export const operands = (paths: string[]): string[] => (paths.length === 0 ? [] : ["--", ...paths])

/** Returns a regular expression that matches any of these names, literally. */
export const anyOf = (names: string[]): string =>
  names.map((name) => name.replace(/[^\w/-]/g, "\\$&")).join("|")
