import { copyFileSync, cpSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { run as shell } from "../../dagger/lib/shell.js"
import { bareImageName } from "../../src/lib/deploy/manifests.js"
import {
  DEPLOYMENT,
  type DeploymentObject,
  type KubeObject,
  NAMESPACE,
  POD,
  SERVICE,
} from "../../src/lib/kube/objects.js"
import { kube, kubectl, startCluster } from "./cluster.js"
import { serving as servingGit } from "./gitDaemon.js"
import { Load } from "./load.js"
import { copyOf, folder, runOn, slipway, write } from "./pipeline.js"
import { RUN } from "./supply.js"

/**
 * A chart in the shape of `helm create`, deployed by commands, and the same releases by commits in a repository of
 * manifests; each test goes on where the last ended.
 */

const SPACE = "charts-staging"
const GITOPS = "gitops-staging"
const QA = "charts-qa"
const LIVE = "charts-live-eu"
const PREVIEWS = ["charts-pr-7", "charts-pr-8", "charts-pr-9"]
const SPACES = [SPACE, GITOPS, QA, LIVE, ...PREVIEWS]
const STAGING = ["--environment=staging", "--embedded"]
const source = copyOf(join(REPOSITORY, "test/fixtures/stories"))
let settings = ""

const git = (...args: string[]) =>
  shell`git -C ${source} -c user.name=me -c user.email=me@example.com -c commit.gpgsign=false ${args}`

/** Commits a version, and releases it by its tag. */
async function release(version: string, tag: string, faults = ""): Promise<void> {
  write(source, { "version.env": `export VERSION=${version} ${faults}\n` })
  await git("add", "--all")
  await git("commit", "--quiet", "--message", version)
  await git("tag", tag)
  const published = await runOn("publish", source, `--ref=${tag}`, "--embedded")
  expect(published.exitCode, published.stdout + published.stderr).toBe(0)
}

const deploy = (tag: string) => runOn("deploy", source, ...STAGING, `--tag=${tag}`)

async function serving(space = SPACE): Promise<string> {
  const { body } = await kube().proxy({ service: "api" }, space, "http", "/work")
  return /"version": "([^"]*)"/.exec(body)?.[1] ?? body
}

async function clear(): Promise<void> {
  for (const space of SPACES) {
    await kube().delete(SERVICE, "api", space)
    await kube().delete(NAMESPACE, space, "", { propagation: "Foreground" })
  }
}

beforeAll(async () => {
  await startCluster()
  await clear()
  await kubectl("delete", "namespace", "--ignore-not-found", ...SPACES)
  for (const name of SPACES.filter((each) => !PREVIEWS.includes(each)))
    await kube().create({ ...NAMESPACE, metadata: { name, labels: { "slipway.dev/test": "" } } })
  copyFileSync(join(REPOSITORY, "test/fixtures/modules/versions/server.py"), join(source, "server.py"))
  cpSync(join(REPOSITORY, "test/fixtures/charts"), join(source, "charts"), { recursive: true })
  const { stdout } = await shell`cat ${join(source, "slipway.yaml")}`
  const chart = `{ path: charts/api, values: ["charts/values-{environment}.yaml"], release: api }`
  settings = stdout
    .replace("release: {", `release: { repository: charts-${RUN},`)
    .replace("deploy:\n", `deploy:\n  namespace: { staging: ${SPACE} }\n  chart: ${chart}\n`)
  write(source, { ".gitignore": "out/\n", "slipway.yaml": settings })
  await git("init", "--quiet", "--initial-branch=main")
  await release("first", "v1.0.0")
  await release("second", "v1.1.0")
  await release("bad", "v1.2.0", "HEALTH=fail")
}, 900_000)

beforeEach(() => write(source, { "slipway.yaml": settings }))
afterAll(clear)

