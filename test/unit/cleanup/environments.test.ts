import { describe, expect, it } from "vitest"
import { DEFAULTS } from "../../../src/lib/config/config.js"
import { inspectAgain, inspection, usesIn } from "../../../src/lib/cleanup/asked.js"
import { environmentsToAsk } from "../../../src/lib/cleanup/environments.js"
import { deleteObjects, planClusters, readState } from "../../../src/lib/cleanup/live.js"
import type { Environment } from "../../../src/lib/config/environments.js"
import { ClusterLedger } from "../../../src/lib/deploy/ledgerStore.js"
import { JOB, POD } from "../../../src/lib/kube/objects.js"
import { Cluster } from "../deploy/cluster.js"
import { refusal } from "../deploy/store.js"
import { digest } from "./repository.js"

const REPOSITORY = "r.io/web"

/** A cluster with a ledger of these deployments; `image` is that of the entries. */
async function clusterOf(
  environment: Environment,
  versions: readonly string[],
  { namespace = "audio", service = "web", repository = REPOSITORY, cluster = new Cluster() } = {},
) {
  for (const version of versions)
    await new ClusterLedger(cluster.kube, namespace, service).append({
      kind: "deploy",
      status: "succeeded",
      environment,
      subject: service,
      sha: "",
      run: version,
      startedAt: "",
      finishedAt: "",
      facts: { version, digest: digest(version), image: `${repository}@${digest(version)}` },
    })
  return cluster
}

/** Asks a cluster by the kubeconfig of this environment. */
const ask = (environment: Environment, cluster: Cluster, listed = true) =>
  inspection({ environment, why: "it has a kustomization", listed }, () =>
    readState({ ...cluster.context("cleanup"), environment }),
  )

const usesAt = async (...answers: ReturnType<typeof ask>[]) =>
  usesIn({ environments: await Promise.all(answers), previews: undefined }, REPOSITORY, 1)

describe("environmentsToAsk", () => {
  const none = { overlay: undefined, kubeconfig: false }
  const asked = (
    cleanup: Partial<typeof DEFAULTS.cleanup>,
    traces: Partial<Parameters<typeof environmentsToAsk>[1]> = {},
    deploy: Partial<typeof DEFAULTS.deploy> = {},
  ) =>
    environmentsToAsk(
      { cleanup: { ...DEFAULTS.cleanup, ...cleanup }, deploy: { ...DEFAULTS.deploy, ...deploy } },
      { staging: none, production: none, ...traces },
    )

  it("names all of them unless slipway.yaml leaves some out: a missing overlay proves nothing", () => {
    expect(asked({}).map(({ environment }) => environment)).toEqual(["staging", "production"])
    expect(asked({ environments: [] })).toEqual([])
    expect(asked({ environments: ["staging"] }).map(({ listed }) => listed)).toEqual([true])
  })

  it("names one that is left out, but is configured", () => {
    const overlay = "deploy/overlays/production"
    const left = { environments: ["staging" as const] }
    const why = (each: ReturnType<typeof asked>) =>
      each.map((found) => [found.environment, found.listed, found.why])
    expect(why(asked(left, { production: { overlay, kubeconfig: false } }))[1]).toEqual([
      "production",
      false,
      `it has manifests in ${overlay}`,
    ])
    expect(why(asked(left, { production: { ...none, kubeconfig: true } }))[1]?.[2]).toBe(
      "PRODUCTION_KUBECONFIG was passed",
    )
    expect(why(asked(left, {}, { namespace: { production: "audio" } }))[1]?.[2]).toBe(
      "deploy.namespace.production is set in slipway.yaml",
    )
  })
})

