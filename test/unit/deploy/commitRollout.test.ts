import { beforeEach, describe, expect, it } from "vitest"
import { deployOnce, type DeployedRequest, type DeployResult } from "../../../src/lib/deploy/run.js"
import { findRollbackTarget } from "../../../src/lib/deploy/rollback.js"
import { serviceStatus, statusText } from "../../../src/lib/deploy/status.js"
import type { DeploymentObject, ServiceObject } from "../../../src/lib/kube/objects.js"
import { Cluster, digestOf, planFor, SETTINGS } from "./cluster.js"

const COMMIT = { ...SETTINGS.commit, repository: "https://git.example.com/manifests", timeout: 60 }

let cluster: Cluster
/** The version that the repository has, and the number of its commits. */
let repository: { version: string; commits: number }
/** Seconds until the controller applies a commit. */
let delay: number

beforeEach(async () => {
  cluster = new Cluster()
  await cluster.running("v1")
  repository = { version: "v1", commits: 0 }
  delay = 20
})

/** A controller: applies what the repository has, and leaves others' annotations as `kubectl apply` does. */
function apply(): void {
  const live = cluster.store.get<DeploymentObject>("Deployment", "web")
  if (live === undefined) throw new Error("the Deployment is gone")
  const image = `r.io/web:1.0@${digestOf(repository.version)}`
  const { template } = live.spec
  const containers = template.spec.containers.map((container) => ({ ...container, image }))
  cluster.store.put({ ...live, spec: { ...live.spec, template: { ...template, spec: { containers } } } })
  cluster.workloads.reconcile()
}

const commitOf = (version: string) => ({
  place: "staging of the manifests",
  unmigrated: "",
  find: () => Promise.resolve("found"),
  write: () => {
    const files = repository.version === version ? [] : ["staging/api.yaml"]
    if (files.length > 0) {
      repository = { version, commits: repository.commits + 1 }
      cluster.clock.after(delay, apply)
    }
    return Promise.resolve({ commit: `c${repository.commits}`, files })
  },
})

const deploy = (
  version: string,
  run = `run-${version}`,
  kind: DeployedRequest["kind"] = "deploy",
): Promise<DeployResult> =>
  deployOnce(
    cluster.context(run, { commit: COMMIT }),
    () => Promise.resolve({ ...planFor(version), kind, commit: commitOf(version) }),
    [],
    { kind, digest: digestOf(version) },
  )

const reasons = ({ steps }: DeployResult): string[] =>
  steps.map(({ name, status, reason }) => `${name} ${status}: ${reason}`)

const ledger = async (): Promise<unknown[]> =>
  (await cluster.context().ledger.entries()).map(({ kind, status, facts }) => [
    kind,
    status,
    facts["version"],
  ])

