import { beforeEach, describe, expect, it } from "vitest"
import { effectId } from "../../../src/lib/deploy/context.js"
import { migrate, smokeCommand, smokeK6 } from "../../../src/lib/deploy/migrate.js"
import { rollOut } from "../../../src/lib/deploy/rollout.js"
import { StepFailure } from "../../../src/lib/deploy/stepFailure.js"
import type { Job, Secret } from "../../../src/lib/kube/objects.js"
import { Cluster, planFor } from "./cluster.js"
import type { JobRun } from "./workloads.js"

const URL = "postgresql://me:s3cret@db/web"
const MIGRATION = { command: "alembic upgrade head", script: "print()", url: URL }

let cluster: Cluster
let log: string[]
beforeEach(() => {
  cluster = new Cluster()
  log = []
})

const { deployment } = planFor("v2").manifests
const runs = (run: Partial<JobRun>) => {
  cluster.workloads.jobRun = () => ({ seconds: 3, exitCode: 0, log: "", ...run })
}
const TIMEOUT = 5
const migrated = () => {
  const { settings, ...context } = cluster.context("run-2")
  const shorter = { ...settings, migrate: { ...settings.migrate, timeout: TIMEOUT } }
  return migrate({ ...context, settings: shorter }, MIGRATION, deployment, log)
}

