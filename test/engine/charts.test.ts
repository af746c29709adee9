import { copyFileSync, cpSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { run as shell } from "../../dagger/lib/shell.js"
import { NAMESPACE, POD, SERVICE } from "../../src/lib/kube/objects.js"
import { kube, startCluster } from "./cluster.js"
import { Load } from "./load.js"
import { copyOf, runOn, write } from "./pipeline.js"
import { RUN } from "./supply.js"

/** A chart in the shape of `helm create`, deployed by commands; each test goes on where the last ended. */

const SPACE = "charts-staging"
const STAGING = ["--environment=staging", "--embedded"]
const source = copyOf(join(REPOSITORY, "test/fixtures/stories"))

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

async function serving(): Promise<string> {
  const { body } = await kube().proxy({ service: "api" }, SPACE, "http", "/work")
  return /"version": "([^"]*)"/.exec(body)?.[1] ?? body
}

async function clear(): Promise<void> {
  await kube().delete(SERVICE, "api", SPACE)
  await kube().delete(NAMESPACE, SPACE, "", { propagation: "Foreground" })
}

beforeAll(async () => {
  await startCluster()
  await clear()
  await kube().create({ ...NAMESPACE, metadata: { name: SPACE, labels: { "slipway.dev/test": "" } } })
  copyFileSync(join(REPOSITORY, "test/fixtures/modules/versions/server.py"), join(source, "server.py"))
  cpSync(join(REPOSITORY, "test/fixtures/charts"), join(source, "charts"), { recursive: true })
  const { stdout } = await shell`cat ${join(source, "slipway.yaml")}`
  const chart = `{ path: charts/api, values: ["charts/values-{environment}.yaml"], release: api }`
  write(source, {
    ".gitignore": "out/\n",
    "slipway.yaml": stdout
      .replace("release: {", `release: { repository: charts-${RUN},`)
      .replace("deploy:\n", `deploy:\n  namespace: { staging: ${SPACE} }\n  chart: ${chart}\n`),
  })
  await git("init", "--quiet", "--initial-branch=main")
  await release("first", "v1.0.0")
  await release("second", "v1.1.0")
  await release("bad", "v1.2.0", "HEALTH=fail")
}, 900_000)

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
