import { type ExitCode as Code, ExitCode, exitCodeOf, SlipwayError } from "../errors/catalogue.js"
import type { StageStatus } from "../run/verdict.js"
import type { Context } from "./context.js"
import { StepFailure } from "./stepFailure.js"

/** The steps of a deployment, in order. */
export const STEPS = ["prepare", "migrate", "surge", "preview", "switch", "soak", "finish"] as const

export type StepName = (typeof STEPS)[number]

/** The outcome of one step. */
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

/** Why a rollout stopped. */
export interface Stop {
  step: StepName
  reason: string
  /** True if the version is at fault, not its surroundings. */
  versionAtFault: boolean
  /** True if another run has taken over, to which all else is left. */
  isLost: boolean
}

/** True for an error that means that another run has taken over. */
export const isTakenOver = (error: unknown): boolean =>
  error instanceof SlipwayError && ["LOCK_LOST", "ROLLOUT_LOST"].includes(error.code)

/** Runs steps in sequence; once one has failed, no other starts. */
export class StepRunner {
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
      const versionAtFault = error instanceof StepFailure
      const reason = error instanceof Error ? error.message : String(error)
      if (versionAtFault) log.push(...error.details)
      this.stop = { step: name, reason, versionAtFault, isLost: isTakenOver(error) }
      done(
        versionAtFault ? "failed" : "error",
        reason,
        versionAtFault ? ExitCode.gateFailed : exitCodeOf(error),
      )
    }
  }

  /** Appends to the reason and the log of the failed step, if there is one. */
  annotate(text: string, ...lines: string[]): void {
    const failed = this.steps.find(({ name }) => name === this.stop?.step)
    if (failed === undefined) return
    failed.reason = `${failed.reason}; ${text}`
    failed.log.push(text, ...lines)
  }

  /** Returns all steps; those that never started are skipped. */
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
