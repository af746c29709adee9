import { beforeEach, describe, expect, it } from "vitest"
import { observe } from "../../../src/lib/deploy/context.js"
import type { RolloutPlan } from "../../../src/lib/deploy/rollout.js"
import { deployOnce } from "../../../src/lib/deploy/run.js"
import { CONFIG_MAP, type ConfigMap, type Secret, SECRET } from "../../../src/lib/kube/objects.js"
import { Cluster, planFor } from "./cluster.js"

let cluster: Cluster
beforeEach(() => {
  cluster = new Cluster()
})

const settings = (level: string): ConfigMap => ({
  ...CONFIG_MAP,
  metadata: { name: "settings", namespace: "audio" },
  data: { LEVEL: level },
})

const login: Secret = {
  ...SECRET,
  metadata: { name: "login", namespace: "audio" },
  type: "Opaque",
  data: { PASSWORD: "eA==" },
}

/** A version whose pods use the ConfigMap and the Secret in several ways. */
function plan(version: string, level: string, secret = login): RolloutPlan {
  const made = planFor(version)
  const { spec } = made.manifests.deployment.spec.template
  const [container] = spec.containers
  Object.assign(container ?? {}, {
    envFrom: [{ configMapRef: { name: "settings" } }, { secretRef: { name: "other" } }],
    env: [{ name: "P", valueFrom: { secretKeyRef: { name: "login", key: "PASSWORD" } } }],
  })
  Object.assign(spec, {
    volumes: [
      { name: "a", configMap: { name: "settings" } },
      { name: "b", secret: { secretName: "login" } },
    ],
  })
  return { ...made, manifests: { ...made.manifests, first: [settings(level), secret] } }
}

const deploy = (made: RolloutPlan, run: string) =>
  deployOnce(cluster.context(run), () => Promise.resolve(made))

const live = () => cluster.store.get<ConfigMap>("ConfigMap", "settings")?.data
const spec = async () => JSON.stringify((await observe(cluster.context())).deployment?.spec.template.spec)

describe("a ConfigMap without a hash in its name", () => {
  it("keeps its name at first, and as long as its content", async () => {
    await deploy(plan("v1", "low"), "run-1")
    expect((await deploy(plan("v2", "low"), "run-2")).status).toBe("succeeded")
    expect(cluster.store.all("ConfigMap").map(({ metadata }) => metadata.name)).toContain("settings")
    expect(await spec()).toContain('"configMapRef":{"name":"settings"}')
  })

  it("doesn't change under the old pods, also if the version is undone", async () => {
    await deploy(plan("v1", "low"), "run-1")
    cluster.behave("v2", { errorRate: (seconds) => (seconds > 5 ? 1 : 0) })
    expect((await deploy(plan("v2", "high"), "run-2")).status).toBe("failed")
    expect([live(), cluster.pods()]).toEqual([{ LEVEL: "low" }, { v1: 2 }])
    expect(await spec()).toContain('"configMapRef":{"name":"settings"}')
  })

  it("has a name of its own for the new pods, everywhere", async () => {
    await deploy(plan("v1", "low"), "run-1")
    const other = { ...login, data: { PASSWORD: "eQ==" } }
    await deploy(plan("v2", "high", other), "run-2")
    const text = await spec()
    expect(text.match(/"settings-[0-9a-f]{10}"/g)).toHaveLength(2)
    expect(text.match(/"login-[0-9a-f]{10}"/g)).toHaveLength(2)
    expect(text).toContain('"secretRef":{"name":"other"}')
    const [name = ""] = /settings-[0-9a-f]{10}/.exec(text) ?? []
    expect(cluster.store.get<ConfigMap>("ConfigMap", name)?.data).toEqual({ LEVEL: "high" })
    expect(live()).toEqual({ LEVEL: "low" })
  })

  it("is a rollout of its own if it alone changes, and none if it is repeated", async () => {
    await deploy(plan("v1", "low"), "run-1")
    expect((await deploy(plan("v1", "high"), "run-2")).status).toBe("succeeded")
    expect((await deploy(plan("v1", "high"), "run-3")).status).toBe("unchanged")
  })
})