describe("commitRollout", () => {
  it("commits, waits until the controller has rolled out, and writes the ledger", async () => {
    const ran = await deploy("v2")
    expect(ran.status).toBe("succeeded")
    const left = "skipped: deploy.commit: this is up to the controller that applies the manifests"
    expect(reasons(ran)).toEqual([
      "prepare passed: found",
      "migrate passed: nothing to migrate",
      "surge passed: committed c1, 1 file in staging of the manifests; 2 pods of v2 ready",
      `preview ${left}`,
      `switch ${left}`,
      `soak ${left}`,
      expect.stringMatching(/^finish passed: digest \w+ in 2 pods; 2 pods healthy 2 times in a row$/),
    ])
    expect(ran.entry?.facts).toMatchObject({ version: "v2", previous: "v1", committed: "c1" })
    expect(cluster.store.get<ServiceObject>("Service", "web")?.spec.selector).toEqual({ app: "web" })
    expect(cluster.writes.filter((write) => /deployments|services\//.test(write))).toEqual([])
    expect(await ledger()).toEqual([
      ["deploy", "succeeded", "v1"],
      ["deploy", "succeeded", "v2"],
    ])
  })

  it("shows the version by its name in the ledger, and no change made without Slipway", async () => {
    await deploy("v2")
    const status = await serviceStatus(cluster.context("look", { commit: COMMIT }), false)
    expect(status).toMatchObject({
      manual: "",
      running: [{ version: "v2", commit: "commit of v2", ready: 2 }],
    })
    expect(statusText(status)).toMatch(
      /^→ v2 sha256:\w+ 2 of 2 pods ready, has the traffic, since .* by run run-v2$/m,
    )
  })

  it("migrates before the commit, but not for a version that runs already", async () => {
    const migrated: number[] = []
    const migrate = () => Promise.resolve(`migrated ${migrated.push(repository.commits)}`)
    const run = (version: string, id: string) =>
      deployOnce(cluster.context(id, { commit: COMMIT }), () =>
        Promise.resolve({ ...planFor(version), migrate, commit: commitOf(version) }),
      )
    expect(reasons(await run("v2", "a"))[1]).toBe("migrate passed: migrated 1")
    expect(reasons(await run("v2", "b"))[1]).toBe("migrate passed: v2 runs already")
    expect(migrated).toEqual([0])
  })

  it("commits and records nothing if the version runs already and is recorded", async () => {
    await deploy("v2")
    const again = await deploy("v2", "run-again")
    expect(again.status).toBe("unchanged")
    expect(reasons(again)[2]).toMatch(/^surge passed: nothing to commit: c1 has it already, in staging/)
    expect(repository.commits).toBe(1)
    expect(await ledger()).toHaveLength(2)
  })

  it("records a version that an interrupted run had committed, once it is deployed again", async () => {
    repository = { version: "v2", commits: 1 }
    apply()
    const ran = await deploy("v2")
    expect(ran.status).toBe("succeeded")
    expect(await ledger()).toEqual([
      ["deploy", "succeeded", "v1"],
      ["deploy", "succeeded", "v2"],
    ])
  })

  it("says what runs if no controller applies the commit, and goes on when it is deployed again", async () => {
    delay = 300
    const ran = await deploy("v2")
    expect(ran.status).toBe("failed")
    expect(reasons(ran)[2]).toBe(
      'surge error: no controller applied the commit c1 within 60 s: "web" still runs v1 (2 of 2 pods ready)\n' +
        "→ see what Argo CD or Flux says of it; once it is applied, the same `slipway deploy` waits and records it; to go back: `slipway rollback` [NOT_APPLIED]",
    )
    const look = () => serviceStatus(cluster.context("look", { commit: COMMIT }), false)
    expect((await look()).manual).toBe("")
    await cluster.clock.sleep(300_000)
    expect(await look()).toMatchObject({ manual: "", running: [{ version: "v2" }] })
    expect((await deploy("v2", "later")).status).toBe("succeeded")
    expect(await ledger()).toEqual([
      ["deploy", "succeeded", "v1"],
      ["deploy", "failed", "v2"],
      ["deploy", "succeeded", "v2"],
    ])
  })

  it("says why new pods aren't ready, what runs, and how to go back; a rollback commits the version before", async () => {
    cluster.behave("v2", { waiting: "ImagePullBackOff" })
    const ran = await deploy("v2")
    expect(ran.status).toBe("failed")
    const [, , surge = ""] = reasons(ran)
    expect(surge).toMatch(/^surge failed: pod web-.* can't be pulled; now runs: v2 /)
    expect(surge).toMatch(
      /; now runs: v2 \(0 of 2 pods ready\), v1 \(2 of 2 pods ready\); the commit c1 stays, `slipway rollback` commits the version before$/,
    )
    const context = cluster.context("back", { commit: COMMIT })
    expect(await findRollbackTarget(context, "")).toMatchObject({ version: "v1" })
    expect((await deploy("v1", "back", "rollback")).status).toBe("succeeded")
    expect(repository).toEqual({ version: "v1", commits: 2 })
    expect(await ledger()).toEqual([
      ["deploy", "succeeded", "v1"],
      ["deploy", "failed", "v2"],
      ["rollback", "succeeded", "v1"],
    ])
  })

  it("goes back from what the repository has, not from what runs", async () => {
    await deploy("v2")
    delay = 300
    await deploy("v3")
    const context = cluster.context("back", { commit: COMMIT })
    expect(await findRollbackTarget(context, "", digestOf("v3"))).toMatchObject({ version: "v2" })
    expect(await findRollbackTarget(context, "")).toMatchObject({ version: "v1" })
  })

  it("fails for pods that are ready but unhealthy, or run another image", async () => {
    cluster.behave("v2", { health: 503 })
    expect(reasons(await deploy("v2"))[6]).toMatch(/^finish failed: health: .* answers 503.*; now runs: v2 /)
    cluster.behave("v3", { runs: digestOf("v9") })
    expect(reasons(await deploy("v3"))[6]).toMatch(/^finish failed: the image that runs isn't the one/)
  })

  it("commits nothing for a Deployment that would start no pods", async () => {
    const live = cluster.store.get<DeploymentObject>("Deployment", "web")
    if (live === undefined) throw new Error("the Deployment is gone")
    cluster.store.put({ ...live, spec: { ...live.spec, replicas: 0 } })
    expect(reasons(await deploy("v2"))[0]).toMatch(/^prepare error: .*scaled to 0.*; nothing was committed$/s)
    expect(repository.commits).toBe(0)
  })
})
