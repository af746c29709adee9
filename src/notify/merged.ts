import type { Stage } from "../stage/stage.js"

/** Adds the outcome of the start notification to the stage of the end. */
export function withStart(stage: Stage, begun: Stage | undefined): Stage {
  if (begun === undefined || begun.status === "skipped") return stage
  const warnings = [begun, stage].flatMap(({ facts }) =>
    facts?.["WARNING"] === undefined ? [] : [facts["WARNING"]],
  )
  const facts = {
    ...stage.facts,
    "at the start": begun.reason,
    ...(warnings.length > 0 && { WARNING: warnings.join("; ") }),
  }
  return { ...stage, facts }
}

/** Adds an alert's outcome; a stage that was skipped has its outcome then. */
export function withAlert(stage: Stage, alert: Stage): Stage {
  if (stage.status === "skipped") return alert.status === "skipped" ? stage : alert
  const warnings = [stage, alert].flatMap(({ facts }) => facts?.["WARNING"] ?? [])
  return {
    ...stage,
    reason: `${stage.reason}; ${alert.reason}`,
    milliseconds: stage.milliseconds + alert.milliseconds,
    log: `${stage.log}${alert.log}`,
    ...((stage.facts !== undefined || warnings.length > 0) && {
      facts: { ...stage.facts, ...(warnings.length > 0 && { WARNING: warnings.join("; ") }) },
    }),
  }
}