describe("a cleanup deletes no image", () => {
  it("with the kubeconfig of another environment", async () => {
    const staging = await clusterOf("staging", ["v1"])
    await expect(usesAt(ask("staging", staging), ask("production", staging))).rejects.toThrow(
      /no image is deleted, since the images that production runs are unknown: .* the ledger of web in its namespace "audio" is that of staging\n→ pass the kubeconfig of production itself \(PRODUCTION_KUBECONFIG\).*\[CLEANUP_BLIND\]/,
    )
  })

  it("with the kubeconfig of a cluster that nothing was deployed to", async () => {
    const staging = await clusterOf("staging", ["v1"])
    await expect(usesAt(ask("staging", staging), ask("production", new Cluster()))).rejects.toThrow(
      /production runs are unknown: .* its namespace "audio" has no ledger of web/,
    )
  })

  it("with the kubeconfig of another service's cluster, whose objects have the same names", async () => {
    const other = await clusterOf("production", ["v1"], { repository: "r.io/shop" })
    await expect(usesAt(ask("production", other))).rejects.toThrow(
      /the ledger of web in namespace "audio" names images of r\.io\/shop, none of r\.io\/web/,
    )
  })

  it("while a cluster doesn't answer", async () => {
    const production = await clusterOf("production", ["v1"])
    production.faults.push(() => refusal(401, "Unauthorized", "who are you"))
    await expect(usesAt(ask("production", production))).rejects.toThrow(
      /production runs are unknown: .*who asks/,
    )
  })

  it("while a ledger shows deployments to an environment that isn't asked", async () => {
    const cluster = await clusterOf("staging", ["v1"])
    await clusterOf("production", ["v0"], { namespace: "live", service: "site", cluster })
    await expect(usesAt(ask("staging", cluster))).rejects.toThrow(
      /production runs are unknown: the ledger of site in namespace "live" of the cluster of staging has deployments to it\n→ add production to cleanup\.environments/,
    )
  })
})

describe("the images in use", () => {
  it("are those of all environments, each with a cluster that its ledger names", async () => {
    const staging = await clusterOf("staging", ["v1", "v2", "v3"])
    const production = await clusterOf("production", ["v1"])
    const uses = await usesAt(ask("staging", staging), ask("production", production))
    expect(new Set(uses.map((use) => use.digest))).toEqual(
      new Set([digest("v3"), digest("v2"), digest("v1")]),
    )
  })

  it("need no ledger of an environment that slipway.yaml leaves out", async () => {
    const staging = await clusterOf("staging", ["v1"])
    const uses = await usesAt(ask("staging", staging), ask("production", new Cluster(), false))
    expect(uses.map((use) => use.digest)).toContain(digest("v1"))
  })

  it("include those of all namespaces, or of its own where others may not be read", async () => {
    const cluster = await clusterOf("staging", ["v1"])
    const spec = { containers: [{ name: "a", image: `${REPOSITORY}:2.0.0` }] }
    cluster.store.put({ ...POD, metadata: { name: "preview", namespace: "pr-7" }, spec })
    const tags = async () => (await usesAt(ask("staging", cluster))).flatMap((use) => use.tag ?? [])
    expect(await tags()).toEqual(["2.0.0"])
    cluster.faults.push(({ path }) =>
      path.includes("/namespaces/") ? undefined : refusal(403, "Forbidden", "not yours"),
    )
    expect(await tags()).toEqual([])
  })

  it("are asked for again, of the same clusters: one that became another's is refused", async () => {
    const cluster = await clusterOf("staging", ["v1"])
    const all = { environments: [await ask("staging", cluster)], previews: undefined }
    await clusterOf("staging", ["v2"], { cluster })
    const later = usesIn(await inspectAgain(all), REPOSITORY, 1)
    expect(later.map((use) => use.digest)).toContain(digest("v2"))
    await clusterOf("production", ["v3"], { cluster })
    const last = await inspectAgain(all)
    expect(() => usesIn(last, REPOSITORY, 1)).toThrow(/is that of production/)
  })
})

describe("objects of a cluster", () => {
  const job = (cluster: Cluster) =>
    cluster.store.put({
      ...JOB,
      metadata: { name: "slipway-smoke-1", namespace: "audio", labels: { "slipway.dev/run": "1" } },
      spec: { template: { spec: { containers: [] } } },
      status: {
        conditions: [{ type: "Failed", status: "True", lastTransitionTime: "2020-01-01T00:00:00Z" }],
      },
    })

  it("are deleted if a second plan lists them too", async () => {
    const cluster = await clusterOf("staging", ["v1"])
    job(cluster)
    const state = await readState({ ...cluster.context("cleanup"), environment: "staging" })
    const planned = await planClusters(
      { asked: [state], all: [state], previews: undefined },
      DEFAULTS,
      Date.parse("2026-01-01T00:00:00Z"),
    )
    expect(planned.map(({ name }) => name)).toEqual(["slipway-smoke-1"])
    expect((await deleteObjects(planned, [])).left.map(({ why }) => why)).toEqual(["it is needed by now"])
    expect(cluster.store.get("Job", "slipway-smoke-1")).toBeDefined()
    expect((await deleteObjects(planned, planned)).deleted).toEqual(["Job audio/slipway-smoke-1"])
    expect(cluster.store.get("Job", "slipway-smoke-1")).toBeUndefined()
  })
})
