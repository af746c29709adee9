import { beforeEach, describe, expect, it } from "vitest"
import { withLiveReplicas } from "../../../src/lib/deploy/autoscaling.js"
import { deployOnce } from "../../../src/lib/deploy/run.js"
import {
  type DeploymentObject,
  HORIZONTAL_POD_AUTOSCALER,
  type KubeObject,
  STATEFUL_SET,
} from "../../../src/lib/kube/objects.js"
import { Cluster, planFor } from "./cluster.js"
import { refusal } from "./store.js"

let cluster: Cluster
beforeEach(() => {
  cluster = new Cluster()
})

const autoscaler = (spec: Record<string, unknown> = {}, kind = HORIZONTAL_POD_AUTOSCALER): KubeObject => ({
  ...kind,
  metadata: { name: "web", namespace: "audio" },
  ...{ spec: { scaleTargetRef: { kind: "Deployment", name: "web" }, minReplicas: 2, ...spec } },
})

const KEDA = { apiVersion: "keda.sh/v1alpha1", kind: "ScaledObject" }
const scaledObject = autoscaler({ scaleTargetRef: { name: "web" }, minReplicas: undefined }, KEDA)

const live = () => cluster.store.get<DeploymentObject>("Deployment", "web")

/** Sets the replicas of the Deployment, as an autoscaler does. */
function scale(replicas: number): void {
  const found = live()
  if (found === undefined) throw new Error("there is no Deployment")
  cluster.store.put({ ...found, spec: { ...found.spec, replicas } })
  cluster.workloads.reconcile()
}

describe("a Deployment whose manifest says 2 replicas, and whose autoscaler holds 9", () => {
  const deploy = (version: string, last: KubeObject[] = []) =>
    deployOnce(cluster.context(`run-${version}`), () => Promise.resolve(planFor(version, last)))

  it.each<[string, KubeObject[], KubeObject[]]>([
    ["of the manifests", [autoscaler()], []],
    ["of the cluster alone", [], [autoscaler()]],
    ["of KEDA's", [], [{ ...autoscaler(), metadata: { name: "keda-hpa-web", namespace: "audio" } }]],
  ])("surges with 9 new pods for an autoscaler %s", async (_, given, there) => {
    await cluster.running("v1")
    for (const object of there) cluster.store.put(object)
    scale(9)
    const context = cluster.context("run-2")
    const during: unknown[] = []
    context.say = (line) => line.startsWith("surge") && during.push(cluster.pods())
    const result = await deployOnce(context, () => Promise.resolve(planFor("v2", given)))
    expect(result.status).toBe("succeeded")
    expect(during).toEqual([{ v1: 9, v2: 9 }])
    expect(cluster.pods()).toEqual({ v2: 9 })
  })

  it("keeps 9 for a version that runs already", async () => {
    await cluster.running("v1")
    scale(9)
    const again = cluster.context("again")
    const { status } = await deployOnce(again, () => Promise.resolve(planFor("v1", [autoscaler()])))
    expect(status).toBe("unchanged")
    expect(live()?.spec.replicas).toBe(9)
  })

  it("takes the manifest's 2 without an autoscaler of that Deployment", async () => {
    await cluster.running("v1")
    scale(9)
    const other = { scaleTargetRef: { kind: "Deployment", name: "worker" } }
    await deploy("v2", [autoscaler(other)])
    expect(cluster.pods()).toEqual({ v2: 2 })
  })

  it("starts no fewer than the autoscaler's minimum", async () => {
    await deploy("v1", [autoscaler({ minReplicas: 4 })])
    expect(cluster.pods()).toEqual({ v1: 4 })
    scale(3)
    await deploy("v2", [autoscaler({ minReplicas: 5 })])
    expect(cluster.pods()).toEqual({ v2: 5 })
  })

  it("tests at least one pod where KEDA has scaled it to none", async () => {
    await cluster.running("v1")
    scale(0)
    const plan = planFor("v2", [scaledObject])
    const { deployment } = await withLiveReplicas(cluster.context(), plan.manifests, [])
    expect(deployment.spec.replicas).toBe(2)
  })
})

describe("withLiveReplicas", () => {
  it("keeps those of a StatefulSet by its live number", async () => {
    const set = (replicas: number) => ({
      ...STATEFUL_SET,
      metadata: { name: "queue", namespace: "audio" },
      spec: { replicas },
    })
    cluster.store.put(set(6))
    const queue = autoscaler({ scaleTargetRef: { kind: "StatefulSet", name: "queue" } })
    const { manifests } = planFor("v1", [set(2), queue])
    const { last } = await withLiveReplicas(cluster.context(), manifests, [])
    expect(last[0]).toEqual(set(6))
  })

  it("says so if the account may not list autoscalers", async () => {
    cluster.faults.push(({ path }) =>
      path.endsWith("/horizontalpodautoscalers")
        ? refusal(403, "Forbidden", "horizontalpodautoscalers is forbidden")
        : undefined,
    )
    const log: string[] = []
    const { manifests } = planFor("v1")
    expect(await withLiveReplicas(cluster.context(), manifests, log)).toEqual(manifests)
    expect(log).toEqual([expect.stringContaining("may not list HorizontalPodAutoscalers")])
  })
})
