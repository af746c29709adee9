import type { Config } from "../config/config.js"
import type { Environment } from "../config/environments.js"
import { ExitCode } from "../errors/catalogue.js"
import type { Finding } from "../run/finding.js"
import type { StageResult } from "../run/verdict.js"
import { DEFAULT_ENVIRONMENT, type InfraTarget } from "./roots.js"

/** The deployment that drift is a gate of. */
export interface DriftGate {
  environment: Environment
  /** The value of `deploy.drift` for the environment. */
  policy: "enforce" | "warn" | "ignore"
}

/** The gate of a deployment by the settings. */
export const driftGate = ({ deploy }: Config, environment: Environment): DriftGate => ({
  environment,
  policy: deploy.drift[environment] ?? "enforce",
})

/** The targets that a deployment stands on: those of its environment, and of roots without environments. */
export const gateTargets = (all: readonly InfraTarget[], { environment }: DriftGate): InfraTarget[] =>
  all.filter((target) => [environment, DEFAULT_ENVIRONMENT].includes(target.environment))

/** The reason why nothing is compared for a deployment. */
export const nothingToGate = ({ environment }: DriftGate): string =>
  `there is no Terraform for ${environment} in the source`

interface Judged extends Pick<StageResult, "status" | "reason"> {
  exitCode: ExitCode
  findings: Finding[]
}

/** The result of a comparison as the gate of a deployment; unchanged without one. */
export function gated<J extends Judged>(judged: J, gate: DriftGate | undefined): J | Judged {
  if (gate === undefined || judged.status === "passed" || judged.status === "skipped") return judged
  const { environment, policy } = gate
  const { reason } = judged
  if (policy === "warn")
    return {
      status: "passed",
      reason: `${reason}, which ${environment} only reports`,
      exitCode: 0,
      findings: [],
    }
  const remedy = `apply the plan, list it in .slipway/drift.yaml, or set deploy.drift.${environment}`
  return { ...judged, reason: `${reason}: nothing is deployed to ${environment}; ${remedy}` }
}
