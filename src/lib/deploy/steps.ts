import { type ExitCode as Code, ExitCode, exitCodeOf } from "../errors/catalogue.js"
import type { StageStatus } from "../run/verdict.js"
import type { Context } from "./context.js"
import { Setback } from "./setback.js"

/** What a deployment goes through. */
export const STEPS = ["prepare", "migrate", "surge", "preview", "switch", "soak", "finish"] as const

export type StepName = (typeof STEPS)[number]

/** What became of one of them. */
export interface Step {
  name: StepName
  status: StageStatus
  milliseconds: number
  /** When it began, in milliseconds since 1970. */
  began: number
  reason: string
  log: string[]
  exitCode: Code
}

/** What a step was stopped by. */
export interface Stop {
  step: StepName
  reason: string
  /** Whether the version is at fault, and not what is around it. */
  setback: boolean
}

/** Walks through steps one after the other; after one that fails none is begun. */
export class Walk {
  readonly steps: Step[] = []
  stop: Stop | undefined

  constructor(private readonly context: Context) {}

  async step(name: StepName, work: (log: string[]) => Promise<string>): Promise<void> {
    if (this.stop !== undefined) return
    const { clock, say } = this.context
    const began = clock.now()
    const log: string[] = []
    const done = (status: StageStatus, reason: string, exitCode: Code) => {
      say(`${name}: ${reason}`)
      this.steps.push({ name, status, milliseconds: clock.now() - began, began, reason, log, exitCode })
    }
    try {
      done("passed", await work(log), ExitCode.passed)
    } catch (error) {
      const setback = error instanceof Setback
      const reason = error instanceof Error ? error.message : String(error)
      if (setback) log.push(...error.details)
      this.stop = { step: name, reason, setback }
      done(setback ? "failed" : "error", reason, setback ? ExitCode.gateFailed : exitCodeOf(error))
    }
  }

  /** Adds to what the step that failed says of itself. */
  add(text: string, ...lines: string[]): void {
    const failed = this.steps.find(({ name }) => name === this.stop?.step)
    if (failed === undefined) return
    failed.reason = `${failed.reason}; ${text}`
    failed.log.push(text, ...lines)
  }

  /** All steps, those that weren't begun as skipped. */
  all(): Step[] {
    const { stop, steps } = this
    const why = stop === undefined ? "there was nothing to do" : `${stop.step} did not pass`
    return STEPS.map(
      (name) =>
        steps.find((step) => step.name === name) ?? {
          name,
          status: "skipped",
          milliseconds: 0,
          began: 0,
          reason: why,
          log: [],
          exitCode: ExitCode.passed,
        },
    )
  }
}
