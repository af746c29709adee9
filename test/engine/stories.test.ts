import { copyFileSync, cpSync, rmSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { findHolder, KUBECONFIG } from "../../dagger/lib/clusterHolder.js"
import { run as shell } from "../../dagger/lib/shell.js"
import { DEPLOYMENT, NAMESPACE, SERVICE } from "../../src/lib/kube/objects.js"
import { kube, kubectl, startCluster } from "./cluster.js"
import { startReceiver } from "../unit/notify/receiver.js"
import { engineEnvironment, hostAddress } from "./dagger.js"
import { redirecting, sendForm } from "./forms.js"
import { Load } from "./load.js"
import { type CiRun, copyOf, runOn, slipway, write } from "./pipeline.js"
import { RUN } from "./supply.js"

/** The document's everyday and emergency paths, by the commands that people type; each test goes on where the last ended. */

const STORIES = join(REPOSITORY, "test/fixtures/stories")
const OVERLAY = "deploy/overlays/production"
const source = copyOf(STORIES)
const SERVER = join(REPOSITORY, "test/fixtures/modules/versions/server.py")
const STAGING = ["--environment=staging", "--embedded"]
const PRODUCTION = ["--environment=production", "--embedded"]

const git = (...args: string[]) =>
  shell`git -C ${source} -c user.name=me -c user.email=me@example.com -c commit.gpgsign=false ${args}`

const settings = { text: "" }

/** Commits a version, with these faults in its environment. */
async function commit(version: string, faults = ""): Promise<void> {
  write(source, { "version.env": `export VERSION=${version} ${faults}\n` })
  await git("add", "--all")
  await git("commit", "--quiet", "--allow-empty", "--message", version)
}

/** Changes the settings of the service. */
async function configure(from = "", to = ""): Promise<void> {
  write(source, { "slipway.yaml": settings.text.replace(from, to) })
  await git("commit", "--quiet", "--all", "--allow-empty", "--message", "Configure")
}

async function clear(): Promise<void> {
  const client = kube()
  for (const space of ["stories-staging", "stories-production"]) {
    await client.delete(SERVICE, "api", space)
    await client.delete(NAMESPACE, space, "", { propagation: "Foreground" })
  }
}

/** Expects a run that succeeded, and returns what it said. */
function deployedBy(run: CiRun): string {
  expect(run.exitCode, run.stdout + run.stderr).toBe(0)
  return run.read("logs/dagger.log")
}

/** The version that answers in an environment. */
async function serving(environment: string): Promise<string> {
  const { body } = await kube().proxy({ service: "api" }, `stories-${environment}`, "http", "/work")
  return /"version": "([^"]*)"/.exec(body)?.[1] ?? body
}

/** Runs a command that inspects or changes an environment; returns its output. */
async function said(...args: string[]): Promise<string> {
  const ended = await slipway(...args, `--source=${source}`)
  expect(ended.exitCode, ended.stdout + ended.stderr).toBe(0)
  return ended.stdout
}

beforeAll(async () => {
  await startCluster()
  await clear()
  copyFileSync(SERVER, join(source, "server.py"))
  settings.text = (await shell`cat ${join(source, "slipway.yaml")}`).stdout.replace(
    "release: {",
    `release: { repository: stories-${RUN},`,
  )
  write(source, { "slipway.yaml": settings.text, ".gitignore": "out/\n" })
  await git("init", "--quiet", "--initial-branch=main")
}, 900_000)

afterAll(clear)

it("a version's tag is released, and its deployment refused, where its environment has no overlay", async () => {
  rmSync(join(source, OVERLAY), { recursive: true })
  await commit("first")
  await git("tag", "v1.0.0")
  const run = await runOn("ci", source, "--event=tag", "--ref=v1.0.0", "--embedded")
  expect(run.exitCode, run.stdout + run.stderr).toBe(4)
  expect(run.stage("tag").status).toBe("passed")
  expect(run.stage("prepare")).toMatchObject({ status: "error", exitCode: 4 })
  expect(run.stage("prepare").reason).toContain(`no kustomization for production in "${OVERLAY}"`)
}, 300_000)

it("a published version is deployed by its tag", async () => {
  cpSync(join(STORIES, OVERLAY), join(source, OVERLAY), { recursive: true })
  await commit("first")
  const run = await runOn("deploy", source, ...PRODUCTION, "--tag=v1.0.0")
  expect(deployedBy(run)).toContain("review unknown: its repository isn't known")
  expect(await serving("production")).toBe("first")
}, 300_000)

it("a version's tag on main is checked, released and deployed to production", async () => {
  await commit("second", "ERRORS=0.9 ERROR_PATH=/broken")
  await git("tag", "v1.1.0")
  const run = await runOn("ci", source, "--event=tag", "--ref=v1.1.0", "--embedded")
  deployedBy(run)
  expect(await serving("production")).toBe("second")
  // A quarter of the users, by default.
  expect(run.stage("stress")).toMatchObject({
    status: "passed",
    reason: expect.stringMatching(/^no break up to 1 users; \d+ requests/) as string,
  })
}, 300_000)

