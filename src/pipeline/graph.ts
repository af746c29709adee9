import { create } from "../stage/create.js"
import { type Announcing, deliver } from "./delivery.js"
import { type DeployAccess, environmentOfRun } from "./deploying.js"
import { Infra, type InfraAccess } from "../infra/infra.js"
import { configIn } from "../lib/config/previews.js"
import { driftGate } from "../lib/infra/driftGate.js"
import type { Journal } from "../lib/pipeline/journal.js"
import { once } from "../lib/run/once.js"
import { OTHER_TOOLS, unusedFiles, withUnusedFiles } from "../lib/pipeline/otherTools.js"
import { type Group, STAGES, selected } from "../lib/pipeline/stages.js"
import { release, type Released } from "./releasing.js"
import { type Publishing } from "../release/publishing.js"
import { Quality } from "../quality/quality.js"
import { Security } from "../security/security.js"
import { attempted, identity, runTasks, type Stage, type Task } from "../stage/stage.js"
import { Tests } from "../testing/testing.js"
import { installingFields, type PythonService, serviceFields } from "../stage/service.js"
import type { BuildAccess } from "../image/access.js"
import { texts } from "../stage/texts.js"
import { imageOf } from "../image/image.js"

/** Inputs of a run. */
export interface Graph extends Pick<Released, "run" | "revision" | "only" | "gates" | "allowed"> {
  service: PythonService
  access: InfraAccess
  building: BuildAccess
  publishing: Publishing
  deploying: DeployAccess
  announcing: Announcing
  /** The target branch of a pull request. */
  baseRef: string
  journal: Journal
}

/** Groups whose stages are independent of each other, but for the image. */
type Gathered = Extract<
  Group,
  "quality" | "security" | "tests" | "infra" | "plan" | "drift" | "apply" | "image"
>

/** Runs groups of stages, as many at once as `parallel` allows; release and deployment come last. */
export async function runGraph(groups: readonly Group[], graph: Graph): Promise<Stage[]> {
  const { service, access, run, revision, only, building, publishing, baseRef, journal, gates, allowed } =
    graph
  const { config } = service
  const image = once(() =>
    imageOf(service, publishing, { revision, ref: run.ref, access: building }).stages(),
  )
  const infra = create(Infra, { ...serviceFields(service), secrets: access.secrets })
  const connected = infra.connectedTasks(run, access, driftGateOf(groups, graph))
  const tasksOf: Record<Gathered, () => Promise<Task[]>> = {
    quality: () => create(Quality, installingFields(service)).tasks(),
    security: () =>
      create(Security, installingFields(service)).tasks({ bandit: !groups.includes("quality") }),
    tests: () => create(Tests, installingFields(service)).tasks(),
    infra: () => infra.tasks(),
    plan: () => Promise.resolve([connected.plan]),
    drift: () => Promise.resolve([connected.drift]),
    apply: () => Promise.resolve([connected.apply]),
    image: async () => (await image()).tasks,
  }
  const chosen = Object.keys(tasksOf).filter((group) => groups.some((wanted) => wanted === group))
  const tasks = await Promise.all(
    chosen.map(async (group) => {
      const all = await tasksOf[group as Gathered]().catch((cause: unknown) =>
        unpreparedTasks(group as Gathered, cause, service.invocation),
      )
      // A group may run a stage of another: security runs Bandit.
      return all.filter((task) => only.includes(group) || selected(only, task))
    }),
  )
  const later = groups.filter((group) => !chosen.includes(group)).flatMap((group) => [...STAGES[group]])
  journal.planned([...tasks.flat().map(({ name }) => name), ...later])
  const unused = texts(service.source, OTHER_TOOLS).then(unusedFiles, () => [])
  const stages = withUnusedFiles(await runTasks(config.parallel, tasks.flat(), journal), await unused)
  const releases = groups.includes("release")
  const built = groups.includes("image") && releases ? await (await image()).image() : undefined
  const released = { ...service, run, revision, only, image: built, stages, gates, allowed }
  const all = releases ? [...stages, ...(await release(released, publishing, journal))] : stages
  const delivery = {
    run: { ...service, run, baseRef, image: built, stages: releases ? all : undefined, checked: stages },
    access: graph.deploying,
    publishing,
    announcing: graph.announcing,
    ended: journal.ended,
  }
  return [...all, ...(await deliver(groups, delivery))]
}

/** The deployment of a run that drift is a gate of. Fails with UNKNOWN_ENVIRONMENT. */
function driftGateOf(groups: readonly Group[], { service, run, baseRef, deploying }: Graph) {
  if (!groups.includes("deploy") || !groups.includes("drift")) return undefined
  const { config } = service
  const environment = environmentOfRun({ run, baseRef, config }, deploying)
  return driftGate(configIn(config, environment), environment)
}

/** What prepares a group fails: each of its stages reports it, and the other groups run all the same. */
const unpreparedTasks = (group: Gathered, cause: unknown, invocation: string): Task[] =>
  STAGES[group].map((name) => ({
    name,
    run: () => attempted(identity(group, name, "", invocation), () => Promise.reject(toError(cause))),
  }))

const toError = (cause: unknown): Error => (cause instanceof Error ? cause : new Error(String(cause)))
