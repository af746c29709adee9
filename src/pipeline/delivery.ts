import type { File } from "@dagger.io/dagger"
import { cleanupStages } from "../cleanup/stages.js"
import { dastStages } from "../dast/dast.js"
import type { DeployInputs } from "../deploy/environment.js"
import { type DeployAccess, type DeployedRun, deployStages, inputsOf, reproOf, wishOf } from "./deploying.js"
import type { Kind } from "../lib/load/profile.js"
import { stopped } from "../lib/report/place.js"
import { type Group, STAGES } from "../lib/pipeline/stages.js"
import { loadStages } from "../load/k6.js"
import { notifyEnded, notifyStarted, type NotifyInputs } from "../notify/stages.js"
import type { Publishing } from "../release/publishing.js"
import { identity, skipped, type Stage } from "../stage/stage.js"
import { dayOf } from "../stage/suppressions.js"

/** Whom people are told of, and of which changes. */
export interface Announcing {
  who: string
  /** Where the run is shown; empty where nobody says. */
  runUrl: string
  /** What `git log` says, for the changes since the last deployment. */
  history?: File
}

/** What reaches an environment, with what. */
export interface Delivery {
  made: DeployedRun
  access: DeployAccess
  publishing: Publishing
  announcing: Announcing
  /** Hears of stages as they end. */
  ended: (stages: readonly Stage[]) => void
}

/** Groups that need an environment. */
const THERE: readonly Group[] = ["deploy", "tell", "load", "stress", "dast"]

/**
 * What a run does to an environment, one after the other: people are told, the release is deployed, they are told how
 * that went, what is there is tried, and what is left over goes. Where nothing was deployed, nothing is tried.
 */
export async function deliver(groups: readonly Group[], delivery: Delivery): Promise<Stage[]> {
  const there = groups.filter((group) => THERE.includes(group))
  const stages = there.length === 0 ? [] : await roll(there, delivery)
  return groups.includes("cleanup") ? [...stages, ...(await cleanUp(delivery))] : stages
}

async function roll(groups: readonly Group[], delivery: Delivery): Promise<Stage[]> {
  const { made, access, publishing } = delivery
  const inputs = await inputsOf(made, access, publishing)
  const tells = groups.includes("tell") && typeof inputs !== "string"
  const telling = tells ? await tellingOf(inputs, delivery) : undefined
  const deploys = groups.includes("deploy")
  const begins = deploys && made.stages?.some(stopped) !== true
  const begun = telling !== undefined && begins ? await notifyStarted(telling) : []
  const deployed = deploys ? await deployStages(made, access, publishing, inputs) : []
  delivery.ended(deployed)
  const told = telling === undefined ? [] : await notifyEnded(telling, deployed, begun)
  const tried = await tryOut(groups, delivery, inputs, deploys ? whyNot(deployed) : "")
  const untold = groups.includes("tell") && telling === undefined
  return [...deployed, ...tried, ...(untold ? passedOver("tell", "nothing was deployed") : told)]
}

/** Why what a run deployed can't be tried; empty where it can. */
function whyNot(deployed: readonly Stage[]): string {
  const inTheWay = deployed.filter(stopped).map(({ name }) => name)
  if (inTheWay.length > 0) return `${inTheWay.join(", ")} stopped it`
  return deployed[0]?.status === "passed" ? "" : "nothing was deployed"
}

/** Load before ZAP, one after the other: each would be in the other's figures. */
async function tryOut(
  groups: readonly Group[],
  delivery: Delivery,
  inputs: DeployInputs | string,
  whyNot: string,
): Promise<Stage[]> {
  const wanted = (["load", "stress", "dast"] as const).filter((group) => groups.includes(group))
  const reason = whyNot === "" && typeof inputs === "string" ? inputs : whyNot
  if (reason !== "" || typeof inputs === "string") return wanted.flatMap((group) => passedOver(group, reason))
  const { made, access, publishing } = delivery
  const repro = (group: Group) => reproOf(made, access, publishing, inputs.environment, group)
  const kinds = wanted.filter((group): group is Kind => group !== "dast")
  const loaded = await loadStages({ ...inputs, scale: access.scale, version: "", repro }, kinds)
  delivery.ended(loaded)
  if (!wanted.includes("dast")) return loaded
  const scanned = await dastStages(inputs)
  return [...loaded, ...scanned.map((stage) => ({ ...stage, repro: repro("dast") }))]
}

const passedOver = (group: "load" | "stress" | "dast" | "tell", why: string): Stage[] =>
  STAGES[group].map((name) => ({ ...identity(group, name, "", ""), repro: "", ...skipped(why) }))

async function tellingOf(
  inputs: DeployInputs,
  { made, access, announcing }: Delivery,
): Promise<NotifyInputs> {
  const { source, config, environment, secrets } = inputs
  const { run } = made
  return {
    source,
    config,
    environment,
    secrets,
    run: run.id,
    startedAt: Date.now(),
    version: wishOf(made, access),
    sha: run.sha,
    who: announcing.who,
    runUrl: announcing.runUrl,
    history: (await announcing.history?.contents()) ?? "",
  }
}

function cleanUp({ made, access, publishing }: Delivery): Promise<Stage[]> {
  const { config, now } = made
  return cleanupStages({
    ...made,
    now: dayOf(now),
    secrets: access.secrets,
    cluster: access.cluster,
    environment: "",
    apply: config.cleanup.apply,
    destination: publishing,
    repro: reproOf(made, access, publishing, "", "cleanup"),
  })
}
