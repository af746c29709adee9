import { readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { type Buildah, findBuildah } from "./buildah.js"
import { processorTime } from "./cpu.js"
import { printSizes } from "./imageSizes.js"
import { type Line, measure, print, type Row, type Series, times } from "./measure.js"
import { type Place, type SlipwayRun, stageOf } from "./place.js"

/** Edit of the service before its image is built. */
const EDITED = "one file edited"
const SAME = "nothing changed"
const PACKAGES = "packages never seen"
const COLD = "every step new"

const HOST = process.arch === "arm64" ? "linux/arm64" : "linux/amd64"
const BOTH = "linux/amd64, linux/arm64"
const COMMAND = `[uvicorn, "audio_upscaler.asgi:app", --host, "0.0.0.0", --port, "8000"]`

const ONE_PLATFORM = "one platform"
const TWO_PLATFORMS = "two platforms"
const OWN = "own, two platforms"
const BUILDAH = "buildah"

const FIRST_PUSH = "publish stage, new image"
const SAME_PUSH = "publish stage, nothing changed"

/** Names the build's part of a row's time. */
const buildOf = (row: string): string => `${row}: build`
const processorsOf = (row: string): string => `${row}: CPU`

/**
 * Measures one platform's image against two, and Slipway against buildah with the same Dockerfile; then prints image
 * sizes.
 */
export async function benchImages(place: Place, rounds: number): Promise<void> {
  const buildah = await findBuildah(place)
  const rows = [
    ...dockerfileRows(place, ONE_PLATFORM, HOST),
    ...dockerfileRows(place, TWO_PLATFORMS, BOTH),
    ...ownRows(place),
    ...(typeof buildah === "string" ? [] : buildahRows(place, buildah)),
    ...publishRows(place),
  ]
  report(await measure(rows.map(withProcessors), rounds))
  if (typeof buildah === "string") console.log(`without buildah: ${buildah}`)
  if (processorTime() === undefined) console.log("without CPU: the engine is not one that Slipway made")
  await printSizes(place, { platforms: BOTH, command: COMMAND })
}

const withProcessors = ({ work, ...row }: Row): Row => ({
  ...row,
  work: async () => {
    const before = processorTime()
    const parts = await work()
    const after = processorTime()
    if (before === undefined || after === undefined) return parts
    return { ...parts, [processorsOf(row.name)]: after - before }
  },
})

/** Copies the sample service, and returns edits that each rebuild another part of its image. */
function sample({ copy, edit, write, fresh }: Place, name: string, settings: string) {
  const app = copy("test/app", name)
  const dockerfile = readFileSync(join(app, "Dockerfile"), "utf8")
  const configure = (more = "") => write(join(app, "slipway.yaml"), `image: { ${settings} }\n${more}`)
  configure()
  return {
    app,
    /** Sets the same index under a new URL. */
    index: () => configure(`python: { index: "https://pypi.org/${fresh()}/../simple" }\n`),
    source: () => edit(join(app, "src/audio_upscaler/logs.py"), "# edit"),
    requirements: () => edit(join(app, "requirements.txt"), "# edit"),
    firstStep: () =>
      write(join(app, "Dockerfile"), dockerfile.replace(/^FROM .* AS builder$/m, `$&\nENV BENCH=${fresh()}`)),
  }
}

function dockerfileRows(place: Place, name: string, platforms: string): Row[] {
  const settings = `platforms: [${platforms}]`
  const { app, source, requirements, firstStep } = sample(place, name.replaceAll(" ", "-"), settings)
  return rowsOf(name, (row) => imageWork(place, row, app), {
    ...(name === ONE_PLATFORM && { [COLD]: firstStep }),
    [PACKAGES]: requirements,
    [EDITED]: source,
  })
}

function ownRows(place: Place): Row[] {
  const { app, source, index } = sample(place, "own", `platforms: [${BOTH}], command: ${COMMAND}`)
  rmSync(join(app, "Dockerfile"))
  return rowsOf(OWN, (row) => imageWork(place, row, app), { [PACKAGES]: index, [EDITED]: source })
}

function buildahRows(place: Place, { build, layout }: Buildah): Row[] {
  const { app, source, firstStep } = sample(place, BUILDAH, `platforms: [${HOST}]`)
  const work = (row: string) => async () => {
    const begun = performance.now()
    await build(app)
    const built = performance.now() - begun
    await layout()
    return { [buildOf(row)]: built }
  }
  return rowsOf(BUILDAH, work, { [COLD]: firstStep, [EDITED]: source })
}

/** Returns a row for each edit, and then one without. The first rows take long, and warm up for the others. */
function rowsOf(
  name: string,
  work: (row: string) => Row["work"],
  edits: Readonly<Record<string, () => void>>,
): Row[] {
  const edited = Object.entries(edits).map(([edit, prepare]): Row => {
    const row = `${name}, ${edit}`
    return { name: row, prepare, work: work(row), rare: edit !== EDITED, noWarmUp: true }
  })
  const same = `${name}, ${SAME}`
  return [...edited, { name: same, work: work(same), noWarmUp: true }]
}

const imageWork =
  ({ slipway }: Place, row: string, app: string) =>
  async () => ({ [buildOf(row)]: stageTime(await slipway("image", app), "build") })

const stageTime = (run: SlipwayRun, name: string): number => stageOf(run, name).milliseconds

/** Returns rows that publish the smallest service that passes every gate, some of them to a new repository. */
function publishRows({ copy, write, fresh, slipway }: Place): Row[] {
  const app = copy("test/fixtures/releases/tiny", "published")
  const prepare = () =>
    write(
      join(app, "slipway.yaml"),
      `image: { args: ["GREETING=x"] }\nrelease: { repository: bench/${fresh()}, log: "off" }\n`,
    )
  const work = (stage: string) => async () => {
    const run = await slipway("publish", app, "--embedded", "--ref=refs/tags/v1.0.0")
    return { [stage]: stageTime(run, "publish") }
  }
  return [
    // Loads the module for all rows, and Trivy's database.
    { name: `slipway publish, new image`, prepare, work: work(FIRST_PUSH), rare: true },
    { name: `slipway publish, ${SAME}`, work: work(SAME_PUSH), noWarmUp: true },
  ]
}

function report(series: Series): void {
  const against = (name: string, edit: string, base: string): Line[] =>
    [(row: string) => row, buildOf, processorsOf].map((part): Line => {
      const [row, other] = [part(`${name}, ${edit}`), part(`${base}, ${edit}`)]
      return name === base || !series.has(other) ? [row] : [row, times(series, other, base)]
    })
  const table = (title: string, names: readonly string[], base: string) => {
    const lines = [COLD, PACKAGES, EDITED, SAME].flatMap((edit) =>
      names.flatMap((name) => against(name, edit, base)),
    )
    print(
      title,
      series,
      lines.filter(([name]) => series.has(name)),
    )
  }
  table("slipway image, built and scanned", [ONE_PLATFORM, TWO_PLATFORMS, OWN], ONE_PLATFORM)
  console.log("own: made by slipway, without a Dockerfile. CPU: of the whole engine and of the commands")
  if (series.has(`${BUILDAH}, ${EDITED}`)) reportBuildah(series)
  print("publishing a small image of two platforms", series, [
    [FIRST_PUSH],
    [SAME_PUSH, times(series, FIRST_PUSH)],
  ])
}

/** Reports the rows of buildah, which end with an OCI layout like the stage of Slipway that they are compared with. */
function reportBuildah(series: Series): void {
  const lines = [COLD, EDITED, SAME].flatMap((edit): Line[] => {
    const [slipway, buildah] = [buildOf(`${ONE_PLATFORM}, ${edit}`), `${BUILDAH}, ${edit}`]
    const remark = times(series, slipway, "slipway")
    return [
      [slipway],
      [buildah, remark],
      [buildOf(buildah), remark],
      ...(series.has(processorsOf(buildah)) ? [[processorsOf(buildah)] as Line] : []),
    ]
  })
  print("the same Dockerfile for one platform by slipway's stage, and by buildah", series, lines)
  console.log(`buildah: until an OCI layout is written, as slipway's stage does; "build" is without that`)
}
