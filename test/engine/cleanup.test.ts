import { copyFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { findHolder, KUBECONFIG } from "../../dagger/lib/clusterHolder.js"
import { objectName } from "../../src/lib/cleanup/report.js"
import type { CleanupReport } from "../../src/lib/cleanup/report.js"
import { ClusterLedger } from "../../src/lib/deploy/ledgerStore.js"
import type { Kube } from "../../src/lib/kube/client.js"
import {
  DEPLOYMENT,
  type DeploymentObject,
  JOB,
  type Job,
  type KubeObject,
  NAMESPACE,
  REPLICA_SET,
  type ReplicaSet,
  SERVICE,
} from "../../src/lib/kube/objects.js"
import { kube, startCluster } from "./cluster.js"
import { day, folder, type Files } from "./pipeline.js"
import {
  COMMIT,
  HOST,
  IMAGE_ONLY,
  makeKeys,
  on,
  outside,
  PRELUDE,
  problems,
  releasing,
  REPO,
  RUN,
  type Session,
  session,
  stageOf,
  tiny,
  verifying,
} from "./supply.js"

const SPACE = `cleanup-${RUN}`
const PREVIEW = `${SPACE}-preview`
const LABEL = `slipway.dev/preview-${RUN}`
const TEST = { "slipway.dev/test": "" }

let client: Kube
let run: Session

/** Digest of each version's index. */
const digests: Record<string, string> = {}

beforeAll(async () => {
  await startCluster()
  client = kube()
  await makeKeys()
  const source = tiny(IMAGE_ONLY, FILES)
  await publish(source)
  await occupy(digests["1.0.2"] ?? "")
  run = await clean(source)
})

afterAll(async () => {
  for (const name of [SPACE, PREVIEW]) await client.delete(NAMESPACE, name, "")
})

const SETTINGS = `image: { args: ["GREETING=hello"] }
release: { registry: "${HOST}", repository: "${REPO.slice(HOST.length + 1)}", source: https://git.example.com/team/tiny, gates: [image], log: false, key: cosign.pub }
cleanup:
  environments: [staging]
  releases: 1
  minimumAge: 0d
  rollbacks: 1
  jobs: 0h
  previews: { label: ${LABEL}, age: 0h }
`

const FILES: Files = {
  "slipway.yaml": SETTINGS,
  "deploy/overlays/staging/kustomization.yaml": `namespace: ${SPACE}\nresources: [all.yaml]\n`,
  "deploy/overlays/staging/all.yaml": [deploymentOf("tiny"), service()]
    .map((each) => JSON.stringify(each))
    .join("\n---\n"),
  ".slipway/suppressions.yaml": `suppressions:
  - { tool: bandit, rule: B101, reason: why not, owner: ann, expires: ${day(-3)} }
  - { tool: bandit, rule: B102, reason: why not, owner: ann, expires: ${day(200)} }
`,
}

/** Creates a Deployment without replicas whose template names an image and a revision. */
function deploymentOf(image: string, revision = "1"): DeploymentObject {
  return {
    ...DEPLOYMENT,
    metadata: { name: "api", namespace: SPACE },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: "api" } },
      template: {
        metadata: { labels: { app: "api" }, annotations: { revision } },
        spec: { containers: [{ name: "api", image }] },
      },
    },
  }
}

function service(): KubeObject {
  const spec = { selector: { app: "api" }, ports: [{ port: 80 }] }
  return { ...SERVICE, metadata: { name: "api", namespace: SPACE }, spec } as KubeObject
}

/**
 * Publishes a release by the pipeline and three older ones. Two of them share its images; the third has images of its
 * own, with referrers copied by regctl, a further signature in both of cosign's formats, and a referrer of an unknown
 * type.
 */
