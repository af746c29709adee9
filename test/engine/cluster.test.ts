import { existsSync, readFileSync, statSync } from "node:fs"
import { connect } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { findHolder, KUBECONFIG } from "../../dagger/lib/clusterHolder.js"
import { runningEngine } from "../../dagger/kit/engine/engine.js"
import { startTimeOf } from "../../dagger/lib/process.js"
import { paths, REPOSITORY } from "../../dagger/lib/home.js"
import {
  type DeploymentObject,
  DEPLOYMENT,
  type NodeObject,
  NODE,
  type Pod,
  POD,
} from "../../src/lib/kube/objects.js"
import { kube, kubectl, startCluster, type TestCluster } from "./cluster.js"
import { dagger, engineEnvironment, processes } from "./dagger.js"
import { APP, copyOf, runOn, slipway } from "./pipeline.js"

const HOST = "registry.slipway.internal:5000"
const SPACE = "cluster-test"

/** Lists the process ids of the cluster, which runs within the engine's process tree on this host. */
const parts = async (): Promise<number[]> =>
  (await processes(runningEngine()?.pid ?? 0, "/usr/local/lib/k3s")).concat(
    await processes(runningEngine()?.pid ?? 0, "k3s server"),
  )

beforeAll(async () => {
  await engineEnvironment()
  await slipway("cluster", "down")
})

describe("cluster up", () => {
  it("starts a cluster, and prints how to connect to it", async () => {
    expect(await slipway("cluster", "status")).toMatchObject({
      exitCode: 3,
      stdout: "cluster is not running\n",
    })
    expect(await slipway("cluster", "kubeconfig")).toMatchObject({ exitCode: 3, stdout: "" })
    const begun = Date.now()
    const { exitCode, stdout } = await slipway("cluster", "up")
    expect(exitCode).toBe(0)
    expect(Date.now() - begun).toBeLessThan(60_000)
    expect(stdout).toMatch(
      /^export KUBECONFIG=\S+\/cluster\/kubeconfig\n# node port 30080 is 127\.0\.0\.1:\d+\n/,
    )
    expect(statSync(KUBECONFIG).mode & 0o777).toBe(0o600)
  })

  it("does nothing if the cluster runs, even when called concurrently", async () => {
    const before = findHolder()
    const all = await Promise.all([1, 2, 3].map(() => slipway("cluster", "up")))
    for (const { exitCode, stderr } of all) {
      expect(exitCode).toBe(0)
      expect(stderr).toContain("cluster ready")
    }
    expect(findHolder()).toEqual(before)
  })

  it("creates one node, which is Ready", async () => {
    const { stdout, exitCode } = await slipway("cluster", "status")
    expect(stdout).toMatch(/^cluster runs as process \d+, its API at https:\/\/127\.0\.0\.1:\d+\n/)
    expect(stdout).toMatch(/^node {4}slipway is Ready v1\.36\.3/m)
    expect(exitCode).toBe(0)
    expect((await kube().list<NodeObject>(NODE)).map(({ metadata }) => metadata.name)).toEqual(["slipway"])
  })

  it("neither prints nor logs a key", async () => {
    const { stdout, stderr } = await slipway("cluster", "up")
    const log = readFileSync(`${paths.logs}/cluster.log`, "utf8")
    const key = /client-key-data: (\S{100})/.exec(readFileSync(KUBECONFIG, "utf8"))?.[1] ?? "no key"
    expect(stdout + stderr + log).not.toContain(key)
    expect(stdout + stderr + log).not.toContain("PRIVATE KEY")
  })
})

/** Creates the manifests of one Redis pod behind a Service. */
const redis = (name: string, image: string, nodePort: number) => {
  const labels = { app: name }
  const container = {
    name,
    image,
    ports: [{ containerPort: 6379 }],
    readinessProbe: { tcpSocket: { port: 6379 } },
  }
  const template = {
    metadata: { labels },
    spec: { terminationGracePeriodSeconds: 1, containers: [container] },
  }
  const metadata = { name, namespace: SPACE }
  return [
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: { selector: { matchLabels: labels }, template },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { type: "NodePort", selector: labels, ports: [{ port: 6379, nodePort }] },
    },
  ]
}