it("a chart in the shape of `helm create` is deployed, switched, undone and rolled back without a failed request", async () => {
  const first = await deploy("v1.0.0")
  expect(first.exitCode, first.stdout + first.stderr).toBe(0)
  expect(await kube().get({ apiVersion: "v1", kind: "ServiceAccount" }, "api", SPACE)).toBeDefined()
  expect(await kube().get(POD, "api-test-connection", SPACE)).toBeUndefined()

  const load = await Load.start(kube(), SPACE, 20)
  const second = await deploy("v1.1.0")
  expect(second.exitCode, second.stdout + second.stderr).toBe(0)
  expect(await serving()).toBe("second")
  const bad = await deploy("v1.2.0")
  expect(bad.exitCode, bad.stdout + bad.stderr).toBe(1)
  expect(await serving()).toBe("second")
  const back = await runOn("rollback", source, ...STAGING)
  expect(back.exitCode, back.stdout + back.stderr).toBe(0)
  expect(await serving()).toBe("first")
  const { sent } = await load.end()
  expect(load.failed()).toEqual([])
  expect(new Set(sent.map(({ version }) => version))).toEqual(new Set(["first", "second"]))
}, 400_000)

it("previews of pull requests are deployed to namespaces of their own, and deleted by a command or by their age", async () => {
  const previews = 'environments: [staging]\n  preview: { namespace: "charts-pr-{number}" }'
  const own = settings.replace("deploy:\n", `deploy:\n  ${previews}\n`)
  write(source, { "slipway.yaml": own })
  const up = (number: string, tag: string) =>
    runOn(["preview", "up", number], source, "--embedded", `--tag=${tag}`)
  const look = (...words: string[]) => slipway(...words, `--source=${source}`, "--embedded")
  const before = await serving()
  for (const name of PREVIEWS) await kube().delete(NAMESPACE, name, "", { propagation: "Foreground" })

  const first = await up("7", "v1.0.0")
  expect(first.exitCode, first.stdout + first.stderr).toBe(0)
  expect(await serving("charts-pr-7")).toBe("first")
  const space = await kube().get<KubeObject>(NAMESPACE, "charts-pr-7", "")
  expect(space?.metadata.labels).toMatchObject({ "slipway.dev/preview": "7" })
  const ingress = await kube().get(
    { apiVersion: "networking.k8s.io/v1", kind: "Ingress" },
    "api",
    "charts-pr-7",
  )
  expect(ingress).toMatchObject({ spec: { rules: [{ host: "pr-7.example.com" }] } })
  const second = await up("7", "v1.1.0")
  expect(second.exitCode, second.stdout + second.stderr).toBe(0)
  const status = await look("status", "--environment=preview-7")
  expect(status.stdout).toMatch(/ in preview-7 \(namespace charts-pr-7\)/)
  expect(status.stdout).toMatch(/^→ v1\.1\.0 sha256:\w+ 1 of 1 pod ready, has the traffic/m)

  await kube().create({ ...NAMESPACE, metadata: { name: "charts-pr-8" } })
  const taken = await up("8", "v1.0.0")
  expect(taken.exitCode, taken.stdout).toBe(4)
  expect(taken.stage("prepare").reason).toMatch(
    /"charts-pr-8" isn't that of preview-8: Slipway made it for no /,
  )
  expect(await look("preview", "down", "8")).not.toMatchObject({ exitCode: 0 })
  expect(await kube().get(NAMESPACE, "charts-pr-8", "")).toBeDefined()

  const webhook = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: { name: all }
`
  write(source, { "charts/api/templates/webhook.yaml": webhook })
  const outside = await up("7", "v1.0.0")
  expect(outside.exitCode, outside.stdout).toBe(4)
  expect(outside.stage("prepare").reason).toMatch(
    /ValidatingWebhookConfiguration all, which is the whole cluster's/,
  )
  rmSync(join(source, "charts/api/templates/webhook.yaml"))

  const down = await look("preview", "down", "7")
  expect(down, down.stderr).toMatchObject({
    exitCode: 0,
    stdout: "preview-7 is deleted: its namespace charts-pr-7 is gone\n",
  })
  expect(await kube().get(NAMESPACE, "charts-pr-7", "")).toBeUndefined()

  expect((await up("9", "v1.0.0")).exitCode).toBe(0)
  const cleaning = `${own}cleanup: { environments: [staging], previews: { age: 0h } }\n`
  write(source, { "slipway.yaml": cleaning })
  const cleaned = await runOn("cleanup", source, "--embedded", "--yes")
  expect(cleaned.exitCode, cleaned.stdout + cleaned.stderr).toBe(0)
  expect(JSON.parse(cleaned.read("cleanup/plan.json"))).toMatchObject({
    cluster: {
      environments: ["staging", "previews"],
      done: { deleted: expect.arrayContaining(["Namespace charts-pr-9"]) as string[], left: [] },
    },
    registry: {
      kept: expect.arrayContaining([
        expect.objectContaining({ why: expect.stringMatching(/charts-pr-9/) as string }),
      ]) as object[],
    },
  })
  expect(await serving()).toBe(before)
}, 400_000)

it("a version is promoted over three environments, and refused where it wasn't in the one before", async () => {
  const spaces = `{ staging: ${SPACE}, qa: ${QA}, live-eu: ${LIVE} }`
  write(source, {
    "charts/values-qa.yaml": "podAnnotations: { environment: qa }\n",
    "charts/values-live-eu.yaml": "podAnnotations: { environment: live-eu }\n",
    "slipway.yaml": settings.replace(
      `namespace: { staging: ${SPACE} }`,
      `environments: [staging, qa, live-eu]\n  namespace: ${spaces}`,
    ),
  })
  const to = (environment: string, tag: string, ...more: string[]) =>
    runOn("deploy", source, `--environment=${environment}`, "--embedded", `--tag=${tag}`, ...more)
  const early = await to("live-eu", "v1.0.0")
  expect(early.exitCode, early.stdout + early.stderr).toBe(1)
  expect(early.stage("prepare").reason).toMatch(
    /"v1\.0\.0" isn't deployed to live-eu, since it wasn't to qa: .*slipway deploy --environment qa --tag v1\.0\.0/s,
  )
  for (const [environment, space] of [
    ["qa", QA],
    ["live-eu", LIVE],
  ] as const) {
    const promoted = await to(environment, "v1.0.0")
    expect(promoted.exitCode, promoted.stdout + promoted.stderr).toBe(0)
    expect(await serving(space)).toBe("first")
  }
  const undone = await to("qa", "v1.1.0")
  expect(undone.exitCode, undone.stdout).toBe(1)
  expect(undone.stage("prepare").reason).toMatch(/wasn't to staging: its ledger has no successful deployment/)
  const urgent = await to("qa", "v1.1.0", "--off-order=the rollback was a mistake")
  expect(urgent.exitCode, urgent.stdout + urgent.stderr).toBe(0)
  expect(urgent.read("deploy/entry.json")).toMatch(/"promotion": "off order: the rollback was a mistake \(/)
}, 400_000)

it("a hook that migrates, and a dependency that is missing, are refused before anything changes", async () => {
  const hook = `apiVersion: batch/v1
kind: Job
metadata: { name: api-migrate, annotations: { "helm.sh/hook": "pre-install,pre-upgrade" } }
spec: { template: { spec: { restartPolicy: Never, containers: [{ name: a, image: a }] } } }
`
  write(source, { "charts/api/templates/migrate.yaml": hook })
  const refused = await deploy("v1.1.0")
  expect(refused.exitCode, refused.stdout).toBe(4)
  expect(refused.stage("prepare").reason).toMatch(
    /pre-install, pre-upgrade: Job api-migrate \(templates\/migrate\.yaml\).*deploy\.migrate\.command/s,
  )
  const chart = join(source, "charts/api/Chart.yaml")
  const dependency = `dependencies: [{ name: db, version: 1.x.x, repository: "https://charts.example.com" }]\n`
  write(source, { "charts/api/Chart.yaml": (await shell`cat ${chart}`).stdout + dependency })
  const missing = await deploy("v1.1.0")
  expect(missing.exitCode, missing.stdout).toBe(4)
  expect(missing.stage("prepare").reason).toMatch(/missing in charts\/ directory: db/)
  expect(await serving()).toBe("first")
}, 200_000)

/** What a team has in its repository of manifests; {image} is the release's repository. */
const MANIFESTS = {
  "apps/staging/kustomization.yaml": `# Slipway writes the digest below.
namespace: ${GITOPS}
resources: [api.yaml]
images:
  - name: api # as in api.yaml
    newName: {image}
    newTag: 1.0.0
`,
  "apps/staging/api.yaml": `apiVersion: apps/v1
kind: Deployment
metadata: { name: api }
spec:
  selector: { matchLabels: { app: api } }
  template:
    metadata: { labels: { app: api } }
    spec:
      containers:
        - name: api
          image: api
          ports: [{ name: http, containerPort: 8000 }]
          readinessProbe: { httpGet: { path: /ready, port: http }, periodSeconds: 1 }
---
apiVersion: v1
kind: Service
metadata: { name: api }
spec: { selector: { app: api }, ports: [{ name: http, port: 80, targetPort: http }] }
`,
}

/** Plays the controller: applies what a repository's main branch has, until the signal. */
async function control(repository: string, signal: AbortSignal): Promise<void> {
  const clone = folder()
  await shell`git clone --quiet ${repository} ${clone}`
  for (let applied = ""; !signal.aborted; await sleep(500)) {
    await shell`git -C ${clone} pull --quiet --ff-only`
    const head = (await shell`git -C ${clone} rev-parse HEAD`).stdout
    if (head !== applied) await kubectl("apply", "-k", join(clone, "apps/staging"))
    applied = head
  }
}

it("releases are committed for a controller that applies them, awaited, and rolled back by a commit", async () => {
  const [work, served] = [folder(), folder()]
  const { image = "" } =
    (await kube().get<DeploymentObject>(DEPLOYMENT, "api", SPACE))?.spec.template.spec.containers[0] ?? {}
  const repository = bareImageName(image)
  const first = Object.entries(MANIFESTS).map(([file, text]) => [file, text.replace("{image}", repository)])
  write(work, Object.fromEntries(first) as Record<string, string>)
  const there = shell({ cwd: work })
  await there`git init --quiet --initial-branch=main`
  await there`git add --all`
  await there`git -c user.name=me -c user.email=me@example.com -c commit.gpgsign=false commit --quiet --message=first`
  await there`git clone --quiet --bare ${work} ${join(served, "manifests.git")}`
  const ending = new AbortController()
  const controller = control(join(served, "manifests.git"), ending.signal)
  await servingGit(
    served,
    async (address) => {
      const settings = readFileSync(join(source, "slipway.yaml"), "utf8")
      const commit = `{ repository: "${address}/manifests.git", path: "apps/{environment}", timeout: 60s }`
      write(source, {
        "slipway.yaml": settings
          .replace(/^ {2}(?:chart|soak|hold):.*\n/gm, "")
          .replace(SPACE, GITOPS)
          .replace("deploy:\n", `deploy:\n  commit: ${commit}\n`),
      })
      for (const [tag, version] of [
        ["v1.0.0", "first"],
        ["v1.1.0", "second"],
      ] as const) {
        const run = await deploy(tag)
        expect(run.exitCode, run.stdout + run.stderr).toBe(0)
        expect(run.stage("surge").reason).toMatch(
          /^committed \w{12}, 1 file in apps\/staging on main of git:.* ready$/,
        )
        expect(await serving(GITOPS)).toBe(version)
      }
      const back = await runOn("rollback", source, ...STAGING)
      expect(back.exitCode, back.stdout + back.stderr).toBe(0)
      expect(await serving(GITOPS)).toBe("first")
      const { stdout } = await slipway("status", `--source=${source}`, ...STAGING)
      expect(stdout).toMatch(/^→ v1\.0\.0 sha256:\w+ 1 of 1 pod ready, has the traffic, since /m)
      expect(stdout.match(/(?:deploy|rollback) v1\.\d\.0 succeeded/g)).toEqual([
        "rollback v1.0.0 succeeded",
        "deploy v1.1.0 succeeded",
        "deploy v1.0.0 succeeded",
      ])
    },
    ["--enable=receive-pack"],
  )
  ending.abort()
  await controller
  const log = await shell`git -C ${join(served, "manifests.git")} log --format=%s%n%b main`
  expect(log.stdout.match(/^(?:Deploy|Roll) .*$/gm)).toEqual([
    expect.stringMatching(/^Roll \S+ back to v1\.0\.0 in staging$/),
    expect.stringMatching(/^Deploy \S+ v1\.1\.0 to staging$/),
    expect.stringMatching(/^Deploy \S+ v1\.0\.0 to staging$/),
  ])
  await there`git pull --quiet ${join(served, "manifests.git")} main`
  const digest = /sha256:\w{64}/.exec(
    readFileSync(join(work, "apps/staging/kustomization.yaml"), "utf8"),
  )?.[0]
  expect(readFileSync(join(work, "apps/staging/kustomization.yaml"), "utf8")).toBe(
    first[0]?.[1]?.replace("newTag: 1.0.0", `digest: ${digest}`),
  )
  expect(readFileSync(join(work, "apps/staging/api.yaml"), "utf8")).toBe(MANIFESTS["apps/staging/api.yaml"])
}, 400_000)
