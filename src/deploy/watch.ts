import { contextOf, type DeployInputs } from "./environment.js"
import { type ReleaseAccess } from "./wantedRelease.js"
import { runDeploy } from "./steps.js"
import { durationRule, durationSeconds as secondsOf } from "../lib/config/rules.js"
import { watchVersion, type WatchResult } from "../lib/deploy/watch.js"
import { fail } from "../lib/errors/catalogue.js"
import type { FailedStage } from "../lib/notify/notification.js"
import { stopped } from "../lib/run/command.js"
import { writtenEntry, notifyAlert, type NotifyInputs, notifyOutcome } from "../notify/stages.js"
import { deploymentOutcome } from "../lib/notify/outcome.js"
import type { Stage } from "../stage/stage.js"

/** The options of a watch. */
export interface Watching {
  /** Empty for monitoring.watch.duration. */
  duration: string
  who: string
  runUrl: string
  /** The command that called this module. */
  invocation: string
}

/**
 * Watches the deployed version, and alerts or rolls back by monitoring.watch.policy.
 *
 * Returns a summary. Fails with UNWELL, INVALID_DURATION, UNDER_WAY, NOTHING_DEPLOYED and what the cluster refuses.
 */
export async function watchDeployed(
  inputs: DeployInputs,
  access: ReleaseAccess,
  watching: Watching,
): Promise<string> {
  const { config, environment, say } = inputs
  const time = watchSeconds(watching.duration, config.monitoring.watch.duration)
  const { context } = await contextOf(inputs)
  const begun = Date.now()
  const telling = (version: string): NotifyInputs => ({
    source: inputs.source,
    config,
    space: inputs.space,
    environment,
    secrets: inputs.secrets,
    run: inputs.run,
    startedAt: begun,
    version,
    sha: "",
    who: watching.who,
    runUrl: watching.runUrl,
    history: "",
  })
  const raised: Promise<Stage>[] = []
  const watched = await watchVersion(context, time, (alert, version) =>
    raised.push(notifyAlert(telling(version), alert)),
  )
  for (const { reason } of await Promise.all(raised)) say(`notify: ${reason}`)
  const { status, version, text, alerts } = watched
  const slow = alerts.map((alert) => `; ALERT: ${alert}`).join("")
  if (status !== "unwell") return `${SAID[status](version, environment)}: ${text}${slow}\n`
  const done = await act(inputs, access, watching, { watched, telling: telling(version) })
  throw fail("UNWELL", [version, environment, text, done])
}

const SAID: Record<
  Exclude<WatchResult["status"], "unwell">,
  (version: string, environment: string) => string
> = {
  well: (version, environment) => `${version} is well in ${environment}`,
  few: (version, environment) =>
    `${version} is healthy in ${environment}, but too few requests came to judge it`,
  replaced: (version, environment) => `${version} was replaced in ${environment}`,
}

/** Parses a duration to seconds. Fails with INVALID_DURATION. */
export function watchSeconds(given: string, otherwise: number): number {
  if (given === "") return otherwise
  if (!durationRule.pattern.test(given)) throw fail("INVALID_DURATION", [given])
  return secondsOf(given)
}

/** Alerts or rolls back, and notifies. Returns a summary. */
async function act(
  inputs: DeployInputs,
  access: ReleaseAccess,
  { invocation }: Watching,
  { watched, telling }: { watched: WatchResult; telling: NotifyInputs },
): Promise<string> {
  const { policy } = inputs.config.monitoring.watch
  const repro = `${invocation} deploy --environment=${inputs.environment} watch`
  const reason = [watched.text, ...watched.details].join("\n")
  const failure: FailedStage = { stage: "watch", reason, repro }
  if (policy === "alert") {
    const { reason } = await notifyAlert(
      telling,
      "nothing was changed: monitoring.watch.policy is alert",
      failure,
    )
    return `nothing was changed; notify: ${reason}`
  }
  // Roll back first: people are notified afterwards.
  inputs.say(`${watched.version} isn't well: ${watched.text}; rolling back`)
  const stages = await runDeploy(inputs, access, { reference: "", rollback: true }, invocation)
  const failed = stages.find(stopped)
  if (failed !== undefined) {
    const note = `the rollback FAILED: ${failed.reason}`
    const { reason } = await notifyAlert(telling, note, failure)
    return `${note}; notify: ${reason}`
  }
  const ended = deploymentOutcome(stages, await writtenEntry(stages))
  const back = ended?.version === undefined || ended.version === "" ? "the previous version" : ended.version
  const news = ended === undefined ? [] : await notifyOutcome(telling, { ...ended, failure })
  return [`rolled back to ${back}`, ...news.map(({ name, reason }) => `${name}: ${reason}`)].join("; ")
}