it("rollback returns to the version before, also after a gate was added", async () => {
  await configure("checks: [black]", "checks: [black, bandit]")
  const run = await runOn("rollback", source, ...PRODUCTION)
  expect(deployedBy(run)).toMatch(/it ran here before, and is restored though today's checks refuse it/)
  expect(await serving("production")).toBe("first")
  await configure()
}, 200_000)

it("rollback --version works while the registry is away", async () => {
  await configure("release: {", "release: { registry: 127.0.0.1:9,")
  const cluster = `--cluster=tcp://127.0.0.1:${findHolder()?.api ?? 0}`
  process.env["PRODUCTION_KUBECONFIG"] = KUBECONFIG
  Object.assign(await engineEnvironment(), { PRODUCTION_KUBECONFIG: KUBECONFIG })
  const where = ["--environment=production", cluster]
  const run = await runOn("rollback", source, ...where, "--version=v1.1.0")
  expect(deployedBy(run)).toMatch(/restored by its digest without the registry/)
  expect(await serving("production")).toBe("second")
  await configure()
}, 200_000)

it("watch rolls back a version whose requests fail", async () => {
  await kubectl("-n", "stories-production", "get", "deployment", "api")
  const load = await Load.start(kube(), "stories-production", 20, "/broken")
  const watch = await slipway("watch", `--source=${source}`, ...PRODUCTION, "--duration=60s")
  await load.end()
  expect(watch.exitCode, watch.stdout + watch.stderr).toBe(1)
  expect(watch.stdout + watch.stderr).toMatch(/UNWELL/)
  expect(watch.stdout + watch.stderr).toMatch(/rolled back to v1\.0\.0/)
  expect(await serving("production")).toBe("first")
}, 300_000)

it("deploy is refused while the environment's infrastructure can't be compared with its state", async () => {
  write(source, { "infra/main.tf": 'terraform {\n  backend "pg" {}\n}\n' })
  await git("add", "--all")
  await configure("release: {", "infra: { tool: opentofu }\nrelease: {")
  const run = await runOn("deploy", source, ...PRODUCTION, "--tag=v1.1.0")
  expect(run.exitCode, run.stdout).toBe(3)
  expect(run.stage("drift").reason).toMatch(/nothing is deployed to production; .*deploy\.drift\.production/)
  expect(run.stage("prepare")).toMatchObject({ status: "skipped", reason: "drift stopped it" })
  expect(await serving("production")).toBe("first")
  await git("rm", "--quiet", "-r", "infra")
  await configure()
}, 200_000)

it("status notices kubectl rollout undo", async () => {
  const space = ["-n", "stories-production"]
  await kubectl(...space, "rollout", "undo", "deployment/api")
  await kubectl(...space, "rollout", "status", "deployment/api", "--timeout=60s")
  expect(await said("status", ...PRODUCTION)).toMatch(/v1\.0\.0 was replaced by v1\.1\.0 without Slipway/)
  expect(await said("status", ...PRODUCTION, "--json")).toContain('"manual": ""')
  expect(await said("ledger", ...PRODUCTION)).toMatch(/changed manually to v1\.1\.0/)
  expect(await said("events", ...PRODUCTION)).toContain("api")
  expect(await said("logs", ...PRODUCTION)).toMatch(/^api-\w+-\w+ .*version second listens/m)
}, 120_000)

it("deploy takes a tag or a digest, and finish accepts what is on hold", async () => {
  deployedBy(await runOn("deploy", source, ...STAGING, "--tag=v1.1.0"))
  expect(await serving("staging")).toBe("second")

  const ledger = await said("ledger", ...PRODUCTION, "--json")
  const digest = /"version":"v1\.0\.0"[^\n]*?(sha256:[0-9a-f]{64})/.exec(ledger)?.[1] ?? "none"
  await configure("requests: 40", "requests: 0")
  const held = await runOn("deploy", source, ...STAGING, `--tag=${digest}`)
  expect(held.stdout).toMatch(/on hold: 0 of 20 requests/)
  expect(await said("status", ...STAGING)).toMatch(/on hold/)
  expect(await said("finish", ...STAGING)).toMatch(/is finished/)
  expect(await serving("staging")).toBe("first")
  expect(await kube().get(DEPLOYMENT, "api", "stories-staging")).toBeDefined()
}, 300_000)

it("a hotfix goes over staging to production, and the next release is refused until it has it", async () => {
  await configure()
  await git("checkout", "--quiet", "-b", "hotfix/x", "v1.1.0")
  await commit("fixed")
  deployedBy(await runOn("ci", source, "--event=push", "--ref=hotfix/x", "--embedded"))
  expect(await serving("staging")).toBe("fixed")
  expect(await serving("production")).toBe("second")

  await git("tag", "v1.1.1")
  const released = await runOn("ci", source, "--event=tag", "--ref=v1.1.1", "--embedded")
  deployedBy(released)
  expect(released.stderr).toContain("v1.1.1 is on a hotfix branch: merge it back into main")
  expect(await serving("production")).toBe("fixed")
  const staged = /not on main: a hotfix, deployed to staging at \S+ by run/
  expect(await said("ledger", ...PRODUCTION)).toMatch(staged)

  await git("checkout", "--quiet", "main")
  await git("commit", "--quiet", "--allow-empty", "--message", "next")
  await git("tag", "v1.2.0")
  await git("branch", "develop")
  for (const event of [
    ["--event=tag", "--ref=v1.2.0"],
    ["--event=push", "--ref=develop"],
  ]) {
    const refused = await runOn("ci", source, ...event, "--embedded")
    expect(refused.exitCode, refused.stdout + refused.stderr).toBe(4)
    expect(refused.stderr).toMatch(/lacks released hotfixes.*v1\.1\.1: [0-9a-f]{7,} fixed.*HOTFIX_LACKING/s)
  }
  await git("merge", "--quiet", "--no-edit", "v1.1.1")
}, 600_000)

it("a version whose public address only redirects is rolled back, with where to", async () => {
  const elsewhere = "https://stories.example.com/health"
  const run = await redirecting(elsewhere, async (address) => {
    await configure("deploy:\n", `deploy:\n  url: { staging: "${address}" }\n`)
    return runOn("deploy", source, ...STAGING, "--tag=v1.1.0")
  })
  expect(run.exitCode, run.stdout).toBe(1)
  expect(run.stage("soak").status).toBe("failed")
  expect(run.stage("soak").reason).toMatch(
    /http:\S+\/health answers 301, not 200: redirects to https:\S+\/health/,
  )
  expect(await serving("staging")).toBe("fixed")
  await configure()
}, 200_000)

it("a version is smoke-tested by a command of its image and by a k6 script with imports", async () => {
  const script = `import http from "k6/http"
import exec from "k6/execution"
import { path } from "./lib/path.js"
export const options = { iterations: 4 }
export default function () {
  const { status } = http.get(__ENV.BASE_URL + path)
  if (status !== 200) exec.test.abort(path + " answers " + status)
}
`
  const asked =
    "import os, urllib.request as r; print('asked', r.urlopen(os.environ['BASE_URL'] + '/work').status)"
  const smoke = `requests: 40, k6: k6/smoke.js, command: ${JSON.stringify(`python -c "${asked}"`)}`
  write(source, { "k6/smoke.js": script, "k6/lib/path.js": 'export const path = "/broken"\n' })
  await git("add", "--all")
  await configure("requests: 40", smoke)
  const broken = await runOn("deploy", source, ...STAGING, "--tag=v1.1.0")
  expect(broken.exitCode, broken.stdout).toBe(1)
  expect(broken.stage("preview").status).toBe("failed")
  expect(broken.stage("preview").reason).toMatch(/smoke: `k6` ended with 108/)
  expect(await serving("staging")).toBe("fixed")

  write(source, { "k6/lib/path.js": 'export const path = "/work"\n' })
  await git("commit", "--quiet", "--all", "--message", "Ask for what works")
  const good = await runOn("deploy", source, ...STAGING, "--tag=v1.1.0")
  deployedBy(good)
  expect(good.stage("preview").reason).toMatch(/asked 200.*smoke: `python -c .*` passed.*smoke: `k6` passed/s)
  expect(await serving("staging")).toBe("second")
  await configure()
}, 300_000)

it("people are notified of the deployment and the rollback that the forms of two hosts start", async () => {
  const hosts = ["--host=github,gitlab", `--slipway=https://git.example.com/team/slipway@${"0".repeat(40)}`]
  await said("wrappers", ...hosts, "--yes")
  const receiver = await startReceiver(hostAddress())
  const secrets = { NOTIFY_WEBHOOK: `${receiver.url}/hooks/${RUN}` }
  const answers = { ...secrets, SLIPWAY_ENVIRONMENT: "staging", SLIPWAY_VERSION: "v1.1.1" }
  const deploy = await sendForm("github", source, `1${RUN}`, { ...answers, SLIPWAY_ACTION: "deploy" })
  expect(deploy.exitCode, deploy.stdout + deploy.stderr).toBe(0)
  expect(await serving("staging")).toBe("fixed")

  const back = { ...answers, SLIPWAY_ACTION: "rollback", SLIPWAY_VERSION: "" }
  const rollback = await sendForm("gitlab", source, `2${RUN}`, back)
  expect(rollback.exitCode, rollback.stdout + rollback.stderr).toBe(0)
  expect(await serving("staging")).toBe("second")

  const { requests } = await receiver.log()
  await receiver.stop()
  const messages = requests.map(({ body }) => JSON.parse(body) as { title: string; who: string })
  expect(messages.map(({ title, who }) => `${who}: ${title}`)).toEqual([
    "ada: Deploying stories v1.1.1 to staging",
    "ada: Deployed stories v1.1.1 to staging",
    expect.stringMatching(/^grace: Deploying stories .* to staging$/) as string,
    "grace: Rolled back to stories v1.1.0 in staging",
  ])
}, 300_000)