describe("a pod in the cluster", () => {
  let cluster: TestCluster

  beforeAll(async () => {
    cluster = await startCluster()
    const image = `${HOST}/team/redis:7`
    // The embedded registry persists across sessions: the cluster finds the image that this session pushes.
    const script = `container | from ghcr.io/regclient/regctl:v0.11.7-alpine | with-user root |
      with-service-binding registry.slipway.internal $(cluster | registry) |
      with-mounted-file /image.tar $(container | from redis:7 | as-tarball) |
      with-env-variable RUN ${Date.now()} |
      with-exec -- regctl registry set --tls disabled ${HOST} |
      with-exec -- regctl image import ${image} /image.tar | sync`
    const { exitCode, stderr } = await dagger(["-m", REPOSITORY, "-c", script])
    expect(exitCode, stderr).toBe(0)
    await kubectl("create", "namespace", SPACE)
    for (const object of [...redis("own", image, 30082), ...redis("public", "redis:7", 30083)])
      await kube().apply(object)
  })

  afterAll(() => kubectl("delete", "namespace", SPACE, "--ignore-not-found", "--wait=false"))

  const available = async (name: string): Promise<number> =>
    (await kube().get<DeploymentObject>(DEPLOYMENT, name, SPACE))?.status?.availableReplicas ?? 0

  it.each(["own", "public"])("pulls the image of %s, and becomes ready", async (name) => {
    const deadline = Date.now() + 120_000
    while ((await available(name)) < 1) {
      if (Date.now() > deadline) throw new Error(await kubectl("-n", SPACE, "describe", "pods"))
      await sleep(200)
    }
  })

  it.each([
    ["own", "public"],
    ["public", `own.${SPACE}`],
    ["own", `public.${SPACE}.svc.cluster.local`],
  ])("in %s connects to %s by the name of its Service", async (from, to) => {
    const command = ["-n", SPACE, "exec", `deploy/${from}`, "--", "redis-cli", "-h", to, "ping"]
    // A Service routes to a pod a moment after the pod is ready.
    await expect.poll(() => kubectl(...command).catch(String), { timeout: 10_000 }).toBe("PONG\n")
  })

  it("resolves names outside the cluster", async () => {
    const found = await kubectl("-n", SPACE, "exec", "deploy/own", "--", "getent", "hosts", "pypi.org")
    expect(found).toMatch(/pypi\.org/)
  })

  it("calls the API by its name as its service account", async () => {
    const script = "exec 3<>/dev/tcp/kubernetes.default.svc/443 && echo open"
    expect(await kubectl("-n", SPACE, "exec", "deploy/own", "--", "bash", "-c", script)).toBe("open\n")
  })

  it.each([30082, 30083])("answers this host at node port %i", async (port) => {
    const { port: ours } = new URL(cluster.nodePort(port))
    await expect.poll(() => ping(ours).catch(String), { timeout: 10_000 }).toBe("+PONG\r\n")
  })

  it("has logs and events", async () => {
    expect(await kubectl("-n", SPACE, "logs", "deploy/public")).toMatch(/Ready to accept connections/)
    const [pod] = await kube().list<Pod>(POD, { namespace: SPACE, labels: "app=own" })
    expect(await kube().logs(SPACE, pod?.metadata.name ?? "")).toMatch(/Ready to accept connections/)
    expect(await kubectl("-n", SPACE, "get", "events")).toMatch(/Successfully pulled image/)
  })

  it("is killed when it exceeds its memory limit", async () => {
    const limit =
      '--overrides={"spec":{"containers":[{"name":"big","image":"redis:7","command":["sh","-c","head -c 100m /dev/zero | tail"],"resources":{"limits":{"memory":"20Mi"}}}]}}'
    await kubectl("-n", SPACE, "run", "big", "--image=redis:7", "--restart=Never", limit)
    await kubectl("-n", SPACE, "wait", "pod/big", "--for=jsonpath={.status.phase}=Failed", "--timeout=60s")
    const reason = "jsonpath={.status.containerStatuses[0].state.terminated.reason}"
    expect(await kubectl("-n", SPACE, "get", "pod", "big", "-o", reason)).toBe("OOMKilled")
  })

  it("reports why a public image that doesn't exist can't be pulled", async () => {
    await kubectl("-n", SPACE, "run", "none", "--image=redis:0.0.0", "--restart=Never")
    const reason = "--for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=ErrImagePull"
    await kubectl("-n", SPACE, "wait", "pod/none", reason, "--timeout=60s")
    expect(await kubectl("-n", SPACE, "describe", "pod", "none")).toMatch(/redis:0\.0\.0.*not found/)
  })
})

describe("cluster down", () => {
  it("leaves no process, file or port", async () => {
    const holder = findHolder()
    const before = await parts()
    expect(before.length).toBeGreaterThan(6)
    expect(await slipway("cluster", "down")).toMatchObject({ exitCode: 0, stdout: "", stderr: "" })
    expect(startTimeOf(holder?.pid ?? 0)).toBeUndefined()
    expect(existsSync(paths.cluster)).toBe(false)
    await expect(ping(String(holder?.api))).rejects.toThrow("ECONNREFUSED")
    const deadline = Date.now() + 20_000
    while ((await parts()).length > 0 && Date.now() < deadline) await sleep(200)
    expect(await parts()).toEqual([])
  })

  it("succeeds if no cluster runs", async () => {
    expect(await slipway("cluster", "down")).toMatchObject({ exitCode: 0, stdout: "", stderr: "" })
  })
})

describe("--embedded without a cluster", () => {
  it.each([["deploy", "--tag=v1.0.0"], ["load"]])(
    "%s fails, and says how to start one",
    async (...command) => {
      const [name, ...options] = command
      const run = await runOn(name, copyOf(APP), ...options, "--environment=staging", "--embedded")
      expect(run.exitCode, run.stdout).toBe(4)
      expect(run.stdout).toContain('no cluster for "staging"')
      expect(run.stdout).toContain("slipway cluster up")
    },
  )

  it.each(["status", "logs", "events", "ledger", "finish", "watch"])("%s fails as well", async (name) => {
    const ended = await slipway(name, `--source=${APP}`, "--environment=staging", "--embedded")
    expect(ended.exitCode, ended.stderr).toBe(4)
    expect(ended.stderr).toContain("slipway cluster up")
  })
})

it("cluster up starts a new cluster if the process that held the last one was killed", async () => {
  await startCluster()
  const before = findHolder()
  process.kill(-(before?.pid ?? 0), "SIGKILL")
  while (findHolder()) await sleep(20)
  const { exitCode, stderr } = await slipway("cluster", "up")
  expect(stderr).toContain("cluster started")
  expect(exitCode).toBe(0)
  expect(findHolder()?.pid).not.toBe(before?.pid)
  expect((await kube().list<NodeObject>(NODE)).length).toBe(1)
})

/** Sends PING to Redis at a port of this host, and returns the reply. */
function ping(port: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), "127.0.0.1", () => socket.write("PING\r\n"))
      .once("data", (data: Buffer) => {
        resolve(data.toString())
        socket.destroy()
      })
      .once("error", reject)
      .once("close", () => reject(new Error("closed without an answer")))
  })
}
