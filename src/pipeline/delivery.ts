import type { File } from "@dagger.io/dagger"
import { cleanupStages } from "../cleanup/stages.js"
import { dastStages } from "../dast/dast.js"
import type { DeployInputs } from "../deploy/environment.js"
import {
  type DeployAccess,
  type DeployedRun,
  deployInputs,
  deployRepro,
  deployStages,
  requestedVersion,
  stoppedBefore,
} from "./deploying.js"
import { lastEnvironment } from "../lib/config/environments.js"
import { environmentFor } from "../lib/pipeline/policy.js"
import type { Kind } from "../lib/load/profile.js"
import { stopped } from "../lib/run/command.js"
import { DELIVERED, type Group, STAGES } from "../lib/pipeline/stages.js"
import { loadStages } from "../load/k6.js"
import { testAlerts } from "../lib/notify/alerts.js"
import {
  notifyEnded,
  notifyFindings,
  notifyStarted,
  type NotifyInputs,
  writtenEntry,
} from "../notify/stages.js"
import { testOnSchedule } from "./scheduled.js"
import type { Publishing } from "../release/publishing.js"
import { identity, skipped, type Stage } from "../stage/stage.js"
import { installingFields } from "../stage/service.js"
import { dayOf } from "../stage/suppressions.js"

/** What notifications of a deployment say. */
export interface Announcing {
  /** The person who deploys. */
  who: string
  /** The web address of the run; empty if unknown. */
  runUrl: string
  /** The output of `git log`, for the changes since the last deployment. */
  history?: File
}

/** Inputs of the stages that reach an environment. */
export interface Delivery {
  run: DeployedRun
  access: DeployAccess
  publishing: Publishing
  announcing: Announcing
  /** Called with stages as they end. */
  ended: (stages: readonly Stage[]) => void
}

/**
 * Runs the stages that reach an environment, one after the other: notification, deployment, notification of the result,
 * tests of the deployed service, cleanup. Without a deployment nothing is tested.
 */
export async function deliver(groups: readonly Group[], delivery: Delivery): Promise<Stage[]> {
  const deploying = groups.filter((group) => group !== "cleanup" && DELIVERED.includes(group))
  const stages = deploying.length === 0 ? [] : await deployOrTest(deploying, delivery)
  return groups.includes("cleanup") ? [...stages, ...(await cleanUp(delivery))] : stages
}

/** Deploys and tests an environment; a scheduled run tests those that the settings name. */
async function deployOrTest(groups: readonly Group[], delivery: Delivery): Promise<Stage[]> {
  const { run, access, ended } = delivery
  const tests = groups.every((group) => ["notify", "stress", "dast"].includes(group))
  if (run.run.event !== "schedule" || !tests || access.environment !== "")
    return deployAndTest(groups, delivery)
  const quiet = { ...delivery, ended: () => undefined }
  const stages = await testOnSchedule(groups, run.config, (asked, environment) =>
    deployAndTest(asked, { ...quiet, access: { ...access, environment } }),
  )
  ended(stages)
  return stages
}

async function deployAndTest(groups: readonly Group[], delivery: Delivery): Promise<Stage[]> {
  const { run, access, publishing } = delivery
  const inputs = await deployInputs(run, access, publishing)
  const notifies = groups.includes("notify")
  const notification =
    notifies && typeof inputs !== "string" ? await notifyInputs(inputs, delivery) : undefined
  const deploys = groups.includes("deploy")
  const starts = deploys && stoppedBefore(run).length === 0
  const started = notification !== undefined && starts ? await notifyStarted(notification) : []
  const deployed = deploys ? await deployStages(run, access, publishing, inputs) : []
  delivery.ended(deployed)
  const ended = notification === undefined ? [] : await notifyEnded(notification, deployed, started)
  const tested = await testDeployed(groups, delivery, inputs, deploys ? skipReason(deployed) : "")
  const notified =
    notification === undefined
      ? []
      : await notifyFindings(
          await ofTestedVersion(notification, delivery, { deployed, tested }),
          testAlerts(tested),
          ended,
        )
  const unnotified = notifies && notification === undefined
  return [
    ...deployed,
    ...(unnotified ? skippedStages("notify", "nothing was deployed") : notified),
    ...tested,
  ]
}

