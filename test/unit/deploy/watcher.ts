/** Watches a fake cluster during a deployment as its users see it, and judges what is left in the end. */
import { observe } from "../../../src/lib/deploy/context.js"
import type { Job, ServiceObject } from "../../../src/lib/kube/objects.js"
import { ledgerFaults } from "../../../src/lib/run/ledger.js"
import type { Cluster } from "./cluster.js"

export class Watcher {
  /** Requests of users that found no pod. */
  failedRequests = 0
  private readonly problems = new Set<string>()
  private readonly migrated = new Map<string, string>()

  constructor(
    private readonly cluster: Cluster,
    /** The version that had the traffic before; undefined for none. */
    private readonly before: string | undefined,
  ) {
    cluster.clock.onAdvance((seconds) => this.look(seconds))
    cluster.onWrite = () => this.look(0)
  }

  note(problem: string): void {
    this.problems.add(problem)
  }

  private look(seconds: number): void {
    const versions = this.cluster.traffic()
    if (this.before !== undefined && versions.length === 0) {
      this.failedRequests += this.cluster.workloads.users * seconds
      this.note("the Service leads to nothing")
    }
    if (versions.length > 1) this.note(`the Service leads to ${versions.join(" and ")}`)
    const jobs = this.cluster.store.all<Job>("Job")
    for (const { metadata, status } of jobs)
      if (status?.conditions?.some(({ type }) => type === "Complete")) {
        const { name, uid = "" } = metadata
        const known = this.migrated.get(name) ?? uid
        if (known !== uid) this.note(`the migration ${name} has run twice`)
        this.migrated.set(name, uid)
      }
  }

  /** What is wrong in the end: with the cluster, or with the ledger's account of it. */
  async verdict(): Promise<string[]> {
    const { cluster } = this
    const { deployment, revisions, rollout } = await observe(cluster.context())
    const { entries } = await cluster.context().ledger.read()
    const pods = Object.keys(cluster.pods())
    const selector = cluster.store.get<ServiceObject>("Service", "web")?.spec.selector
    const runs = entries.map(({ run, kind, status, facts }) =>
      [run, kind, status, facts["version"]].join(" "),
    )
    const last = entries.at(-1)
    const expected = last?.facts[last.status === "failed" ? "previousDigest" : "digest"] ?? ""
    const check = (isRight: boolean, problem: string) => {
      if (!isRight) this.note(`${problem}; ledger: ${runs.join(", ")}`)
    }
    check(rollout === undefined, `a rollout is left: ${rollout?.phase ?? ""}`)
    check(pods.length === (expected === "" ? 0 : 1), `pods of ${pods.join(" and ") || "nothing"}`)
    check(cluster.traffic().join() === pods.join(), `traffic for ${cluster.traffic().join()}`)
    check(deployment === undefined || !("pod-template-hash" in (selector ?? {})), "the Service is pinned")
    check(deployment?.spec.minReadySeconds === undefined, "the Deployment is surging")
    check(cluster.store.get("Service", "web-preview") === undefined, "the preview is left")
    const owners = cluster.store.all<Job>("Job").map(({ metadata }) => metadata.uid)
    for (const { metadata } of cluster.store.all("Secret"))
      check(
        owners.includes(metadata.ownerReferences?.[0]?.uid),
        "the database's URL is left, without an owner",
      )
    check(
      (deployment === undefined ? "" : (revisions[0]?.digest ?? "")) === expected,
      "another version runs than recorded",
    )
    check(new Set(runs).size === runs.length, "an entry is there twice")
    check(
      entries.every(({ kind }) => kind !== "manual"),
      "a change counts as made by hand",
    )
    for (const fault of ledgerFaults(entries)) this.note(`ledger: ${fault}`)
    return [...this.problems]
  }
}