async function publish(source: string): Promise<void> {
  const flags =
    "--yes --key=env://COSIGN_PRIVATE_KEY --signing-config=no-services.json --trusted-root=no-roots.json --allow-http-registry"
  const made = await session({
    release: releasing(source, "$there | $signer", { commit: `${COMMIT} --committed=2026-01-02T00:00:00Z` }),
    older: outside(`
      images=$(regctl manifest get --format=raw-body ${REPO}:1.2.3 | jq -r '.manifests[] | "--ref=${REPO}@" + .digest')
      for i in 1 2; do regctl index create ${REPO}:1.0.$i $images --annotation org.opencontainers.image.created=2025-01-0"$i"T00:00:00Z > /dev/null; done
      regctl image mod ${REPO}:1.2.3 --create ${REPO}:1.0.3 --annotation org.opencontainers.image.created=2025-01-03T00:00:00Z --annotation "[*]own=yes" > /dev/null
      own=$(regctl manifest head ${REPO}:1.0.3)
      cosign sign --recursive ${flags} ${REPO}@$own > /dev/null 2>&1
      echo by cosign 2 | regctl artifact put --artifact-type application/x-old ${REPO}:sha256-\${own#sha256:}.sig > /dev/null
      echo what | regctl artifact put --artifact-type application/x-unknown --subject ${REPO}@$own > /dev/null
      for tag in 1.0.1 1.0.2 1.0.3 1.2.3; do echo "$tag $(regctl manifest head ${REPO}:$tag)"; done
      regctl manifest get --format=raw-body ${REPO}:1.0.3 | jq -r '.manifests[] | "own-" + .platform.architecture + " " + .digest'`),
  })
  expect(made.verdict("release").exitCode, made.stderr).toBe(0)
  for (const [, name = "", digest = ""] of made.of("older").matchAll(/^(\S+) (sha256:\w+)$/gm))
    digests[name] = digest
  expect(Object.keys(digests)).toHaveLength(6)
}

/**
 * Creates a service with five revisions, a failed Job and a preview, and a ledger that records a digest as deployed.
 */
async function occupy(digest: string): Promise<void> {
  await client.apply({ ...NAMESPACE, metadata: { name: SPACE, labels: { ...TEST, [LABEL]: "" } } })
  await client.apply({ ...NAMESPACE, metadata: { name: PREVIEW, labels: { ...TEST, [LABEL]: "" } } })
  await client.apply(service())
  for (let revision = 1; revision <= 5; revision += 1) {
    await client.apply(deploymentOf(`${REPO}@${digest}`, String(revision)))
    await until(async () => (await sets()).length === revision)
  }
  const job = {
    ...JOB,
    metadata: { name: "slipway-smoke-1", namespace: SPACE, labels: { "slipway.dev/run": "1" } },
    spec: {
      activeDeadlineSeconds: 1,
      template: { spec: { restartPolicy: "Never", containers: [{ name: "a", image: "none.invalid/a:1" }] } },
    },
  } as Job
  await client.create(job)
  await client.create({ ...job, metadata: { name: "theirs", namespace: SPACE } })
  const at = new Date().toISOString()
  await new ClusterLedger(client, SPACE, "api").append({
    kind: "deploy",
    status: "succeeded",
    environment: "staging",
    subject: "api",
    sha: "",
    run: "1",
    startedAt: at,
    finishedAt: at,
    facts: { version: "v1.0.2", digest, image: `${REPO}@${digest}` },
  })
  await until(async () => {
    const found = await client.get<Job>(JOB, "slipway-smoke-1", SPACE)
    return found?.status?.conditions?.some(({ type }) => type === "Failed") ?? false
  })
}

const sets = (): Promise<ReplicaSet[]> => client.list<ReplicaSet>(REPLICA_SET, { namespace: SPACE })

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries += 1) {
    if (tries > 100) throw new Error("waited in vain")
    await sleep(200)
  }
}

function clean(source: string): Promise<Session> {
  const kubeconfig = join(folder(), "STAGING_KUBECONFIG")
  copyFileSync(KUBECONFIG, kubeconfig)
  const cluster = `--secrets file://${kubeconfig} --cluster tcp://127.0.0.1:${findHolder()?.api}`
  const cleanup = (more: string, registry = "$there") => `${on(source)} | ${registry} | cleanup ${more}`
  const tree = "file verdict.json | contents"
  return session(
    {
      blind: cleanup(`| run | ${tree}`),
      "blind plan": cleanup(`| report | ${tree}`),
      plan: cleanup(`${cluster} | plan | contents`),
      refused: cleanup(
        `${cluster} --environment production | run | ${tree}`,
        "with-registry $login --plain-http --service $keeping",
      ),
      done: cleanup(`${cluster} | run --run-id=${RUN} | file cleanup/plan.json | contents`),
      again: cleanup(`${cluster} | run --run-id=${RUN} | ${tree}`),
      kept: verifying(source, `${REPO}:1.2.3`),
      left: outside(`
        regctl tag ls ${REPO}
        for digest in ${Object.values(digests).join(" ")}; do regctl -v error manifest head ${REPO}@$digest 2> /dev/null || echo gone; done`),
    },
    `${PRELUDE}\nkeeping=$(registry --user robot $password --store "release test ${RUN}" --keeps)`,
  )
}

const reportOf = (name: string): CleanupReport => JSON.parse(run.of(name)) as CleanupReport

