import type { Outcome, ToolRun } from "../run/finding.js"

export type ToolName = "black" | "isort" | "flake8" | "mypy" | "bandit"

/** Input of a tool's command. */
export interface ToolContext {
  /** Directories and files to check, for example `.` or `src`; empty if the tool's own configuration names them. */
  paths: string[]
  /** True if the service has its own configuration of the tool, which then replaces ours. */
  configured: boolean
  /** Configuration file to pass on the command line. */
  configFile?: string
  /** Directory names that are skipped by default, for example `.venv`. */
  excludes: string[]
  /** The interpreter whose packages mypy looks at. Default: its own. */
  interpreter?: string
  /** The tool's version. Default: ours. */
  version?: string
  /** Path of mypy's cache. */
  cacheDir?: string
  /** How mypy distinguishes modules of one name: without those of pytest, or by the folders that they are in. */
  apart?: "conftest" | "packages"
}

/** Python quality tool: its command, and the reader of its output. */
export interface Tool {
  name: ToolName
  /** Requirement to install, without its version. */
  package: string
  /** Default version, where the service pins none. */
  version: string
  /** Returns the command that checks. */
  command: (project: ToolContext) => string[]
  /** Returns the command that fixes files in place. */
  fixCommand?: (project: ToolContext) => string[]
  /** Returns how to run it again if it checked nothing for a reason that another way avoids. */
  again?: (run: ToolRun, project: ToolContext) => ToolContext | undefined
  /** Judges a finished run. Never throws. */
  read: (run: ToolRun) => Outcome
}

/** Returns a command's operands after `--`, where a path that starts with a dash isn't taken for a flag. */
export const operands = (paths: string[]): string[] => (paths.length === 0 ? [] : ["--", ...paths])

/** Returns a regular expression that matches any of these names, literally. */
export const anyOf = (names: string[]): string =>
  names.map((name) => name.replace(/[^\w/-]/g, "\\$&")).join("|")
