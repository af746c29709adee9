import { spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { beforeAll, describe, expect, it } from "vitest"
import { clusterAddress } from "../../dagger/kit/cluster/cluster.js"
import { Listener } from "../../dagger/demo/listener.js"
import { copySample, prepareNamespace, SAMPLE_DATABASE } from "../../dagger/demo/sample.js"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { run as shell } from "../../dagger/lib/shell.js"
import { DEFAULTS } from "../../src/lib/config/config.js"
import { groupsFor } from "../../src/lib/pipeline/policy.js"
import { GROUPS, hasStage, type StageName, STAGES } from "../../src/lib/pipeline/stages.js"
import { DEPLOYMENT } from "../../src/lib/kube/objects.js"
import type { Verdict } from "../../src/lib/run/verdict.js"
import { kube, startCluster } from "./cluster.js"
import { engineEnvironment } from "./dagger.js"
import {
  callOn,
  ci,
  copyOf,
  folder,
  gate,
  GATES,
  runOn,
  service,
  SLIPWAY,
  slipway,
  statuses,
  write,
} from "./pipeline.js"
import { until } from "./until.js"

// The sample's database in the cluster. The engine's environment is a copy of these variables.
process.env["STAGING_DATABASE_URL"] = SAMPLE_DATABASE
process.env["PIP_TOKEN"] = "hunter2"
beforeAll(engineEnvironment)

/** Stages that the policy requires if there is a registry to publish to. */
const stagesFor = (event: string, ref = ""): StageName[] =>
  groupsFor({ event, ref }, [], DEFAULTS, true).flatMap((group): readonly StageName[] => STAGES[group])

// A version would stay in the embedded registry for good, and the next commit's image would be refused.
it("ci runs every stage that a push to develop requires on the sample service, and deploys it", async () => {
  await startCluster()
  const client = kube()
  await prepareNamespace(client, "staging")
  await client.delete(DEPLOYMENT, "ai-audio-upscaler-api", "staging", { propagation: "Foreground" })
  const listener = await Listener.start(client, await clusterAddress())
  Object.assign(await engineEnvironment(), listener.secrets())
  const source = join(folder(), "app")
  copySample(source, listener.settings())
  const push = ["--event=push", "--ref=refs/heads/develop", "--scale=0.02"]
  const run = await ci(source, ...push, "--embedded")
  expect(run.exitCode, run.stdout).toBe(0)
  const asked = stagesFor("push", "refs/heads/develop")
  const some = ["black", "scan", "validate", "tag", "soak", "load", "baseline", "notify"]
  expect(asked).toEqual(expect.arrayContaining(some))
  const expected = Object.fromEntries(asked.map((name) => [name, "passed"]))
  // Its state would be in a database of its own; images are cleaned up only where production can be asked too.
  const registry = expect.stringMatching(/^(passed|skipped)$/) as string
  expect(statuses(run)).toEqual({ ...expected, drift: "skipped", registry })
  expect(run.stage("migrate").reason).toMatch(/0002/)
  expect(JSON.parse(run.read("k6/load.json"))).toMatchObject({ kind: "load", profile: { scale: 0.02 } })
  expect(JSON.parse(run.read("zap/report.json"))).toHaveProperty("site")
  const notified = (await listener.received()).filter(({ body }) => JSON.stringify(body).includes("staging"))
  const calls = notified.map(({ method, path }) => `${method} ${path.replace(/\d+$/, "N")}`)
  expect(calls.toSorted()).toEqual([
    "PATCH /api/annotations/N",
    "POST /api/annotations",
    "POST /slack",
    "POST /slack",
  ])

  const command = ["--environment", "staging", "--embedded"]
  const env = { ...(await engineEnvironment()), SLIPWAY: `${process.execPath} ${SLIPWAY}` }
  const status = await shell({ env })`${join(source, "scripts/deploy.sh")} status ${command}`
  expect(status.stdout).toMatch(/^→ develop-\w{7} sha256:\w{12} 1 of 1 pod ready, has the traffic/m)
  const logs = await shell({ env })`${join(source, "scripts/deploy.sh")} logs ${command}`
  expect(logs.stdout).toMatch(/^ai-audio-upscaler-api-\w+-\w+ /m)
}, 1_200_000)

describe("verdict.json", () => {
  it("holds the result of every stage, and --json prints it", async () => {
    const begun = Date.now()
    const source = copyOf(gate("bandit"))
    const git = shell({ cwd: source, env: { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null" } })
    await git`git init --quiet --initial-branch=trunk`
    await git`git add .`
    await git`git -c user.name=a -c user.email=a@localhost commit --quiet -m first`
    const sha = (await git`git rev-parse HEAD`).stdout.trim()

    const asked = ["--event=pull_request", "--run-id=run-1", "--identity=me", "--secret=env://PIP_TOKEN"]
    const ended = await ci(source, "--json", ...asked)
    expect(ended.exitCode).toBe(1)
    expect(ended.stdout).toBe(ended.read("verdict.json"))
    expect(ended.verdict).toEqual({
      schema: 1,
      gates: {
        base: null,
        problem: "this is the first commit",
        policy: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string,
        weakened: [],
        notable: [],
        more: 0,
      },
      run: {
        id: "run-1",
        event: "pull_request",
        ref: "refs/heads/trunk",
        sha,
        startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
        inputs: {
          module: REPOSITORY,
          source: { address: source, origin: "", commit: sha, path: "", dirty: false, digest: "" },
          arguments: { committed: expect.stringMatching(/^\d{4}-/) as string, identity: "me" },
          secrets: { secrets: ["env://PIP_TOKEN"] },
        },
      },
      status: "failed",
      exitCode: 1,
      milliseconds: expect.any(Number) as number,
      stages: stagesFor("pull_request").map((name) => ({
        name,
        group: GROUPS.find((group) => hasStage(group, name)),
        status: expect.stringMatching(name === "bandit" ? /^failed$/ : /^\w+$/) as string,
        milliseconds: expect.any(Number) as number,
        cached: expect.toBeOneOf([true, false, null]) as boolean | null,
        reason: expect.stringMatching(/^.+$/) as string,
        repro: expect.stringMatching(new RegExp(`^dagger call .* debug --stage=${name} terminal$`)) as string,
        exitCode: expect.any(Number) as number,
      })),
      problem: null,
      record: expect.objectContaining({ black: { findings: [] } }) as object,
    })
    expect(ended.stdout).not.toContain("hunter2")
    expect(Date.parse(ended.verdict?.run.startedAt ?? "")).toBeGreaterThanOrEqual(begun)
  })

  it("is never left over from an earlier run", async () => {
    const out = folder()
    write(out, { "verdict.json": '{"exitCode": 0, "stages": []}', "junit/old.xml": "", "mine.txt": "kept" })
    const source = service({ "a.py": "A = 1\n" })
    const bad = "git://127.0.0.1:1/none.git"
    expect(await slipway("ci", `--source=${bad}`, `--out=${out}`)).toMatchObject({ exitCode: 3 })
    const verdict = JSON.parse(readFileSync(join(out, "verdict.json"), "utf8")) as Verdict
    expect(verdict).toMatchObject({ status: "error", exitCode: 3, stages: [] })
    expect(verdict.problem).toMatch(/^the run has no verdict:/)
    expect(existsSync(join(out, "junit"))).toBe(false)

    expect(await slipway("quality", `--source=${source}`, `--out=${out}`)).toMatchObject({ exitCode: 0 })
    expect(existsSync(join(out, "verdict.json"))).toBe(true)
    expect(readFileSync(join(out, "mine.txt"), "utf8")).toBe("kept")
  })
})

it("images lock pins the images of all runs, and an image without a digest or with another is refused", async () => {
  const source = service({ "app.py": "VALUE = 1\n" })
  const locked = await slipway("images", "lock", `--source=${source}`)
  expect(locked.exitCode, locked.stderr).toBe(0)
  const path = ".slipway/images.lock"
  const text = readFileSync(join(source, path), "utf8")
  expect(text).toMatch(/^python:3\.\d+-slim@sha256:[0-9a-f]{64}$/m)
  const update = await slipway("images", "update", `--source=${source}`)
  expect([update.exitCode, update.stdout.trim()]).toEqual([0, ""])
  expect((await runOn("quality", source)).stage("black").status).toBe("passed")

  write(source, { [path]: text.replaceAll(/^python:.*\n/gm, "") })
  const lacking = await runOn("quality", source)
  expect(lacking.stage("black").status).toBe("error")
  expect(lacking.stage("black").reason).toMatch(/"python:3\.\d+-slim" isn't in \.slipway\/images\.lock/)
  write(source, { [path]: text.replaceAll(/^(python:.*@sha256:).*$/gm, `$1${"0".repeat(64)}`) })
  expect((await runOn("quality", source)).stage("black").status).toBe("error")
}, 1_200_000)

it("exits with 4 for invalid arguments, and names them", async () => {
  const file = join(service({ "a.py": "A = 1\n" }), "a.py")
  const cases: [args: string[], says: string][] = [
    [["ci", "--bogus"], "--bogus"],
    [["bogus"], "bogus"],
    [["debug"], "stage"],
    [["debug", "notify"], "UNKNOWN_STAGE"],
    [["ci", "--event=bogus"], "UNKNOWN_EVENT"],
    [["repro", `${GATES}/none.json`], "NO_VERDICT"],
    [["ci", "--secret=hunter2"], "env://TOKEN"],
    [["publish", "--origin=/srv/git"], "--origin"],
    [["ci", "--source=/does/not/exist"], '"/does/not/exist"'],
    [["ci", `--source=${file}`], "NO_SOURCE"],
    [["ci", `--source=${GATES}/black`, `--out=${file}`], "OUT_NOT_FOLDER"],
  ]
  for (const [args, says] of cases) {
    const { exitCode, stderr } = await slipway(...args)
    expect(exitCode, args.join(" ")).toBe(4)
    expect(stderr).toContain(says)
    expect(stderr).not.toMatch(/^ +at /m)
  }
  expect(await slipway("--help")).toMatchObject({ exitCode: 0 })
})

it("refuses uncommitted changes for every event but local, unless it publishes to the embedded registry", async () => {
  const source = service({ "a.py": "A = 1\n" })
  await shell`git init --quiet ${source}`
  const dirty = { exitCode: 4, stderr: expect.stringMatching(/"a\.py"[^]*\[DIRTY\]/) as string }
  const out = folder()
  expect(await slipway("publish", `--source=${source}`, `--out=${out}`)).toMatchObject(dirty)
  expect(await slipway("ci", "--event=push", `--source=${source}`, `--out=${out}`)).toMatchObject(dirty)
  const verdict: unknown = JSON.parse(readFileSync(join(out, "verdict.json"), "utf8"))
  expect(verdict).toMatchObject({ status: "error", exitCode: 4, run: { event: "push" } })
  // Only the answer of the module matters here.
  write(source, { "slipway.yaml": "bogus: 1\n" })
  const asked = await ci(source, "--event=push", "--embedded")
  expect(asked.verdict?.problem).toContain("bogus")
})

it("ci --only refuses an unknown group in the verdict", async () => {
  const out = folder()
  const { exitCode } = await callOn(`${GATES}/black`, "ci", "--only=quallity", "export", `--path=${out}`)
  expect(exitCode).toBe(0)
  const verdict: unknown = JSON.parse(readFileSync(join(out, "verdict.json"), "utf8"))
  expect(verdict).toMatchObject({ status: "error", exitCode: 4, stages: [] })
  expect(verdict).toHaveProperty("problem", expect.stringContaining('unknown stage "quallity"'))
  expect(readFileSync(join(out, "summary.md"), "utf8")).toContain("quallity")
})

it("Ctrl-C exits with 130, stops the tool in the engine, and is recorded in the verdict", async () => {
  const name = `slow_${randomUUID().replaceAll("-", "")}.py`
  const lines = Array.from({ length: 5000 }, (_, i) => `def f${i}(a,b):\n    return {'a':a,'b':[b,b,${i}]}`)
  const source = service({ [name]: lines.join("\n\n"), "slipway.yaml": `quality:\n  paths: [${name}]\n` })
  const out = folder()
  // Only the tool's command holds this name, so that no other run's tool is mistaken for this one.
  const running = async () =>
    (await shell({ nothrow: true })`pgrep -f -- ${`[b]lack .*${name}`}`).exitCode === 0
  const args = [SLIPWAY, "ci", `--source=${source}`, `--out=${out}`]
  const child = spawn("node", args, { env: await engineEnvironment(), stdio: "ignore" })
  const ended = new Promise((resolve) => child.once("close", resolve))
  await until(running, 60)
  await sleep(300)
  child.kill("SIGINT")
  expect(await ended).toBe(130)
  await until(async () => !(await running()), 5)
  const verdict = JSON.parse(readFileSync(join(out, "verdict.json"), "utf8")) as Verdict
  expect(verdict).toMatchObject({ status: "error", exitCode: 130 })
  expect(verdict.stages.find(({ name }) => name === "black")?.status).toBe("error")
})

it("debug opens a shell in which `again` repeats the stage", async () => {
  const command = ["node", SLIPWAY, "debug", "mypy", `--source=${GATES}/mypy`].join(" ")
  const env = { ...(await engineEnvironment()), TERM: "xterm" }
  const child = spawn("script", ["-qefc", command, "/dev/null"], { env })
  const timer = setTimeout(() => child.kill(), 60_000)
  const dialogue: [RegExp, string][] = [
    [/[#$] $/, "again; echo ended with $?"],
    [/ended with \d[^]*[#$] $/, "exit"],
  ]
  let [all, unread] = ["", ""]
  child.stdout.on("data", (data: Buffer) => {
    all += data.toString()
    // eslint-disable-next-line no-control-regex -- what a terminal acts upon is no part of the text
    unread = (unread + data.toString()).replace(/\x1b\[[\d;?]*[A-Za-z]/g, "")
    if (data.includes("\x1b]11;?")) child.stdin.write("\x1b]11;rgb:0000/0000/0000\x07")
    if (data.includes("\x1b[6n")) child.stdin.write("\x1b[1;1R")
    if (data.includes("\x1b[c")) child.stdin.write("\x1b[?62;22c")
    if (!dialogue[0]?.[0].test(unread)) return
    unread = ""
    child.stdin.write(`${dialogue.shift()?.[1] ?? ""}\n`)
  })
  const exitCode = await new Promise((resolve) => child.once("close", resolve))
  clearTimeout(timer)
  expect(all).toContain("What this stage runs, and `again` repeats:")
  expect(all).toContain('"code": "return-value"')
  expect(all).toContain("ended with 1")
  expect(exitCode).toBe(0)
})
