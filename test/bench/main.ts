// What a call costs: a module of one function against ours, cold and warm work against each other. Every row is run in
// turn with the others, so that a slow moment of the machine hits all of them. Prints medians, spread and ratios.
import { appendFileSync, cpSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { engineEnvironment } from "../../dagger/dagger.js"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { run } from "../../dagger/lib/shell.js"

const ROUNDS = Number(process.env["ROUNDS"] ?? 5)

interface Row {
  name: string
  /** Undone work before the clock starts. */
  prepare?: () => void
  args: () => string[]
}

const scratch = mkdtempSync(join(tmpdir(), "slipway-bench-"))
const copy = (from: string, name: string): string => {
  const to = join(scratch, name)
  const skip = /\/(node_modules|\.git|out|sdk|test)$/
  cpSync(join(REPOSITORY, from), to, { recursive: true, filter: (path) => from !== "." || !skip.test(path) })
  return to
}
const [one, ours, app] = [copy("test/bench/one", "one"), copy(".", "ours"), copy("test/app", "app")]
let edits = 0
const edit = (file: string, comment: string) => appendFileSync(file, `\n${comment} ${++edits}\n`)
const hello = (name: string) => ["call", `--mod=${one}`, "hello", `--name=${name}`]
const ci = () => [
  "call",
  `--mod=${ours}`,
  `--source=${app}`,
  "ci",
  "export",
  `--path=${join(scratch, "out")}`,
]

const rows: Row[] = [
  { name: "one function, cached", args: () => hello("x") },
  { name: "one function, new argument", args: () => hello(`x${++edits}`) },
  {
    name: "one function, source changed",
    prepare: () => edit(join(one, "src/index.ts"), "//"),
    args: () => hello("x"),
  },
  { name: "slipway, load", args: () => ["functions", `--mod=${ours}`] },
  {
    name: "slipway, source changed",
    prepare: () => edit(join(ours, "src/index.ts"), "//"),
    args: () => ["functions", `--mod=${ours}`],
  },
  { name: "ci, nothing changed", args: ci },
  { name: "ci, README edited", prepare: () => edit(join(app, "README.md"), "edit"), args: ci },
  {
    name: "ci, one file edited",
    prepare: () => edit(join(app, "src/audio_upscaler/logs.py"), "# edit"),
    args: ci,
  },
]

async function time(env: NodeJS.ProcessEnv, { prepare, args }: Row): Promise<number> {
  prepare?.()
  const begun = performance.now()
  await run({ env })`dagger --silent ${args()}`
  return performance.now() - begun
}

const median = (values: number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN

const env = await engineEnvironment()
try {
  for (const row of rows) await time(env, row)
  const times = rows.map((): number[] => [])
  for (let round = 0; round < ROUNDS; round++)
    for (const [i, row] of rows.entries()) times[i]?.push(await time(env, row))
  const base = median(times[0] ?? [])
  for (const [i, { name }] of rows.entries()) {
    const row = times[i] ?? []
    const figures = [Math.min(...row), median(row), Math.max(...row)].map((ms) =>
      (ms / 1000).toFixed(2).padStart(6),
    )
    console.log(
      `${name.padEnd(30)}${figures.join("")} s   ${(median(row) / base).toFixed(2).padStart(6)} x cached call`,
    )
  }
} finally {
  rmSync(scratch, { recursive: true })
}
