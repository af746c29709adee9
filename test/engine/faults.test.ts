import { spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { beforeAll, describe, expect, it } from "vitest"
import { run as shell } from "../../dagger/lib/shell.js"
import { ExitCode } from "../../src/lib/errors/catalogue.js"
import type { Verdict } from "../../src/lib/run/verdict.js"
import { paths, REPOSITORY } from "../../dagger/lib/home.js"
import { dagger, engineEnvironment } from "./dagger.js"
import { ci, copyOf, folder, service, SLIPWAY, slipway, statuses, write } from "./pipeline.js"
import { RELEASES } from "./supply.js"
import { until, withinTheHour } from "./until.js"

beforeAll(engineEnvironment)

/** Number of interruptions: set `SLIPWAY_INTERRUPTIONS=20` for a thorough run. */
const INTERRUPTIONS = Number(process.env["SLIPWAY_INTERRUPTIONS"] ?? 3)
/** Seed of the moments of interruption: set `SLIPWAY_SEED` to repeat those of a failed run. */
const SEED = Number(process.env["SLIPWAY_SEED"] ?? Math.floor(Math.random() * 2 ** 31))

/** State of Lehmer's random number generator, which yields numbers from 0 up to 1. */
let drawn = (SEED % 2147483646) + 1
function random(): number {
  drawn = (drawn * 48271) % 2147483647
  return drawn / 2147483647
}
// Small seeds yield values close to 0 at first.
for (let index = 0; index < 5; index += 1) random()

/**
 * Creates a service that no other run has used, with a file whose name appears in the command of every tool that
 * reads it.
 */
function fresh(): { source: string; name: string } {
  const name = `only_${randomUUID().replaceAll("-", "")}.py`
  const text = `"""Something that nobody else has."""\n\nNAME = "${name}"\n`
  const test = `import ${name.slice(0, -3)} as made\n\n\ndef test_name() -> None:\n    assert made.NAME\n`
  const source = service({
    [name]: text,
    "test_name.py": test,
    "slipway.yaml": settings(name),
    "pyproject.toml": `[project]\nname = "fresh"\nversion = "1.0.0"\n\n[tool.isort]\nprofile = "black"\n`,
  })
  return { source, name }
}

const settings = (...paths: string[]): string =>
  `quality:\n  paths: [${paths.join(", ")}]\ntests:\n  coverage: { above: 0 }\n`

describe("two concurrent runs of the same source on one engine", () => {
  it("have the same result, each with all of its reports", async () => {
    const { source } = fresh()
    const [one, other] = await Promise.all([ci(source), ci(source)])
    expect(one.exitCode, one.stdout + one.stderr).toBe(0)
    expect(other.exitCode, other.stdout + other.stderr).toBe(0)
    expect(statuses(one)).toEqual(statuses(other))
    expect(one.verdict?.run.id).not.toBe(other.verdict?.run.id)
    for (const each of [one, other])
      for (const file of ["summary.md", "report.html", "junit/tests.xml", "sarif/mypy.sarif"])
        expect(each.read(file).length, file).toBeGreaterThan(0)
  })
})

describe("Ctrl-C at any moment", () => {
  it("leaves no process and a correct verdict, and the next run completes the rest", async () => {
    const { source, name } = fresh()
    const renew = (index: number | string): string => {
      const file = `${name.slice(0, -3)}_${index}.py`
      const text = `"""The same, but new."""\n\nNUMBER = "${index}"\n`
      write(source, { [file]: text, "slipway.yaml": settings(name, file) })
      return file
    }
    console.log(`SLIPWAY_SEED=${SEED}`)
    const whole = await ci(source)
    expect(whole.exitCode, whole.stdout + whole.stderr).toBe(0)
    // A second run under the conditions of those below: all tools are cached, and one file is new.
    let time = (await interrupted(source, renew("whole"), 600_000)).milliseconds
    for (let index = 0; index < INTERRUPTIONS; index += 1) {
      // Moments are spread over a whole run, and no two are the same.
      const moment = Math.round(((index + random()) / INTERRUPTIONS) * time)
      const twice = random() < 0.3 ? Math.round(random() * 2000) : undefined
      await withinTheHour(90)
      const ended = await interrupted(source, renew(index), moment, twice)
      // Later runs get shorter as more is cached.
      if (ended.code === 0) time = Math.min(time, ended.milliseconds)
      const next = await ci(source)
      expect(next.exitCode, next.stdout + next.stderr).toBe(0)
      expect(statuses(next)).toEqual(statuses(whole))
      // Stages recorded as passed are not run again.
      const passed = ended.stages.filter(({ status }) => status === "passed").map((stage) => stage.name)
      expect(passed.filter((stage) => next.stage(stage).cached === false)).toEqual([])
    }
  }, 3_600_000)
})

interface Interrupted {
  code: number
  milliseconds: number
  stages: Verdict["stages"]
}

/**
 * Runs `ci`, interrupts it after some milliseconds, optionally once more after some others, and checks what is left.
 */
async function interrupted(
  source: string,
  file: string,
  moment: number,
  twice?: number,
): Promise<Interrupted> {
  const begun = Date.now()
  const out = folder()
  const trace = randomUUID().replaceAll("-", "")
  const child = spawn("node", [SLIPWAY, "ci", `--source=${source}`, `--out=${out}`], {
    env: { ...(await engineEnvironment()), TRACEPARENT: `00-${trace}-0123456789abcdef-01` },
    stdio: "ignore",
  })
  const ended = new Promise<number>((resolve) =>
    child.once("close", (code, signal) => resolve(signal === "SIGINT" ? 130 : (code ?? -1))),
  )
  await Promise.race([sleep(moment), ended])
  child.kill("SIGINT")
  if (twice !== undefined) await Promise.race([sleep(twice), ended])
  if (twice !== undefined) child.kill("SIGINT")
  const code = await ended
  const milliseconds = Date.now() - begun
  const stages = verdictAfter(code, out)
  const known = stages.filter(({ status }) => status !== "error").length
  const what = `after ${moment} ms${twice === undefined ? "" : ` and ${twice} more`}`
  console.log(`${what}: ${code} after ${milliseconds} ms, ${known} of ${stages.length} stages ended`)
  // Check the processes of this machine and of the engine: tools have the file's name in their command.
  for (const pattern of [`source=${source}`, file])
    await until(
      async () => !(await runs(pattern)),
      5,
      () => `${what} something with ${pattern} still runs`,
    )
  await until(
    () => sessionsLeft(trace).length === 0,
    30,
    () => `${what} its session is still there`,
  )
  return { code, milliseconds, stages }
}

/** Returns the stages of the verdict, once they match the exit code. */
function verdictAfter(code: number, out: string): Verdict["stages"] {
  const left = readdirSync(out, { recursive: true, encoding: "utf8" }).sort()
  // The command had not started: Node itself was still loading.
  if (code === 130 && left.length === 0) return []
  const verdict = JSON.parse(readFileSync(join(out, "verdict.json"), "utf8")) as Verdict
  expect(verdict.exitCode).toBe(code)
  if (code !== 130) return verdict.stages
  expect(verdict.status).toBe("error")
  expect(verdict.problem).toMatch(/^interrupted\n→ run the same again/)
  // Other reports must be absent rather than incomplete.
  expect(left.filter((name) => !/^logs(\/dagger\.log)?$/.test(name))).toEqual(["summary.md", "verdict.json"])
  for (const { name, status, reason } of verdict.stages)
    if (status === "error") expect(reason, name).toBe("not known to have ended: interrupted")
  return verdict.stages
}

/** Lists the sessions of a trace that the engine hasn't ended; empty if the engine's log can't be read. */
function sessionsLeft(trace: string): string[] {
  const file = join(paths.logs, "engine.log")
  const log = existsSync(file) ? readFileSync(file, "utf8") : ""
  const lines = log.split("\n").filter((line) => line.includes(trace))
  const sessions = new Set(lines.flatMap((line) => / session_id=(\w+)/.exec(line)?.[1] ?? []))
  return [...sessions].filter((id) => !log.includes(`msg="session removed" session=${id}`))
}

const runs = async (pattern: string): Promise<boolean> =>
  (await shell({ nothrow: true })`pgrep -f -- ${`[${pattern.slice(0, 1)}]${pattern.slice(1)}`}`).exitCode ===
  0

it("publish to a registry that nothing listens at ends with 3, and reports what to do", async () => {
  const source = write(copyOf(join(RELEASES, "tiny")), {
    "cosign.pub": "-----BEGIN PUBLIC KEY-----\nnone\n-----END PUBLIC KEY-----\n",
    "slipway.yaml": `image: { args: ["GREETING=hello"], platforms: [linux/amd64] }\nrelease: { registry: "127.0.0.1:9", repository: tiny, source: "https://git.example.com/team/tiny", gates: [image], log: false, key: cosign.pub }\n`,
  })
  const out = folder()
  const access = ["with-registry", "--plain-http", "with-signer", "--key=env://SLIPWAY_TEST_KEY"]
  const commit = ["with-commit", `--sha=${"0123456789".repeat(4)}`]
  const ci = ["ci", "--event=push", "--ref=refs/tags/v1.2.3", "--only=image,release"]
  const call = ["call", `--mod=${REPOSITORY}`, `--source=${source}`, ...access, ...commit, ...ci]
  const env = { SLIPWAY_TEST_KEY: "no key, which nobody comes to need" }
  const { exitCode, stderr } = await dagger([...call, "export", `--path=${out}`], { cwd: REPOSITORY, env })
  expect(exitCode, stderr).toBe(0)
  const verdict = JSON.parse(readFileSync(join(out, "verdict.json"), "utf8")) as Verdict
  expect(verdict.exitCode).toBe(ExitCode.infrastructure)
  const published = verdict.stages.find(({ name }) => name === "publish")
  expect(published).toMatchObject({ status: "error", exitCode: ExitCode.infrastructure })
  expect(published?.reason).toMatch(/nothing listens on 127\.0\.0\.1:9/)
  expect(readFileSync(join(out, "failures.txt"), "utf8")).toMatch(/see whether the registry runs/)
  expect(verdict.stages.filter(({ status }) => status === "skipped").map(({ name }) => name)).toEqual([
    "sign",
    "attest",
    "verify",
    "tag",
  ])
})

describe("a disk without space for the reports", () => {
  it.each([
    ["of any size", "8k"],
    ["but for some of them", "96k"],
  ])("%s ends the run with 3 and a plain message, and leaves no other verdict", async (_, size) => {
    const { source } = fresh()
    const out = folder()
    await shell`mount -t tmpfs -o size=${size} none ${out}`
    try {
      const { exitCode, stderr } = await slipway("quality", `--source=${source}`, `--out=${out}`)
      expect(exitCode, stderr).toBe(ExitCode.infrastructure)
      expect(stderr).toMatch(/no space left/i)
      expect(stderr).toContain(out)
      expect(stderr).not.toMatch(/^ +at /m)
      const file = join(out, "verdict.json")
      // There may be space for the verdict once the incomplete reports are deleted.
      if (existsSync(file)) expect(readFileSync(file, "utf8")).toContain(`"exitCode": 3`)
    } finally {
      await shell`umount ${out}`
    }
  })
})
