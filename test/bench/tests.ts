import { join } from "node:path"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { type HostTests, hostTests, type MakeVenv, venvMaker } from "./host.js"
import { type Line, measure, print, type Row, times } from "./measure.js"
import { expectCached, type Place } from "./place.js"
import { startServices } from "./services.js"

/** Measures the sample's tests with Slipway against the same tools on this machine, with the same services. */
export async function benchTests(place: Place, rounds: number): Promise<void> {
  const app = place.copy("test/app", "tested")
  const services = await startServices(place)
  try {
    const venv = await venvMaker(place, app)
    const python = await venv("venv")
    const host = hostTests(place, app, services)
    await host.ready(python)
    const rows = [...hostRows(host, python, venv), ...slipwayRows(place, app)]
    const edited = rows.map((row) => ({
      ...row,
      prepare: () => {
        place.edit(join(app, "src/audio_upscaler/logs.py"), "# edit")
        row.prepare?.()
      },
    }))
    report(await measure([...edited, ...unedited(place, app)], rounds))
  } finally {
    await services.end()
  }
}

const HOST = {
  unit: "host: unit",
  integration: "host: integration",
  all: "host: all in turn, and coverage",
  cold: "host: all, packages installed first",
}
const SLIPWAY = {
  unit: "slipway: unit",
  integration: "slipway: integration",
  all: "slipway tests, one file edited",
  cold: "slipway tests, packages never seen",
  cached: "slipway tests, nothing changed",
}

const timed = async (work: Promise<void>): Promise<number> => {
  const begun = performance.now()
  await work
  return performance.now() - begun
}

function hostRows({ unit, integration, coverage }: HostTests, python: string, venv: MakeVenv): Row[] {
  const all = async (python: string) => {
    const [first, second] = [await timed(unit(python)), await timed(integration(python))]
    await coverage(python)
    return { [HOST.unit]: first, [HOST.integration]: second }
  }
  const cold = async () => {
    await all(await venv("cold"))
    return {}
  }
  return [
    { name: HOST.all, work: () => all(python) },
    { name: HOST.cold, noWarmUp: true, rare: true, work: cold },
  ]
}

function slipwayRows({ slipway, dagger, write, fresh }: Place, app: string): Row[] {
  const gate = (name: string) => async () => {
    await dagger("call", `--mod=${REPOSITORY}`, `--source=${app}`, "tests", name)
    return {}
  }
  const tests = async () => {
    const run = await slipway("tests", app)
    for (const name of ["unit", "integration"]) expectCached(run, name, false)
    return {}
  }
  // The same index under a new URL: every step from the base image on is new to the engine.
  const index = () => `python: { index: "https://pypi.org/${fresh()}/../simple" }\n`
  const settings = (text: () => string) => () => write(join(app, "slipway.yaml"), text())
  const usual = settings(() => "version: 1\n")
  return [
    // These two need no warm-up beyond that by `slipway tests`.
    { name: SLIPWAY.unit, noWarmUp: true, prepare: usual, work: gate("unit") },
    { name: SLIPWAY.integration, noWarmUp: true, prepare: usual, work: gate("integration") },
    { name: SLIPWAY.cold, noWarmUp: true, rare: true, prepare: settings(index), work: tests },
    { name: SLIPWAY.all, prepare: usual, work: tests },
  ]
}

/** Returns rows that run after `slipway tests` on the same source. */
function unedited({ slipway }: Place, app: string): Row[] {
  const work = async () => {
    const run = await slipway("tests", app)
    for (const name of ["unit", "integration", "coverage"]) expectCached(run, name, true)
    return {}
  }
  return [{ name: SLIPWAY.cached, work }]
}

function report(series: Awaited<ReturnType<typeof measure>>): void {
  const against = (base: string) => times(series, base)
  const lines: Line[] = [
    [HOST.unit],
    [HOST.integration],
    [HOST.all],
    [HOST.cold],
    [SLIPWAY.unit, against(HOST.unit)],
    [SLIPWAY.integration, against(HOST.integration)],
    [SLIPWAY.all, against(HOST.all)],
    [SLIPWAY.cached, against(HOST.all)],
    [SLIPWAY.cold, against(HOST.cold)],
  ]
  print(
    "tests of the sample service (the host's services run all the time, behind tunnels and a relay)",
    series,
    lines,
  )
  console.log(
    "never seen: all is resolved and installed anew; Slipway's tools come from a layer, all else from the index",
  )
}