describe("migrate", () => {
  it("runs a Job with the new image, and returns what it did", async () => {
    runs({ log: "slipway: revision before: 1\nworking\nslipway: revision after: 2\n" })
    expect(await migrated()).toBe("migrated from 1 to 2")
    expect(log).toContain("working")
    const [job] = cluster.store.all<Job>("Job")
    expect(job?.spec.template.spec.containers[0]?.image).toBe(
      deployment.spec.template.spec.containers[0]?.image,
    )
  })

  it("gives the URL by a Secret that the Job owns, and deletes it afterwards", async () => {
    const secrets: (Secret | undefined)[] = []
    cluster.clock.after(1, () => secrets.push(structuredClone(cluster.store.all<Secret>("Secret")[0])))
    await migrated()
    const [job] = cluster.store.all<Job>("Job")
    expect(secrets[0]?.metadata.ownerReferences).toMatchObject([{ kind: "Job", uid: job?.metadata.uid }])
    expect(cluster.store.all("Secret")).toEqual([])
    expect(JSON.stringify(job)).not.toContain("s3cret")
  })

  it("fails with the log's last words, and deletes the Secret", async () => {
    runs({ exitCode: 1, log: "slipway: revision before: 1\nboom: no column\nslipway: revision after: 1\n" })
    await expect(migrated()).rejects.toThrow(/^the migration failed: boom: no column \(exit code 1\)/)
    expect(cluster.store.all("Secret")).toEqual([])
    expect(log).toContain("boom: no column")
  })

  it("fails once its time is over, if the Job doesn't end", async () => {
    runs({ seconds: Infinity })
    const started = cluster.clock.seconds
    await expect(migrated()).rejects.toThrow(/^the migration didn't run to its end: /)
    expect(cluster.clock.seconds - started).toBeGreaterThanOrEqual(TIMEOUT + 120)
    expect(cluster.store.all("Secret")).toEqual([])
  })

  it("fails at once if its image can't be pulled, with the diagnosis", async () => {
    runs({ waiting: "ImagePullBackOff" })
    const started = cluster.clock.seconds
    await expect(migrated()).rejects.toThrow(/^the migration didn't run to its end: .*pulled/)
    expect(cluster.clock.seconds - started).toBeLessThan(5)
  })

  it("fails if its pod never starts", async () => {
    runs({ noPod: true })
    await expect(migrated()).rejects.toThrow(/its pod never started/)
  })

  it("isn't done twice by one run", async () => {
    runs({ log: "slipway: revision before: 1\nslipway: revision after: 2\n" })
    await migrated()
    const [first] = cluster.store.all<Job>("Job")
    expect(await migrated()).toBe("migrated from 1 to 2")
    expect(cluster.store.all<Job>("Job")).toEqual([first])
  })

  it("leaves no URL behind if it is cut off before it has begun", async () => {
    const kube = cluster.client([
      ({ path, method }) => (path.endsWith("/jobs") && method === "POST" ? "lost" : undefined),
    ])
    const context = cluster.context("run-2", {}, kube)
    await expect(migrate(context, MIGRATION, deployment, log)).rejects.toMatchObject({
      code: "KUBE_UNREACHABLE",
    })
    expect(cluster.store.all("Secret")).toEqual([])
  })

  it("starts an interrupted Job of the same run again", async () => {
    runs({ seconds: Infinity })
    await expect(migrated()).rejects.toThrow(StepFailure)
    const first = cluster.store.all<Job>("Job")[0]?.metadata.uid
    runs({ log: "slipway: revision before: 2\nslipway: revision after: 2\n" })
    expect(await migrated()).toBe("nothing to do: the database is at 2")
    expect(cluster.store.all<Job>("Job").map(({ metadata }) => metadata.uid)).not.toContain(first)
  })

  it("shares no Job with another service, environment or namespace that migrates in the same run", async () => {
    const context = cluster.context("run-2")
    const others = [
      context,
      { ...context, names: { ...context.names, deployment: "api" } },
      { ...context, environment: "production" as const },
    ]
    await Promise.all(others.map((each) => migrate(each, MIGRATION, deployment, log)))
    expect(new Set(cluster.store.all<Job>("Job").map(({ metadata }) => metadata.name)).size).toBe(3)
    expect(effectId({ ...context, namespace: "video" }, "x")).not.toBe(effectId(context, "x"))
  })

  it("stops a rollout before any pod changes", async () => {
    await cluster.running("v1")
    runs({ exitCode: 1, log: "boom\n" })
    const plan = planFor("v2", [], { migrate: (context) => migrate(context, MIGRATION, deployment, log) })
    const { steps } = await rollOut(cluster.context("run-2"), plan)
    expect(steps[1]).toMatchObject({ name: "migrate", status: "failed", exitCode: 1 })
    expect(steps[1]?.reason).toMatch(/; nothing was changed$/)
    expect(cluster.pods()).toEqual({ v1: 2 })
  })

  it("says in a rollback how the schema is left", async () => {
    await cluster.running("v1")
    cluster.behave("v2", { health: 500 })
    const plan = planFor("v2", [], {
      migrate: (context) => migrate(context, MIGRATION, deployment, log),
      schema: "the schema stays",
    })
    const { steps } = await rollOut(cluster.context("run-2"), plan)
    expect(steps[3]?.log.at(-1)).toBe("the schema stays")
  })
})

describe("smokeCommand and smokeK6", () => {
  const { template } = deployment.spec
  const smoked = () => smokeCommand(cluster.context("run-2"), "./smoke.sh", "http://preview", template, log)

  it("run a Job of the new image that finds the preview", async () => {
    expect(await smoked()).toBe("smoke: `./smoke.sh` passed")
    const [container] = cluster.store.all<Job>("Job")[0]?.spec.template.spec.containers ?? []
    expect(container).toMatchObject({
      command: ["sh", "-c", "./smoke.sh"],
      env: [{ name: "BASE_URL", value: "http://preview" }],
    })
  })

  it("fail with the exit code, and keep the log's end as details", async () => {
    runs({ exitCode: 3, log: "one\ntwo\n" })
    const error: unknown = await smoked().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ reason: "smoke: `./smoke.sh` ended with 3", details: ["one", "two"] })
  })

  it("run a k6 script in its own image", async () => {
    const k6 = { image: "k6:1", script: "k6/smoke.js", files: { "k6/smoke.js": "export default () => {}" } }
    expect(await smokeK6(cluster.context("run-2"), k6, "http://preview", log)).toBe("smoke: `k6` passed")
    const [container] = cluster.store.all<Job>("Job")[0]?.spec.template.spec.containers ?? []
    expect(container?.image).toBe("k6:1")
    const text = Buffer.from(k6.files["k6/smoke.js"]).toString("base64")
    expect(container?.args?.slice(1)).toEqual(["sh", "k6/smoke.js", text, "k6/smoke.js"])
    expect(container?.args?.[0]).toContain(" --no-usage-report ")
  })

  it("fail for a k6 script that threw, though k6 ends with 0", async () => {
    const thrown =
      'time="2026-12-01T00:00:00Z" level=error msg="Error: no" executor=shared-iterations source=stacktrace'
    runs({ log: `begun\n${thrown}\ntime="…" level=info msg="source=stacktrace" source=console\n` })
    const k6 = { image: "k6:1", script: "k6/smoke.js", files: {} }
    await expect(smokeK6(cluster.context("run-2"), k6, "http://preview", log)).rejects.toMatchObject({
      reason: "smoke: `k6` threw 1 times",
      details: [thrown],
    })
  })
})
