import type { Secret } from "@dagger.io/dagger"
import { type Announcing, deliver } from "./delivery.js"
import type { DeployAccess } from "./deploying.js"
import { imageOf } from "../image/image.js"
import { Infra, type InfraAccess } from "../infra/infra.js"
import { parseConfig } from "../lib/config/parse.js"
import type { Journal } from "../lib/pipeline/journal.js"
import { once } from "../lib/run/once.js"
import { type Group, STAGES, wanted } from "../lib/pipeline/stages.js"
import { release, type Released } from "./releasing.js"
import { type Publishing } from "../release/publishing.js"
import { Quality } from "../quality/quality.js"
import { Security } from "../security/security.js"
import { runTasks, type Stage, type Task } from "../stage/stage.js"
import { Tests } from "../testing/testing.js"
import type { Service } from "../stage/service.js"

/** What a run is made with. */
export interface Graph extends Pick<Released, "run" | "revision" | "only"> {
  service: Service
  access: InfraAccess
  /** What the Dockerfile's commands may mount. */
  secrets: Secret[]
  publishing: Publishing
  deploying: DeployAccess
  announcing: Announcing
  /** The branch that a pull request is to be merged into. */
  baseRef: string
  journal: Journal
}

/** Groups whose stages need nothing of one another but what they build together. */
type Gathered = Extract<
  Group,
  "quality" | "security" | "tests" | "infra" | "plan" | "drift" | "apply" | "image"
>

/** Runs these groups of stages, as many at once as the settings allow; what is released comes last. */
export async function runGraph(groups: readonly Group[], graph: Graph): Promise<Stage[]> {
  const { service, access, run, revision, only, secrets, publishing, baseRef, journal } = graph
  const { source, settings, invocation, now } = service
  const config = parseConfig(settings || undefined)
  const image = once(() => imageOf(service, settings, revision, run.ref, secrets).stages())
  const infra = new Infra(source, settings, invocation, now, access.secrets)
  const connected = infra.connectedTasks(run, access)
  const tasksOf: Record<Gathered, () => Promise<Task[]>> = {
    quality: () => new Quality(source, settings, invocation, now).tasks(),
    security: () =>
      new Security(source, settings, invocation, now).tasks({ bandit: !groups.includes("quality") }),
    tests: () => new Tests(source, settings, invocation).tasks(),
    infra: () => infra.tasks(),
    plan: () => Promise.resolve([connected.plan]),
    drift: () => Promise.resolve([connected.drift]),
    apply: () => Promise.resolve([connected.apply]),
    image: async () => (await image()).tasks,
  }
  const chosen = Object.keys(tasksOf).filter((group) => groups.some((wanted) => wanted === group))
  const tasks = await Promise.all(
    chosen.map(async (group) => {
      const all = await tasksOf[group as Gathered]()
      // A group may run what belongs to another: security's Bandit.
      return all.filter((task) => only.includes(group) || wanted(only, task))
    }),
  )
  const later = groups.filter((group) => !chosen.includes(group)).flatMap((group) => [...STAGES[group]])
  journal.planned([...tasks.flat().map(({ name }) => name), ...later])
  const stages = await runTasks(config.parallel, tasks.flat(), journal.ended)
  const releases = groups.includes("release")
  const built = groups.includes("image") && releases ? await (await image()).image() : undefined
  const released = { source, config, run, revision, invocation, only, image: built, stages }
  const all = releases ? [...stages, ...(await release(released, publishing, journal.ended))] : stages
  const known = { source, settings, config, run, baseRef, invocation, image: built }
  const delivery = {
    made: { ...known, stages: releases ? all : undefined },
    access: graph.deploying,
    publishing,
    announcing: graph.announcing,
    now,
    ended: journal.ended,
  }
  return [...all, ...(await deliver(groups, delivery))]
}
