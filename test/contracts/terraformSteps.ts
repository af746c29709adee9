/** Commands of Terraform and what is looked at, shared by the facts of its contract. */
import type { Step } from "./terraformRuns.js"

/** Commands as Slipway runs them. */
export const INIT = ["init", "-backend=false", "-input=false", "-no-color", "-lockfile=readonly"]
export const CONNECT = ["init", "-input=false", "-no-color", "-lockfile=readonly"]
export const PLAN = ["plan", "-json", "-input=false", "-out={out}/plan"]
export const APPLY = ["apply", "-json", "-input=false", "{out}/plan"]

/** A root with one resource of the built-in provider. */
export const DATA = `resource "terraform_data" "a" { input = "one" }\n`

/** The object of a line or of a whole output, empty for anything else. */
export const parsed = (text: string): Record<string, unknown> => {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}

/** The last command of a check. */
export const last = (steps: Step[]): Step => steps.at(-1) ?? { exitCode: -1, stdout: "", stderr: "" }

/** The messages of a `-json` stream, of one type. */
export const messages = ({ stdout }: Step, type: string): Record<string, unknown>[] =>
  stdout
    .split("\n")
    .map(parsed)
    .filter((line) => line["type"] === type)

/** The summaries of the diagnostics of a `-json` stream. */
export const summaries = (step: Step): unknown[] =>
  messages(step, "diagnostic").map(({ diagnostic }) => (diagnostic as { summary: string }).summary)

/** The exit codes of all commands. */
export const codes = (steps: Step[]): number[] => steps.map(({ exitCode }) => exitCode)
