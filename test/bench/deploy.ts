import { setTimeout as sleep } from "node:timers/promises"
import type { Kube } from "../../src/lib/kube/client.js"
import { DEPLOYMENT, NAMESPACE } from "../../src/lib/kube/objects.js"
import { kube, kubectl, startCluster } from "../engine/cluster.js"
import { Load } from "../engine/load.js"
import { deployed, type Place, publishVersions, REGISTRY } from "../engine/rollouts.js"
import { measure, print, type Row, times } from "./measure.js"

/** Settings without a soak: without traffic to judge by, no step takes longer than it must. */
const NO_SOAK = { soak: 0, hold: 0 }

interface Counted {
  failed: number
  sent: number
}

/**
 * Measures a deployment under 50 requests a second: Slipway's, without the soak, against a rolling update by `kubectl
 * set image`, and against bare commands for the same switch. Then measures the same with a version that fails every
 * second request once it has traffic.
 */
export async function benchDeploy(_: unknown, rounds: number): Promise<void> {
  await startCluster()
  const digests = await publishVersions({ good: "", better: "", later: "ERRORS=0.5 ERROR_PATH=/work" })
  const requests = new Map<string, Counted>()
  const rows = rowsOf(kube(), digests, requests)
  const series = await measure(rows, rounds)
  const base = times(series, "kubectl set image, rolling update", "rolling update")
  print(
    "deployments of a good version",
    series,
    rows.slice(0, 3).map(({ name }) => [name, base]),
  )
  print("a version that fails with traffic", series, [
    ["Slipway, noticed to traffic back"],
    ["Slipway, first failure to last"],
    ["kubectl set image, first failure to undo by hand"],
  ])
  for (const [name, { failed, sent }] of requests)
    console.log(`${name.padEnd(50)} ${failed} of ${sent} requests failed`)
}

function rowsOf(client: Kube, digests: Record<string, string>, requests: Map<string, Counted>): Row[] {
  const image = (version: string) => `${REGISTRY}@${digests[version] ?? ""}`
  const row = (name: string, work: (place: Place) => Promise<Record<string, number>>): Row => ({
    name,
    noWarmUp: true,
    work: () => underLoad(client, digests, name, requests, work),
  })
  return [
    row("Slipway, apart from the soak", async (place) => {
      await deployed({ ...place, settings: NO_SOAK }, "better")
      return {}
    }),
    row("kubectl set image, rolling update", async ({ namespace }) => {
      await setImage(namespace, image("better"))
      return {}
    }),
    row("bare kubectl commands, the same switch", async ({ namespace }) => {
      await bareSwitch(namespace, image("better"))
      return {}
    }),
    row("Slipway, a bad version", async (place) => {
      const { facts } = await deployed(place, "later")
      return { "Slipway, noticed to traffic back": Number(facts["back"]) * 1000 }
    }),
    row("kubectl set image, a bad version", async ({ namespace }) => {
      await setImage(namespace, image("later"))
      // Optimistic time for an alert and the reaction of a person.
      await sleep(30_000)
      await kubectl("-n", namespace, "rollout", "undo", "deployment/api")
      await kubectl("-n", namespace, "rollout", "status", "deployment/api", "--timeout=120s")
      return {}
    }),
  ]
}

/** Deploys a good version, and does the work while requests are sent; counts the failed requests. */
async function underLoad(
  client: Kube,
  digests: Record<string, string>,
  name: string,
  requests: Map<string, Counted>,
  work: (place: Place) => Promise<Record<string, number>>,
): Promise<Record<string, number>> {
  const place: Place = { kube: client, namespace: `bench-${Date.now()}`, digests }
  await deployed({ ...place, settings: NO_SOAK }, "good")
  const load = await Load.start(client, place.namespace)
  const begun = performance.now()
  const series = await work(place)
  const taken = performance.now() - begun
  const { sent } = await load.end()
  const failed = load.failed()
  const before = requests.get(name) ?? { failed: 0, sent: 0 }
  requests.set(name, { failed: before.failed + failed.length, sent: before.sent + sent.length })
  await client.delete(NAMESPACE, place.namespace, "")
  const window = (failed.at(-1)?.at ?? 0) - (failed[0]?.at ?? 0)
  if (name.includes("bad"))
    return {
      ...series,
      [name.startsWith("Slipway")
        ? "Slipway, first failure to last"
        : "kubectl set image, first failure to undo by hand"]: window,
    }
  return { ...series, [name]: taken }
}

async function setImage(namespace: string, image: string): Promise<void> {
  await kubectl("-n", namespace, "set", "image", "deployment/api", `api=${image}`)
  await kubectl("-n", namespace, "rollout", "status", "deployment/api", "--timeout=120s")
}

/** Carries out Slipway's steps by hand, without checks of the new version. */
async function bareSwitch(namespace: string, image: string): Promise<void> {
  const patch = (kind: string, spec: object) =>
    kubectl("-n", namespace, "patch", kind, "api", "--type=merge", "-p", JSON.stringify({ spec }))
  const hashes = async () =>
    (
      await kubectl(
        "-n",
        namespace,
        "get",
        "pods",
        "-l",
        "app=api",
        "-o",
        "jsonpath={.items[*].metadata.labels.pod-template-hash}",
      )
    ).split(" ")
  const [old = ""] = await hashes()
  await patch("service", { selector: { "pod-template-hash": old } })
  await patch(DEPLOYMENT.kind, {
    minReadySeconds: 3600,
    progressDeadlineSeconds: 7200,
    strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "100%", maxUnavailable: 0 } },
  })
  await kubectl("-n", namespace, "set", "image", "deployment/api", `api=${image}`)
  let fresh: string | undefined
  while (fresh === undefined) fresh = (await hashes()).find((hash) => hash !== old)
  await kubectl(
    "-n",
    namespace,
    "wait",
    "pod",
    "-l",
    `pod-template-hash=${fresh}`,
    "--for=condition=Ready",
    "--timeout=120s",
  )
  await patch("service", { selector: { "pod-template-hash": fresh } })
  await patch(DEPLOYMENT.kind, { minReadySeconds: 0, progressDeadlineSeconds: 600 })
  await kubectl(
    "-n",
    namespace,
    "wait",
    "pod",
    "-l",
    `pod-template-hash=${old}`,
    "--for=delete",
    "--timeout=120s",
  )
  await patch("service", { selector: { "pod-template-hash": null } })
}
