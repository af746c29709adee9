import { createHash, randomUUID } from "node:crypto"
import { existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect } from "vitest"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { run } from "../../dagger/lib/shell.js"
import type { Verdict } from "../../src/lib/run/verdict.js"
import type { Ended } from "./dagger.js"

// A home of its own with the builds of the machine's home: these tests don't touch the engine that others use.
export const home = mkdtempSync(join(tmpdir(), "kit-"))
export const id = `slipway-${createHash("sha256").update(home).digest("hex").slice(0, 8)}`
export const shell = run({ nothrow: true })

export async function slipway(args: string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  // `npm test` points to the machine's engine, which this home must not use.
  const base = { ...process.env, _EXPERIMENTAL_DAGGER_RUNNER_HOST: "", SLIPWAY_HOME: home }
  const options = { nothrow: true, env: { ...base, ...env } }
  const { exitCode, stdout, stderr } = await run(
    options,
  )`${process.execPath} ${join(REPOSITORY, "dagger/slipway.js")} ${args}`
  return { exitCode, stdout, stderr }
}

export async function up(): Promise<{ stderr: string }> {
  const { exitCode, stderr } = await slipway(["engine", "up"])
  expect(stderr).toContain("engine ready")
  expect(exitCode).toBe(0)
  return { stderr }
}

interface State {
  pid: number
  networks: { link: string; containers: string }
}

export const state = (): State => JSON.parse(readFileSync(join(home, "run/state.json"), "utf8")) as State

/** Runs a script of Dagger's shell in this home's engine. */
export async function script(text: string, module = "--no-mod"): Promise<string> {
  const env = {
    ...process.env,
    _EXPERIMENTAL_DAGGER_RUNNER_HOST: `unix://${join(home, "run/engine.sock")}`,
    DO_NOT_TRACK: "1",
    NO_COLOR: "1",
  }
  return (await run({ env, cwd: home })`${join(home, "bin/dagger")} --progress=plain ${module} -c ${text}`)
    .stdout
}

export const MODULE = `--mod=${REPOSITORY}`

/** Reads the verdict that a run left in this folder, and expects its exit code. */
export function verdictIn(out: string, exitCode: number): Verdict {
  const verdict = JSON.parse(readFileSync(join(home, out, "verdict.json"), "utf8")) as Verdict
  expect(verdict).toMatchObject({ exitCode, status: exitCode === 0 ? "passed" : "error" })
  return verdict
}

export function logIn(out: string): string {
  const file = join(home, out, "logs/dagger.log")
  return existsSync(file) ? readFileSync(file, "utf8") : ""
}

/** Appends a line to a file in a cache volume, and returns the whole file. */
export const remember = (line: string): Promise<string> =>
  script(`container | from debian:bookworm-slim | with-mounted-cache /cache $(cache-volume kept) |
    with-env-variable RUN ${randomUUID()} |
    with-exec -- sh -c "echo ${line} >> /cache/lines; cat /cache/lines" | stdout`)

/** True if a process has ended, even if its parent has not waited for it yet. */
export const gone = (pid: number): boolean =>
  !existsSync(`/proc/${pid}/stat`) || readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ")

/** Collects everything that an engine could leave on this machine outside its home. */
export async function traces(): Promise<Record<string, string[]>> {
  const lines = async (command: Promise<{ stdout: string }>) =>
    (await command).stdout
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => line.replace(/\[\d+:\d+\]/, ""))
  return {
    mounts: readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .filter((line) => line.includes(home)),
    interfaces: readdirSync("/sys/class/net").sort(),
    legacy: await lines(shell`iptables-legacy-save -t filter`),
    legacyNat: await lines(shell`iptables-legacy-save -t nat`),
    nft: await lines(shell`iptables-nft-save`),
    routes: readFileSync("/proc/net/route", "utf8").split("\n"),
    handlers: await lines(
      shell`unshare --mount --propagation private -- sh -c ${"mount -t binfmt_misc none /mnt && ls /mnt | grep ^$0"} ${id}`,
    ),
    cgroups: await lines(shell`find /sys/fs/cgroup -maxdepth 2 -name ${id}`),
  }
}

/** Lists every file of the host's system folders with its change time. */
export async function hostFiles(): Promise<string> {
  const places = [
    "/etc",
    "/usr/bin",
    "/usr/sbin",
    "/usr/lib/cni",
    "/usr/local/bin",
    "/opt/cni",
    "/usr/local/share",
  ]
  const { stdout } = await shell`find ${places} -printf ${"%p %l %C+\\n"}`
  return stdout
}
