import { describe, expect, it } from "vitest"
import { readPreviews, stalePreviews } from "../../../src/lib/cleanup/previews.js"
import { usesIn } from "../../../src/lib/cleanup/asked.js"
import { ClusterLedger } from "../../../src/lib/deploy/ledgerStore.js"
import { claimNamespace } from "../../../src/lib/deploy/previewNamespace.js"
import type { Kube } from "../../../src/lib/kube/client.js"
import { type KubeObject, NAMESPACE } from "../../../src/lib/kube/objects.js"
import { Cluster } from "../deploy/cluster.js"
import { DAY, digest, NOW } from "./repository.js"

const REPOSITORY = "registry.example.com/team/api"
const ago = (days: number): string => new Date(NOW - days * DAY).toISOString()

/** A preview that was last deployed so many days ago. */
async function deployed(kube: Kube, number: string, days: number, service = "api"): Promise<void> {
  const namespace = `api-pr-${number}`
  await claimNamespace(kube, { environment: `preview-${number}`, number, namespace, service }, 5)
  await new ClusterLedger(kube, namespace, `api-${number}`).append({
    kind: "deploy",
    status: "succeeded",
    environment: `preview-${number}`,
    subject: "api",
    sha: "",
    run: number,
    startedAt: ago(days),
    finishedAt: ago(days),
    facts: { version: "x", digest: digest(number), image: `${REPOSITORY}@${digest(number)}` },
  })
}

describe("previews in a cleanup", () => {
  it("are stale by the time since their last deployment, and only those of the service", async () => {
    const { kube, store } = new Cluster()
    await deployed(kube, "1", 9)
    await deployed(kube, "2", 2)
    await deployed(kube, "3", 9, "other")
    // The time of the cluster's clock, which made all of them: a deployment since then is what counts.
    for (const space of await kube.list<KubeObject>(NAMESPACE))
      store.put({ ...space, metadata: { ...space.metadata, creationTimestamp: ago(30) } })
    const found = await readPreviews(kube, "api")
    expect(found.previews.map(({ environment }) => environment).sort()).toEqual(["preview-1", "preview-2"])
    const stale = stalePreviews(found, (7 * DAY) / 1000, NOW)
    expect(stale.map(({ name, why }) => [name, why])).toEqual([
      ["api-pr-1", `preview-1 was last deployed ${ago(9)}, more than 7 days ago`],
    ])
  })

  it("keep the images that their ledgers name, and none is deleted if they can't be asked", async () => {
    const { kube } = new Cluster()
    await deployed(kube, "1", 9)
    const asked = await readPreviews(kube, "api")
    const uses = usesIn({ environments: [], previews: { asked } }, REPOSITORY, 1)
    expect(uses).toContainEqual({
      digest: digest("1"),
      why: "the ledger of api-1 in namespace api-pr-1 names it",
    })
    const unknown = { environments: [], previews: { error: new Error("no way in") } }
    expect(() => usesIn(unknown, REPOSITORY, 1)).toThrow(
      /the images that preview runs are unknown: no way in/,
    )
  })
})
