import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { stringify } from "yaml"
import { findHolder } from "../../dagger/lib/clusterHolder.js"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { DEPLOYMENT, type DeploymentObject, type KubeObject, NAMESPACE } from "../../src/lib/kube/objects.js"
import type { Verdict } from "../../src/lib/run/verdict.js"
import { makeCertificates } from "../unit/kube/server.js"
import { kube, startCluster } from "./cluster.js"
import { engineEnvironment } from "./dagger.js"
import { runScripts } from "./session.js"

const folder = mkdtempSync(join(tmpdir(), "slipway-load-"))
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await kube().delete(NAMESPACE, namespace, "")
})

const SERVER = readFileSync(join(import.meta.dirname, "../fixtures/load/server.py"), "utf8")

const namespace = `load-${Date.now().toString(36)}`

/** Creates the manifests of the service in the cluster: a Deployment and its Service. */
function manifests(): KubeObject[] {
  const labels = { app: "web" }
  const container = {
    name: "web",
    image: "python:3.11-slim",
    command: ["python3", "-c", SERVER],
    ports: [{ containerPort: 8000 }],
    readinessProbe: { httpGet: { path: "/", port: 8000 }, periodSeconds: 1 },
  }
  const template = {
    metadata: { labels, annotations: { "slipway.dev/version": "v1.2.3" } },
    spec: { containers: [container], terminationGracePeriodSeconds: 0 },
  }
  return [
    {
      ...DEPLOYMENT,
      metadata: { name: "web", namespace },
      spec: { selector: { matchLabels: labels }, template },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web", namespace },
      spec: { selector: labels, ports: [{ name: "http", port: 80, targetPort: 8000 }] },
    },
  ] as (KubeObject & { spec: object })[]
}

/** Deploys the service, and waits until it is ready. */
async function deployed(): Promise<void> {
  const client = kube()
  await client.apply({
    ...NAMESPACE,
    metadata: { name: namespace, namespace: "", labels: { "slipway.dev/test": "load" } },
  })
  for (const object of manifests()) await client.apply(object)
  for (let tries = 0; tries < 240; tries++) {
    const found = await client.get<DeploymentObject>(DEPLOYMENT, "web", namespace)
    if ((found?.status?.readyReplicas ?? 0) > 0) return
    await new Promise((done) => setTimeout(done, 500))
  }
  throw new Error("the service in the cluster doesn't become ready")
}

const SHORT = ["1s:4", "2s:4"]

interface Case {
  /** Section `load` of slipway.yaml. */
  load?: object
  /** Other files of the service. */
  files?: Record<string, string>
  /** Arguments of `load`; by default, the running service. */
  at?: string
  /** Function to call on the result of `load`, and the part of it to print. */
  print?: string
}

const VERDICT = "report | file verdict.json | contents"
const DOWN = "--base http://127.0.0.1:1"

const asking = (path: string, more: object = {}) => ({
  paths: [path],
  document: "/none",
  pause: 20,
  iterations: 10,
  load: { ramps: SHORT, p95: 200 },
  ...more,
})

const throwing = 'throw new Error("the first line")\nexport default () => {}\n'
const throwingEachTime = 'export default () => { throw new Error("each time") }\n'

const CASES: Record<string, Case> = {
  good: {
    load: { ...asking("/"), document: "/openapi.json" },
    print: "report | file k6/load.json | contents",
  },
  slow: { load: asking("/slow") },
  bad: { load: asking("/bad") },
  away: { load: asking("/away") },
  throws: { files: { "users.js": throwing }, load: { script: "users.js", load: { ramps: SHORT } } },
  "throws each time": {
    files: { "users.js": throwingEachTime },
    load: { script: "users.js", load: { ramps: ["1s:1"] } },
  },
  idle: { load: asking("/", { iterations: 1_000_000, load: { ramps: ["1s:1"] } }) },
  down: { load: asking("/"), at: DOWN },
  untrusted: { load: asking("/"), at: "--service $secure --base https://kubernetes:8000" },
  stress: {
    load: asking("/fragile", {
      pause: 50,
      load: { ramps: ["1s:1"] },
      stress: { ramps: ["12s:40"], errors: 30 },
    }),
    print: "report --kinds stress | file k6/stress.json | contents",
  },
  cluster: {
    load: { ...asking("/good"), load: { ramps: ["25s:4"] } },
    at: "--secrets env://KUBECONFIG --cluster $cluster",
    files: {
      "deploy/overlays/staging/kustomization.yaml": stringify({ resources: ["web.yaml"] }),
      "deploy/overlays/staging/web.yaml": manifests()
        .map((object) => JSON.stringify(object))
        .join("\n---\n"),
    },
    print: "report | file k6/load.json | contents",
  },
  gate: { load: asking("/bad"), print: 'load && .echo "passed"' },
}

/** Writes a case's service, and returns the script that tests it. */
function scriptOf(name: string, { load, files, at = "--service $web", print = VERDICT }: Case): string {
  const source = join(folder, name)
  for (const [path, text] of Object.entries({
    "app.py": "",
    "slipway.yaml": stringify({ load }),
    ...files,
  })) {
    mkdirSync(dirname(join(source, path)), { recursive: true })
    writeFileSync(join(source, path), text)
  }
  return `. --source $(host | directory "${source}") | load --environment staging ${at} | ${print}`
}

