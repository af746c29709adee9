import { spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { beforeAll, describe, expect, it } from "vitest"
import { run as shell } from "../../dagger/lib/shell.js"
import { ExitCode } from "../../src/lib/errors.js"
import type { Verdict } from "../../src/lib/verdict.js"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { dagger, engineEnvironment } from "./dagger.js"
import { ci, copyOf, folder, service, SLIPWAY, slipway, statuses, write } from "./pipeline.js"
import { RELEASES } from "./supply.js"

beforeAll(engineEnvironment)

/** How often a run is interrupted: `SLIPWAY_INTERRUPTIONS=20` for a proof. */
const INTERRUPTIONS = Number(process.env["SLIPWAY_INTERRUPTIONS"] ?? 3)

/** A service that no other run has seen, with a file whose name is in the command of each tool that looks at it. */
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

describe("two runs at once, of the same source on one engine", () => {
  it("come to the same, each with all of its reports", async () => {
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
  it("leaves nothing running and no verdict that isn't true, and the next run is fine", async () => {
    const { source, name } = fresh()
    const begun = Date.now()
    const whole = await ci(source)
    expect(whole.exitCode, whole.stdout + whole.stderr).toBe(0)
    let time = Date.now() - begun
    for (let index = 0; index < INTERRUPTIONS; index += 1) {
      // Spread over the whole of a run, and nowhere twice the same.
      const moment = ((index + Math.random()) / INTERRUPTIONS) * time
      const file = `${name.slice(0, -3)}_${index}.py`
      write(source, {
        [file]: `"""The same, but new."""\n\nNUMBER = ${index}\n`,
        "slipway.yaml": settings(name, file),
      })
      // What is cached by now makes runs shorter.
      time = Math.min(time, await interrupted(source, file, moment))
    }
    const next = await ci(source)
    expect(next.exitCode, next.stdout + next.stderr).toBe(0)
    expect(statuses(next)).toEqual(statuses(whole))
  }, 1_200_000)
})

/** Runs `ci`, ends it after so many milliseconds, and looks at what is left. Returns how long a whole run takes, if it was one. */
async function interrupted(source: string, file: string, moment: number): Promise<number> {
  const begun = Date.now()
  const out = folder()
  const child = spawn("node", [SLIPWAY, "ci", `--source=${source}`, `--out=${out}`], {
    env: await engineEnvironment(),
    stdio: "ignore",
  })
  const ended = new Promise<number>((resolve) =>
    child.once("close", (code, signal) => resolve(signal === "SIGINT" ? 130 : (code ?? -1))),
  )
  await Promise.race([sleep(moment), ended])
  child.kill("SIGINT")
  const code = await ended
  const verdict = join(out, "verdict.json")
  const what = `after ${Math.round(moment)} ms`
  const whole = code === 130 ? Infinity : Date.now() - begun
  if (code === 130) expect(existsSync(verdict), what).toBe(false)
  else expect((JSON.parse(readFileSync(verdict, "utf8")) as Verdict).exitCode, what).toBe(code)
  // Of this machine's processes, and of those in the engine: tools have the file's name in their command.
  for (const pattern of [`source=${source}`, file])
    for (let tries = 0; await runs(pattern); tries += 1) {
      if (tries > 50) throw new Error(`${what} something with ${pattern} still runs`)
      await sleep(100)
    }
  return whole
}

const runs = async (pattern: string): Promise<boolean> =>
  (await shell({ nothrow: true })`pgrep -f -- ${`[${pattern.slice(0, 1)}]${pattern.slice(1)}`}`).exitCode ===
  0

it("a registry that nothing listens at: 3, and what to do", async () => {
  const source = write(copyOf(join(RELEASES, "tiny")), {
    "cosign.pub": "-----BEGIN PUBLIC KEY-----\nnone\n-----END PUBLIC KEY-----\n",
    "slipway.yaml": `image: { args: ["GREETING=hello"], platforms: [linux/amd64] }\nrelease: { registry: "127.0.0.1:9", repository: tiny, gates: [image], log: "off", key: cosign.pub }\n`,
  })
  const out = folder()
  const commit = ["--event=push", "--ref=refs/tags/v1.2.3", `--sha=${"0123456789".repeat(4)}`]
  const access = ["--plain-http", "--key=env://SLIPWAY_TEST_KEY", "--only=image,release"]
  const call = ["call", `--mod=${REPOSITORY}`, `--source=${source}`, "ci", ...commit, ...access]
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

describe("a disk without room for the reports", () => {
  it.each([
    ["of any size", "8k"],
    ["but for some of them", "96k"],
  ])("%s: 3, said in plain words, and no verdict", async (_, size) => {
    const { source } = fresh()
    const out = folder()
    await shell`mount -t tmpfs -o size=${size} none ${out}`
    try {
      const { exitCode, stderr } = await slipway("quality", `--source=${source}`, `--out=${out}`)
      expect(exitCode, stderr).toBe(ExitCode.infrastructure)
      expect(stderr).toMatch(/no space left/i)
      expect(stderr).toContain(out)
      expect(stderr).not.toMatch(/^ +at /m)
      expect(existsSync(join(out, "verdict.json"))).toBe(false)
    } finally {
      await shell`umount ${out}`
    }
  })
})
