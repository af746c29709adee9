import { randomUUID } from "node:crypto"
import { join } from "node:path"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { DEFAULTS } from "../../src/lib/config/config.js"
import type { Context } from "../../src/lib/deploy/context.js"
import { ClusterLedger } from "../../src/lib/deploy/ledgerStore.js"
import { readManifests, withVersion } from "../../src/lib/deploy/manifests.js"
import { fetchOutside } from "../../src/lib/deploy/outside.js"
import { deployOnce, type DeployResult } from "../../src/lib/deploy/run.js"
import type { RolloutPlan } from "../../src/lib/deploy/rollout.js"
import type { Kube } from "../../src/lib/kube/client.js"
import { dagger } from "./dagger.js"

const VERSIONS = join(REPOSITORY, "test/fixtures/modules/versions")
export const REGISTRY = "registry.slipway.internal:5000/versions"

/** Pushes versions with these settings to the registry that the cluster pulls from, and returns their digests. */
export async function publishVersions(versions: Record<string, string>): Promise<Record<string, string>> {
  const list = Object.entries(versions).map(([name, settings]) => `${name} ${settings}`.trim())
  const script = `publish $(${REPOSITORY} | cluster | registry) ${REGISTRY} ${list.map((text) => `--versions "${text}"`).join(" ")}`
  const { stdout, stderr } = await dagger(["-m", VERSIONS, "-c", script])
  const found = Array.from(
    stdout.matchAll(/^(\S+) \S+@(sha256:[0-9a-f]{64})$/gm),
    ([, name = "", digest = ""]) => [name, digest],
  )
  if (found.length !== list.length) throw new Error(`publishing versions: ${stdout}${stderr.slice(-2000)}`)
  return Object.fromEntries(found) as Record<string, string>
}

/** Short times, but strict enough limits to detect failures. */
export const SETTINGS: Context["settings"] = {
  ...DEFAULTS.deploy,
  health: { ...DEFAULTS.deploy.health, interval: 1, timeout: 2, successes: 2 },
  smoke: { ...DEFAULTS.deploy.smoke, paths: ["/"], requests: 200 },
  errors: { ...DEFAULTS.deploy.errors, samples: 50 },
  soak: 5,
  hold: 5,
  readyTimeout: 40,
  finishTimeout: 60,
  lockTimeout: 60,
}

export interface Place {
  kube: Kube
  namespace: string
  digests: Record<string, string>
  settings?: Partial<Context["settings"]>
}

export const context = (
  { kube, namespace, settings = {} }: Place,
  run: string = randomUUID(),
  say: (line: string) => void = () => undefined,
): Context => ({
  kube,
  namespace,
  run,
  environment: "staging",
  who: "ann",
  say,
  names: { deployment: "api", service: "api" },
  settings: { ...SETTINGS, ...settings },
  healthPath: "/health",
  ledger: new ClusterLedger(kube, namespace, "api"),
  clock: { now: Date.now, sleep: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)) },
  mustHold: () => undefined,
  fetchOutside: fetchOutside,
})

/** Plans the objects of a version; `more` is YAML that is inserted into the container. */
export function plan({ namespace, digests }: Place, version: string, more = "", replicas = 2): RolloutPlan {
  const digest = digests[version] ?? version
  const manifests = readManifests(
    `apiVersion: v1
kind: Namespace
metadata: { name: ${namespace}, labels: { slipway.dev/test: "" } }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: api, labels: { app: api } }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: api } }
  template:
    metadata: { labels: { app: api } }
    spec:
      terminationGracePeriodSeconds: 10
      containers:
        - name: api
          image: versions
          ports: [{ name: http, containerPort: 8000 }]
          readinessProbe: { httpGet: { path: /ready, port: http }, periodSeconds: 1 }
          lifecycle: { preStop: { exec: { command: [sleep, "3"] } } }
          ${more}
---
apiVersion: v1
kind: Service
metadata: { name: api }
spec:
  selector: { app: api }
  ports: [{ name: http, port: 80, targetPort: http }]
`,
    { namespace },
  )
  const what = { name: version, repository: REGISTRY, digest, commit: "" }
  return {
    kind: "deploy",
    version: what,
    digests: [digest],
    manifests: withVersion(manifests, what),
    migrate: undefined,
    smokes: [],
    schema: "",
  }
}

/** Deploys a version, and returns the result. */
export const deployed = (
  place: Place,
  version: string,
  more?: string,
  run?: string,
): Promise<DeployResult> => {
  const wanted = plan(place, version, more)
  return deployOnce(context(place, run), () => Promise.resolve(wanted), wanted.manifests.first)
}

/** Returns the failed step with its reason and log. */
export const failure = ({ steps }: DeployResult): { step: string; reason: string; log: string } => {
  const failed = steps.find(({ status }) => status === "failed" || status === "error")
  return { step: failed?.name ?? "", reason: failed?.reason ?? "", log: failed?.log.join("\n") ?? "" }
}