describe("a cleanup plan", () => {
  it("lists what is deleted and what is kept, with reasons", () => {
    const { registry, applied } = reportOf("plan")
    expect(applied).toBe(false)
    expect(Object.fromEntries(registry?.kept.map(({ digest, why }) => [digest, why]) ?? [])).toEqual({
      [digests["1.2.3"] ?? ""]: "one of the newest releases",
      [digests["1.0.2"] ?? ""]: "staging runs it",
    })
    const going = registry?.going ?? []
    const kinds = (kind: string) => going.filter((each) => each.kind === kind)
    expect(
      kinds("release")
        .map(({ digest }) => digest)
        .sort(),
    ).toEqual([digests["1.0.1"], digests["1.0.3"]].sort())
    // 1.0.1 shares the images of 1.2.3.
    expect(
      kinds("image")
        .map(({ digest }) => digest)
        .sort(),
    ).toEqual([digests["own-amd64"], digests["own-arm64"]].sort())
    // Each of the three subjects has 3 copied referrers and a signature; the other two are an old signature and an
    // unknown referrer.
    expect([kinds("referrer").length, kinds("list").length]).toEqual([14, 3])
  })

  it("skips the registry if the images of an environment are unknown, which is an error only when it is applied", () => {
    const blind = run.verdict("blind")
    expect(blind.exitCode).toBe(4)
    expect(stageOf(blind, "registry")).toMatchObject({ status: "error" })
    expect(stageOf(blind, "registry").reason).toMatch(
      /the images that staging runs are unknown: no cluster for/,
    )
    expect(run.verdict("blind plan")).toMatchObject({ exitCode: 0, status: "passed" })
    expect(stageOf(run.verdict("blind plan"), "registry").status).toBe("skipped")
  })

  it("reports expired records", () => {
    expect(stageOf(run.verdict("again"), "records").reason).toBe("1 of 2 entries expired")
  })
})

describe("a cleanup", () => {
  it("reports a registry that refuses deletions, and deletes nothing", () => {
    const { exitCode, stages } = run.verdict("refused")
    expect(exitCode).toBe(3)
    const [registry, cluster] = stages
    expect(registry?.status).toBe("error")
    expect(registry?.reason).toMatch(
      /0 manifests of 2 images deleted, 21 manifests not deleted.*\(405\): UNSUPPORTED/,
    )
    expect(cluster?.status).toBe("skipped")
  })

  it("deletes what the plan lists, and the kept release still verifies", () => {
    const { registry } = reportOf("done")
    expect(registry?.done?.left).toEqual([])
    expect(registry?.done?.deleted).toHaveLength(21)
    expect(problems(run.verification("kept"))).toEqual([])
    const lines = run.of("left").split("\n")
    expect(lines.filter((line) => /^[\d.]+$/.test(line))).toEqual(["1", "1.0.2", "1.2", "1.2.3"])
    expect(lines.filter((line) => line === "gone")).toHaveLength(4)
    for (const name of ["1.0.1", "1.0.3", "own-amd64", "own-arm64"])
      expect(run.of("left")).not.toContain((digests[name] ?? "none").replace(":", "-"))
  })

  it("deletes old ReplicaSets and Slipway's own Jobs and previews only", async () => {
    const { cluster } = reportOf("done")
    expect(cluster?.done?.left).toEqual([])
    expect(cluster?.going.map(({ kind }) => kind)).toEqual([
      "Job",
      "ReplicaSet",
      "ReplicaSet",
      "ReplicaSet",
      "Namespace",
    ])
    expect(cluster?.going.map(objectName)).toContain(`Namespace ${PREVIEW}`)
    const revisions = (await sets()).map(
      ({ metadata }) => metadata.annotations?.["deployment.kubernetes.io/revision"],
    )
    expect(revisions.sort()).toEqual(["4", "5"])
    const jobs = await client.list(JOB, { namespace: SPACE })
    expect(jobs.map(({ metadata }) => metadata.name)).toEqual(["theirs"])
    const preview = await client.get(NAMESPACE, PREVIEW)
    expect(preview?.metadata.deletionTimestamp ?? "gone").not.toBe("")
    // This namespace has the same label, but holds a ledger.
    expect((await client.get(NAMESPACE, SPACE))?.metadata.deletionTimestamp).toBeUndefined()
  })

  it("finds nothing to do on the second run", () => {
    expect(run.verdict("again")).toMatchObject({ exitCode: 0, status: "passed" })
    const reasons = run.verdict("again").stages.map(({ reason }) => reason)
    expect(reasons.slice(0, 2)).toEqual(["nothing to delete, 2 images kept", "nothing to delete in staging"])
  })
})
