import { cpSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, expect, it } from "vitest"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { run as shell } from "../../dagger/lib/shell.js"
import { stopped } from "../../src/lib/run/command.js"
import type { Verdict } from "../../src/lib/run/verdict.js"
import { engineEnvironment } from "./dagger.js"
import { serving } from "./gitDaemon.js"
import {
  callOn,
  ci,
  type CiRun,
  copyOf,
  folder,
  gate,
  runOn,
  SCANS,
  service,
  slipway,
  write,
} from "./pipeline.js"

/** Looks like a credential; assembled here, so that no scanner reports this file. */
const TOKEN = ["ghp", "0123456789abcdefghijABCDEFGHIJ012345"].join("_")

/** A service in which every stage of a pull request fails. */
const source = copyOf(
  ...["black", "isort", "flake8", "mypy", "bandit"].map(gate),
  ...["suppressions", "vulnerabilities", "misconfiguration"].map((name) => join(SCANS, name)),
)

/** Commits everything in a repository's folder, and returns the commit. */
async function committed(cwd: string): Promise<string> {
  const git = shell({ cwd, env: { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null" } })
  await git`git add --all`
  await git`git -c user.name=a -c user.email=a@localhost commit --quiet -m x`
  return (await git`git rev-parse HEAD`).stdout.trim()
}

let broken: CiRun
let verdict = ""

beforeAll(async () => {
  await engineEnvironment()
  cpSync(join(SCANS, "vulnerabilities/requirements.txt"), join(source, "requirements.txt"))
  write(source, {
    "secret.py": `HEADERS = {"Authorization": "token ${TOKEN}"}\n`,
    "tests/test_unit.py": "def test_unit():\n    assert 1 == 2\n",
    "tests/integration/test_integration.py": "def test_integration():\n    assert 1 == 2\n",
    "terraform/network.tf": `${readFileSync(join(source, "terraform/network.tf"), "utf8")}\nlocals {\n a = 1\n}\n`,
    Dockerfile: "FROM python:3.11-slim\nRUN echo broken && exit 3\n",
    "slipway.yaml":
      "image: { platforms: [linux/amd64] }\ninfra: { checks: [format] }\ntests: { services: [], reruns: 0 }\n",
  })
  await shell`git init --quiet --initial-branch=trunk ${source}`
  await committed(source)
  broken = await ci(source, "--event=pull_request", "--base-ref=main", "--fork")
  verdict = join(broken.out, "verdict.json")
})

it("repro repeats every failure of a run, and nothing else", async () => {
  const failed = broken.verdict?.stages.filter(stopped) ?? []
  expect(failed.map(({ name }) => name)).toEqual([
    "black",
    "isort",
    "flake8",
    "mypy",
    "bandit",
    "vulnerabilities",
    "secrets",
    "misconfiguration",
    "suppressions",
    "unit",
    "integration",
    "coverage",
    "format",
    "build",
  ])
  const again = await slipway("repro", verdict)
  expect(again.exitCode, again.stderr).toBe(1)
  expect(again.stderr).toContain(`source: ${source}, which holds the same`)
  for (const { name } of failed) expect(again.stderr).toContain(`${name}: the same as in that run\n`)
  const repeated = JSON.parse(readFileSync(join(broken.out, "repro/verdict.json"), "utf8")) as Verdict
  const known = ({ name, status, reason, exitCode }: Verdict["stages"][number]) => ({
    name,
    status,
    reason,
    exitCode,
  })
  expect(repeated.stages.map(known)).toEqual(failed.map(known))
  expect(JSON.parse(readFileSync(verdict, "utf8"))).toEqual(broken.verdict)
})

it("repro repeats a single stage at its commit, though the repository has moved on", async () => {
  writeFileSync(join(source, "worker.py"), "X: int = 1\n")
  await committed(source)
  const out = folder()
  const again = await slipway("repro", verdict, "mypy", `--out=${out}`)
  expect(again.exitCode, again.stderr).toBe(1)
  expect(again.stderr).toMatch(/source: the commit \w{12} of the repository at /)
  expect(again.stderr).toContain("mypy: the same as in that run\n")
  expect(again.stdout).toContain("worker.py:7:12: Incompatible return value type")
  const { stages } = JSON.parse(readFileSync(join(out, "verdict.json"), "utf8")) as Verdict
  expect(stages.map(({ name }) => name)).toEqual(["mypy"])
})

it("repro repeats a source at a git address at its commit, though the branch has moved on", async () => {
  const [moving, served] = [copyOf(gate("black")), folder()]
  const repository = join(served, "black.git")
  await shell`git init --quiet --bare ${repository}`
  await shell`git init --quiet --initial-branch=trunk ${moving}`
  const at = await committed(moving)
  await shell`git -C ${moving} push --quiet ${repository} trunk`
  const [out, history] = [folder(), join(write(folder(), { "history.txt": "" }), "history.txt")]
  await serving(served, async (address) => {
    const source = `${address}/black.git#trunk`
    const notify = ["with-notify", "--who=ada", "--run-url=https://ci.example.com/7", `--history=${history}`]
    const call = ["with-deploy", "--scale=0.5", ...notify, "with-commit", `--sha=${at}`, "ci", "--only=black"]
    const invocation = `--invocation=dagger call -m ${REPOSITORY} --source=${source}`
    const first = await callOn(source, invocation, ...call, "export", `--path=${out}`)
    expect(first.exitCode, first.stderr).toBe(0)
    writeFileSync(join(moving, "health.py"), "")
    await committed(moving)
    await shell`git -C ${moving} push --quiet ${repository} trunk`
    const again = await slipway("repro", join(out, "verdict.json"))
    expect(again.exitCode, again.stderr).toBe(1)
    expect(again.stderr).toContain(`source: ${address}/black.git#${at}\n`)
    expect(again.stderr).toContain("black: the same as in that run\n")
  })
  const { run } = JSON.parse(readFileSync(join(out, "verdict.json"), "utf8")) as Verdict
  expect(run.inputs?.arguments).toEqual({
    only: ["black"],
    scale: "0.5",
    who: "ada",
    runUrl: "https://ci.example.com/7",
    history: expect.stringMatching(/^sha256:/) as string,
  })
})

it("secrets with the same value keep their names, within a run and across concurrent runs", async () => {
  const files = write(folder(), { TOKEN: "the same", OTHER_TOKEN: "the same", THIRD_TOKEN: "the same" })
  const addresses = ["TOKEN", "OTHER_TOKEN", "THIRD_TOKEN"].map((name) => `file://${join(files, name)}`)
  const broken = service({ "main.py": "", Dockerfile: "FROM scratch\nCOPY absent /\n" })
  const made = (secrets: string[]) => runOn("image", broken, ...secrets.map((each) => `--secret=${each}`))
  const runs = await Promise.all([made(addresses.slice(0, 2)), made(addresses.slice(2))])
  const named = runs.map(({ verdict: left }) => left?.run.inputs?.secrets["secrets"])
  expect(named).toEqual([addresses.slice(0, 2), addresses.slice(2)])
  for (const each of runs) expect(each.stage("build").reason).toContain("absent")
})