/** The notification of what tests found, with the version that they tested. */
async function ofTestedVersion(
  notification: NotifyInputs,
  { access }: Delivery,
  { deployed, tested }: { deployed: readonly Stage[]; tested: readonly Stage[] },
): Promise<NotifyInputs> {
  const entry = await writtenEntry(deployed)
  const measured = tested.map(({ facts }) => facts?.["version"]).find((version) => version !== undefined)
  const known = deployed.length > 0 || access.reference !== "" ? notification : { version: "", sha: "" }
  const version = entry?.facts["version"] ?? measured ?? known.version
  return { ...notification, version, sha: entry?.sha ?? known.sha }
}

/** The reason to skip tests of a deployment; empty for none. */
function skipReason(deployed: readonly Stage[]): string {
  const failures = deployed.filter(stopped).map(({ name }) => name)
  if (failures.length > 0) return `${failures.join(", ")} stopped it`
  return deployed[0]?.status === "passed" ? "" : "nothing was deployed"
}

/** Runs load tests, then ZAP: at the same time they would distort each other's metrics. */
async function testDeployed(
  groups: readonly Group[],
  delivery: Delivery,
  inputs: DeployInputs | string,
  skipped: string,
): Promise<Stage[]> {
  const tests = (["load", "stress", "dast"] as const).filter((group) => groups.includes(group))
  const reason = skipped === "" && typeof inputs === "string" ? inputs : skipped
  if (reason !== "" || typeof inputs === "string")
    return tests.flatMap((group) => skippedStages(group, reason))
  const { run, access, publishing } = delivery
  const repro = (group: Group) => deployRepro(run, access, publishing, inputs.environment, group)
  const kinds = tests.filter((group): group is Kind => group !== "dast")
  const loaded = await loadStages({ ...inputs, scale: access.scale, version: "", repro }, kinds)
  delivery.ended(loaded)
  if (!tests.includes("dast")) return loaded
  const scanned = await dastStages(inputs)
  return [...loaded, ...scanned.map((stage) => ({ ...stage, repro: repro("dast") }))]
}

const skippedStages = (group: "load" | "stress" | "dast" | "notify", why: string): Stage[] =>
  STAGES[group].map((name) => ({ ...identity(group, name, "", ""), repro: "", ...skipped(why) }))

async function notifyInputs(
  inputs: DeployInputs,
  { run: deployed, access, announcing }: Delivery,
): Promise<NotifyInputs> {
  const { source, config, environment, secrets, space } = inputs
  const { run } = deployed
  return {
    source,
    config,
    space,
    environment,
    secrets,
    run: run.id,
    startedAt: Date.now(),
    version: requestedVersion(deployed, access),
    sha: run.sha,
    who: announcing.who,
    runUrl: announcing.runUrl,
    history: (await announcing.history?.contents()) ?? "",
  }
}

function cleanUp({ run: deployed, access, publishing }: Delivery): Promise<Stage[]> {
  const { config, run, now, baseRef } = deployed
  const { branches, deploy } = config
  const environment = environmentFor({ ...run, baseRef, branches }, deploy)
  const own = environment !== undefined && environment !== lastEnvironment(deploy)
  return cleanupStages({
    ...installingFields(deployed),
    config,
    run,
    now: dayOf(now),
    secrets: access.secrets,
    cluster: access.cluster,
    // A job of staging may hold no access to production: it then cleans up its own cluster alone.
    environment: own ? environment : "",
    imagesIfKnown: own,
    apply: config.cleanup.apply,
    destination: publishing,
    repro: deployRepro(deployed, access, publishing, "", "cleanup"),
  })
}
