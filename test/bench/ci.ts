import { execFileSync } from "node:child_process"
import { appendFileSync, readFileSync, writeFileSync } from "node:fs"
import { cpus } from "node:os"
import { join } from "node:path"
import { glob } from "zx"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { run } from "../../dagger/lib/shell.js"
import { processorTime } from "./cpu.js"
import { type Line, measure, median, print, type Row, type Series, times, WIDTH } from "./measure.js"
import type { Bench, Place, SlipwayRun } from "./place.js"

/** Event that selects all stages that can be cached: checks, tests, and images that are built and scanned. */
const EVENT = ["--event=push", "--ref=refs/heads/main"]
/** Files that the tools read. */
const INPUTS = ["src/**/*.py", "tests/**/*.py", "**/*.tf", "*.toml", "requirements*.txt", "Dockerfile"]

/** Number of a run's commands in containers that were executed, and that came from the cache. */
interface Commands {
  executed: number
  cached: number
}

const [EMPTY, FIRST, ONE, NOTHING, README, FILE] = [
  "first run on an engine with an empty cache",
  "first run of a service",
  "first run, one stage at a time",
  "nothing changed",
  "README edited",
  "one file edited",
] as const
const [MODULE, COMMAND] = ["the module alone, loaded", "the command line alone"]
const [WORK, PROCESSORS, GRAPH] = [
  "  its stages, one after the other",
  "  its processor time, spread over all cores",
  "  of which in the graph",
]

/** Measures `slipway ci` after an edit, against the first run of a service on an engine that has the tools cached. */
export const benchCi: Bench = (place, rounds) =>
  bench(place, rounds, "ci", [ONE, FIRST, NOTHING, README, FILE, MODULE, COMMAND])

/** Measures the same against the first run on an engine with an empty cache, which it empties. */
export const benchCold: Bench = (place, rounds) => bench(place, rounds, "ci, cold", [EMPTY, NOTHING, README])

async function bench(place: Place, rounds: number, title: string, names: readonly string[]): Promise<void> {
  const commands = new Map<string, Commands[]>()
  const rows = (await rowsOf(place, commands)).filter(({ name }) => names.includes(name))
  const series = await measure(rows, rounds)
  print(title, series, linesOf(series))
  console.log("\ncommands in containers".padEnd(WIDTH + 1) + "executed cached")
  for (const [name, all] of commands) {
    const medians = (["executed", "cached"] as const).map((key) => median(all.map((each) => each[key])))
    console.log(name.padEnd(WIDTH) + medians.map((value) => String(value).padStart(8)).join(""))
  }
}

async function rowsOf(place: Place, commands: Map<string, Commands[]>): Promise<Row[]> {
  const app = place.copy("test/app", "app")
  const inputs = await glob(INPUTS, { cwd: app, absolute: true })
  const settings = readFileSync(join(app, "slipway.yaml"), "utf8")
  const git = (...words: string[]) => execFileSync("git", ["-C", app, ...IDENTITY, ...words])
  git("init", "--quiet", "--initial-branch=main")
  const commit = (change: () => void) => () => {
    change()
    git("add", "--all")
    git("commit", "--quiet", "--message=A change")
  }
  const renew = (parallel: string) =>
    commit(() => {
      writeFileSync(join(app, "slipway.yaml"), `${settings}${parallel}`)
      for (const file of inputs) comment(file, place.fresh())
    })
  const ci = async (name: string): Promise<SlipwayRun> => {
    const done = await place.slipway("ci", app, ...EVENT)
    commands.set(name, [...(commands.get(name) ?? []), commandsOf(done.read("logs/dagger.log"))])
    return done
  }
  const row = (name: string, prepare: () => unknown, measured = unmeasured): Row => ({
    name,
    noWarmUp: true,
    prepare,
    work: async () => measured(await ci(name)),
  })
  const edited = (file: string, edit: (file: string, text: string) => void) =>
    commit(() => edit(join(app, file), place.fresh()))
  const empty = () => place.dagger("-M", "-c", "engine | local-cache | prune")
  return [
    { ...row(EMPTY, () => empty().then(renew(""))), work: () => first(() => ci(EMPTY)) },
    // Each row changes only what its name says, since the row before it ran on the same sources.
    { ...row(ONE, renew("parallel: 1\n")), rare: true, noWarmUp: false },
    { ...row(FIRST, renew("")), work: () => first(() => ci(FIRST)) },
    row(
      NOTHING,
      () => {},
      ({ verdict }) => ({ [GRAPH]: verdict.milliseconds }),
    ),
    row(
      README,
      edited("README.md", (file, text) => appendFileSync(file, `\n${text}\n`)),
    ),
    row(FILE, edited("src/audio_upscaler/logs.py", comment)),
    { name: MODULE, work: () => place.dagger("functions", `--mod=${REPOSITORY}`).then(() => ({})) },
    { name: COMMAND, work: () => run`node ${join(REPOSITORY, "dagger/slipway.js")} --help`.then(() => ({})) },
  ]
}

const unmeasured: (ran: SlipwayRun) => Record<string, number> = () => ({})

const IDENTITY = ["-c", "user.name=bench", "-c", "user.email=bench@example.com"]
/** Adds a comment at a place where every formatter leaves it. */
const comment = (file: string, text: string): void =>
  writeFileSync(file, `# ${text}\n${readFileSync(file, "utf8").replace(/^# \d{13}-\d+\n/, "")}`)

async function first(ci: () => Promise<SlipwayRun>): Promise<Record<string, number>> {
  const before = processorTime()
  const { verdict } = await ci()
  const after = processorTime()
  const work = verdict.stages.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
  if (before === undefined || after === undefined) return { [WORK]: work }
  return { [WORK]: work, [PROCESSORS]: (after - before) / cpus().length }
}

/** Counts the commands in a log; an executed command is logged as done twice: when it is planned, and when it ends. */
function commandsOf(log: string): Commands {
  const ended = log.matchAll(/^(\d+) +:.* Container\.withExec (DONE|ERROR|CACHED) \[/gm)
  const ends = new Map(Array.from(ended, ([, span, end]) => [span, end]))
  const cached = [...ends.values()].filter((end) => end === "CACHED").length
  return { executed: ends.size - cached, cached }
}

function linesOf(series: Series): Line[] {
  const cold = series.has(EMPTY) ? EMPTY : FIRST
  const base = median(series.get(cold) ?? [])
  const share = (ms: number) => `${((ms / base) * 100).toFixed(1).padStart(6)} % of a first run`
  const unchanged = times(series, NOTHING)
  const lines: Line[] = [
    [EMPTY],
    [ONE, times(series, FIRST)],
    [FIRST],
    [PROCESSORS, share],
    [WORK, times(series, cold)],
    [NOTHING, share],
    [GRAPH, share],
    [README, unchanged],
    [FILE, unchanged],
    [MODULE, share],
    [COMMAND, share],
  ]
  return lines.filter(([name]) => series.has(name))
}