describe("a load test", () => {
  let session: Awaited<ReturnType<typeof runScripts>>

  beforeAll(async () => {
    const { kubeconfig } = await startCluster()
    await deployed()
    const { certificate, key } = makeCertificates().server
    writeFileSync(join(folder, "pair.pem"), certificate + key)
    writeFileSync(join(folder, "server.py"), SERVER)
    const server = `container | from python:3.11-slim | with-file /server.py $(host | file ${folder}/server.py) |
      with-file /pair.pem $(host | file ${folder}/pair.pem) | with-exposed-port 8000`
    session = await runScripts({
      module: REPOSITORY,
      prelude: `
        cluster=tcp://127.0.0.1:${findHolder()?.api ?? 0}
        web=$(${server} | as-service --args python3,/server.py)
        secure=$(${server} | as-service --args python3,/server.py,/pair.pem)`,
      scripts: Object.fromEntries(Object.entries(CASES).map(([name, one]) => [name, scriptOf(name, one)])),
      env: { ...(await engineEnvironment()), KUBECONFIG: readFileSync(kubeconfig, "utf8") },
    })
  }, 300_000)

  const stage = (name: string) => (session.json(name) as Verdict).stages[0]

  it("passes for a good service, with a script generated from the service's own description", () => {
    const { totals, seconds, notes, generator } = session.json("good") as {
      totals: { requests: number; errors: number; p95: number; hosts: object }
      seconds: { users: number }[]
      notes: string[]
      generator: { cores: number }
    }
    expect(totals.errors).toBe(0)
    expect(totals.requests).toBeGreaterThan(50)
    expect(Object.keys(totals.hosts)).toEqual(["service.slipway.internal:8000"])
    expect(Math.max(...seconds.map(({ users }) => users))).toBe(4)
    expect(generator.cores).toBeGreaterThan(0)
    expect(notes.join("\n")).toContain("the script asks GET /good, GET /jobs/{id}, of http://service")
    expect(notes.join("\n")).toContain("not asked: GET /private: LOAD_AUTHORIZATION isn't given")
  })

  it.each([
    ["slow", "failed", 1, /^95 of 100 requests took up to [3-9]\d\d ms, and must take less than 200 ms$/],
    ["bad", "failed", 1, /^2\d(\.\d)? % of the requests failed \(503: \d+\), and fewer than 10 % may$/],
    ["away", "failed", 1, /it redirects to 127\.0\.0\.1:1 \(\d+ requests\)/],
    ["throws", "error", 4, /^the script throws: Error: the first line /],
    ["throws each time", "error", 4, /^the script throws each time: Error: each time /],
    ["idle", "failed", 1, /^the script ran to its end \d+ times, and has to 1000000 times$/],
    [
      "down",
      "failed",
      1,
      /^127\.0\.0\.1:1 answered none of \d+ requests: Request Failed: .*connection refused/,
    ],
    ["untrusted", "failed", 1, /^the certificate of kubernetes:8000 isn't trusted: .*unknown authority/],
  ])('of case "%s" ends as %s, with exit code %i', (name, status, exitCode, reason) => {
    expect(stage(name)).toMatchObject({ name: "load", status, exitCode })
    expect(stage(name)?.reason).toMatch(reason)
  })

  it("reaches the service through its cluster, and reports its version and its pods' usage", () => {
    const { totals, notes, version, pods } = session.json("cluster") as {
      totals: { requests: number; errors: number }
      notes: string[]
      version: string
      pods: { pods: number; cores?: number; memory: number }[]
    }
    expect(totals).toMatchObject({ errors: 0 })
    expect(totals.requests).toBeGreaterThan(20)
    expect(notes[0]).toContain("kubectl port-forward service/web, which routes to one pod")
    expect(version).toBe("v1.2.3")
    expect(pods.at(-1)).toMatchObject({ pods: 1 })
    expect(Math.max(...pods.map(({ cores = 0 }) => cores))).toBeGreaterThan(0)
    expect(pods.at(-1)?.memory).toBeGreaterThan(1e6)
  })

  it("reports the number of users at which the service breaks", () => {
    const { break: broke } = session.json("stress") as { break?: { users: number; why: string } }
    // The service handles eight requests at once, each for 100 of 150 milliseconds: some are refused with more users,
    // a third of them from 17 users on.
    expect(broke?.users).toBeGreaterThan(8)
    expect(broke?.users).toBeLessThan(32)
    expect(broke?.why).toMatch(/^\d\d % of the requests failed$/)
  })

  it("fails as a gate, with the reason", () => {
    expect(session.of("gate")).toBe("failed")
    const { stderr } = session
    const last = stderr.slice(stderr.lastIndexOf("Error: ✗ load failed"))
    expect(last.slice(0, 1000)).toMatch(/^Error: .*% of the requests failed \(503: \d+\)[^]*\[GATE_FAILED\]/)
  })
})
