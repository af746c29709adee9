import { loadAlertRules } from "../lib/deploy/alertRules.js"
import type { DeployResult } from "../lib/deploy/run.js"
import { messageOf } from "../lib/run/execError.js"
import { nameOf } from "../stage/texts.js"
import { contextOf, type DeployInputs } from "./environment.js"

/**
 * Loads the alert rules after a deployment that succeeded, and returns the outcome as facts of the deployment.
 *
 * Never fails: the version serves, with or without them.
 */
export async function alertRulesFacts(
  inputs: DeployInputs,
  { status }: DeployResult,
): Promise<Record<string, string>> {
  const { source, config, say } = inputs
  if (status !== "succeeded" || config.monitoring.alerts.load === "never") return {}
  const outcome = await nameOf(source, config)
    .then(async (service) => loadAlertRules((await contextOf(inputs)).context, config, service))
    .catch((error: unknown) => `NOT loaded: ${messageOf(error).split("\n")[0] ?? ""}`)
  say(`alert rules: ${outcome}`)
  return { "alert rules": outcome }
}
