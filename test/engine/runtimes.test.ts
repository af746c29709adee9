import { existsSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { builtBinaries, DAGGER_VERSION } from "../../dagger/kit/engine/binaries.js"
import { CONTAINERS_MIRROR, MIRRORED_REGISTRIES } from "../../dagger/lib/addresses.js"
import type { DoctorFinding } from "../../dagger/cli/doctor/finding.js"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { startTimeOf } from "../../dagger/lib/process.js"
import { run } from "../../dagger/lib/shell.js"
import { STAGES } from "../../src/lib/pipeline/stages.js"
import type { Verdict } from "../../src/lib/run/verdict.js"
import { engineEnvironment } from "./dagger.js"
import { copyOf, runOn, SLIPWAY, statuses } from "./pipeline.js"
import { ENGINE_IMAGE, engineImage } from "./runtimes/image.js"
import { Machine } from "./runtimes/machine.js"

/** A service that fails one gate: an import isn't used. */
const source = copyOf(
  join(REPOSITORY, "test/fixtures/releases/tiny"),
  join(REPOSITORY, "test/fixtures/runtimes"),
)

/** What a merge queue runs: all checks, up to the image. */
const GROUPS = ["quality", "security", "tests", "infra", "image"] as const

const machines: Machine[] = []
afterAll(async () => {
  for (const machine of machines) await machine.end()
})

/** Starts a machine whose user has installed `dagger` and set up what the network here asks for. */
async function machineWithDagger(): Promise<Machine> {
  const built = await builtBinaries()
  const machine = new Machine()
  machines.push(machine)
  await machine.start([REPOSITORY, source, built])
  const mirrors = MIRRORED_REGISTRIES.map((name) => [name, { mirrors: [CONTAINERS_MIRROR] }] as const)
  const settings = JSON.stringify({
    registries: { ...Object.fromEntries(mirrors), [CONTAINERS_MIRROR]: { http: true } },
    // By default the engine empties its cache after a run if less than a fifth of the disk is free.
    gc: { maxUsedSpace: "20GB", minFreeSpace: "1GB" },
  })
  await machine.done(`ln -s ${built}/dagger /usr/local/bin/
    mkdir -p .config/dagger/ca-certificates
    find /usr/local/share/ca-certificates -name '*.crt' -exec cp -t .config/dagger/ca-certificates {} +
    echo '${settings}' > .config/dagger/engine.json`)
  return machine
}

/** Gives a runtime the engine's image, which `dagger` would pull otherwise. */
async function importImage(machine: Machine, runtime: "docker" | "podman"): Promise<void> {
  const { content, changes } = await engineImage(machine.work)
  const options = changes.map((change) => `--change '${change}'`).join(" ")
  await machine.done(`${runtime} import ${options} - ${ENGINE_IMAGE}`, content())
}

/** Runs Slipway's command on a machine, and reads the verdict. */
async function ciOn(machine: Machine): Promise<Verdict> {
  const ended = await machine.run(`node ${SLIPWAY} ci --event=merge_queue --source=${source} --out=/out/ci`)
  expect(ended.exitCode, ended.stderr).toBe(1)
  return JSON.parse(readFileSync(join(machine.work, "out/ci/verdict.json"), "utf8")) as Verdict
}

/** What is the same of a verdict wherever it ran: all but the run's id, times, and what came from a cache. */
const comparable = ({ run, stages, record = {}, ...verdict }: Verdict): unknown => ({
  ...verdict,
  milliseconds: 0,
  record: Object.entries(record).map(([stage, { tests, ...known }]) => ({
    ...known,
    stage,
    tests: tests?.map((test) => ({ ...test, seconds: 0 })),
  })),
  run: { ...run, id: "", startedAt: "" },
  stages: stages.map((stage) => ({
    ...stage,
    reason: stage.reason.replace(/in \d+\.\d s/, "in … s"),
    milliseconds: 0,
    cached: null,
  })),
})

const DOCKER = `setsid dockerd > /out/dockerd.log 2>&1 < /dev/null &
  until docker version; do sleep 0.1; done`

beforeAll(engineEnvironment)

it("podman is named to dagger, and doctor says why, if docker is installed and its daemon doesn't run", async () => {
  const machine = await machineWithDagger()
  const engine = async (command: string) =>
    (await machine.done(`node ${SLIPWAY} engine ${command}`)).stdout.trimEnd()
  expect(await engine("status")).toBe(`engine  runtime: dagger ${DAGGER_VERSION} and podman are here`)
  expect(await engine("env")).toBe(`export _EXPERIMENTAL_DAGGER_RUNNER_HOST='image+podman://${ENGINE_IMAGE}'`)
  const { stdout } = await machine.run(`node ${SLIPWAY} doctor --source=${source} --json`)
  const { findings } = JSON.parse(stdout) as { findings: DoctorFinding[] }
  const about = findings.find(({ name }) => name === "docker")
  expect(about?.status).toBe("warning")
  expect(about?.value).toContain("doesn't answer: Cannot connect to the Docker daemon at unix:")
  await machine.done(DOCKER)
  expect(await engine("status")).toBe(`engine  runtime: dagger ${DAGGER_VERSION} and docker are here`)
  expect(await engine("env")).toBe("")
  await machine.end()
})

it("a service has the same verdict through Docker, through podman and on the kit's engine", async () => {
  const kit = await runOn("ci", source, "--event=merge_queue")
  const failed = Object.entries(statuses(kit)).filter(([, status]) => status === "failed")
  expect(failed, kit.stderr).toEqual([["flake8", "failed"]])
  expect(Object.keys(statuses(kit))).toEqual(GROUPS.flatMap((group): readonly string[] => STAGES[group]))
  const expected = kit.verdict && comparable(kit.verdict)

  const docker = await machineWithDagger()
  await docker.done(DOCKER)
  await importImage(docker, "docker")
  expect(comparable(await ciOn(docker))).toEqual(expected)
  expect((await docker.done("docker ps --format '{{.Names}}'")).stdout).toBe(
    `dagger-engine-${DAGGER_VERSION}\n`,
  )
  await docker.end()

  const podman = await machineWithDagger()
  await importImage(podman, "podman")
  expect(comparable(await ciOn(podman))).toEqual(expected)
  expect((await podman.done("podman ps --format '{{.Names}}'")).stdout).toBe(
    `dagger-engine-${DAGGER_VERSION}\n`,
  )
  await podman.end()
}, 1_800_000)

it("a machine's end leaves nothing of its runtimes here", async () => {
  const machine = await machineWithDagger()
  await machine.done(`${DOCKER}; docker network create left`)
  const ids = machine.processes()
  expect(ids.length).toBeGreaterThan(3)
  await machine.end()
  expect(ids.filter((id) => startTimeOf(id) !== undefined)).toEqual([])
  expect(existsSync(machine.work)).toBe(false)
  const { stdout } = await run`find /sys/fs/cgroup -name ${basename(machine.work)}`
  expect(stdout).toBe("")
})
