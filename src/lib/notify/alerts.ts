/** Findings after a deployment that need a person, since they undo nothing by themselves. */
import { stopped } from "../run/command.js"
import type { StageReport } from "../run/verdict.js"
import type { FailedStage } from "./notification.js"

/** An alert on a version that keeps serving. */
export interface RaisedAlert {
  /** The metrics behind it. */
  note: string
  failure?: FailedStage
}

const UNCHANGED = "Nothing was rolled back: the version serves, until a person decides."

/** Alerts from a deployment's soak: slow answers, a damaged ledger. */
export function soakAlerts(deployed: readonly StageReport[]): RaisedAlert[] {
  const alert = deployed[0]?.facts?.["ALERT"]
  return alert === undefined ? [] : [{ note: `soak: ${alert}` }]
}

/** Alerts from tests of a deployed service: those that failed or couldn't run, and those slower than the run before. */
export function testAlerts(tested: readonly StageReport[]): RaisedAlert[] {
  return tested.flatMap((stage): RaisedAlert[] => {
    const { name, reason, repro } = stage
    if (stopped(stage))
      return [{ note: [...metricsOf(stage), UNCHANGED].join("\n"), failure: { stage: name, reason, repro } }]
    const slower = stage.findings.find(({ tool, rule }) => tool === "k6" && rule === "comparison")
    return slower === undefined
      ? []
      : [{ note: [`${name}: ${slower.message}`, ...metricsOf(stage), UNCHANGED].join("\n") }]
  })
}

/** What the stages of load tests and ZAP measured, in lines. */
function metricsOf({ facts = {} }: StageReport): string[] {
  const { measured, alerts, target } = facts
  return [
    ...(measured === undefined ? [] : [`measured: ${measured}`]),
    ...(alerts === undefined ? [] : [`ZAP's alerts: ${alerts}`]),
    ...(target === undefined ? [] : [`at ${target}`]),
  ]
}
