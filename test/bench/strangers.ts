import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs"
import { basename, join } from "node:path"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { run } from "../../dagger/lib/shell.js"
import type { Verdict } from "../../src/lib/run/verdict.js"
import type { Place } from "./place.js"

/** Source distributions with tests, of different packaging tools, that don't know Slipway. */
const SDISTS = [
  "apispec==6.8.4", // flit
  "cachetools==6.2.1", // setuptools
  "humanize==4.14.0", // hatch
  "marshmallow==4.0.1", // flit
  "starlette==0.48.0", // hatch
  "tomlkit==0.13.3", // poetry
  "unearth==0.17.5", // pdm
]

const STAGES = ["quality", "tests"]

/**
 * Runs Slipway on projects that it was never tried on, twice each, and prints a table of statuses and times.
 *
 * `STRANGERS` names a folder with projects in place of the source distributions.
 */
export async function benchStrangers(place: Place): Promise<void> {
  console.log("\n| project | stages | seconds first, second | why not |\n| --- | --- | --- | --- |")
  for (const source of await projects(place))
    for (const stage of STAGES) {
      const [first, second] = [await tried(place, stage, source), await tried(place, stage, source)]
      const stages = first.verdict?.stages ?? []
      const statuses = stages.map(({ name, status }) => `${name} ${status}`).join(", ") || "no verdict"
      const reasons = stages.filter(({ status }) => status === "error").map(({ reason }) => line(reason))
      const times = [first, second].map(({ seconds }) => seconds.toFixed(0)).join(", ")
      console.log(`| ${basename(source)} | ${statuses} | ${times} | ${reasons.join("; ")} |`)
    }
}

const line = (text: string): string => (text.split("\n")[0] ?? "").slice(0, 160).replaceAll("|", "\\|")

/** The folders to run on: unpacked source distributions, or those of the folder that `STRANGERS` names. */
async function projects(place: Place): Promise<string[]> {
  const given = process.env["STRANGERS"]
  const root = given ?? place.path("strangers")
  if (given === undefined) {
    const sdists = place.path("sdists")
    mkdirSync(root)
    await run`pip download --quiet --no-deps --no-binary=:all: --dest=${sdists} ${SDISTS}`
    for (const file of readdirSync(sdists))
      await run`tar --extract --file=${join(sdists, file)} --directory=${root}`
  }
  const folders = readdirSync(root).map((name) => join(root, name))
  return folders.filter((folder) => statSync(folder).isDirectory()).sort()
}

/** Unlike the place's own run, one that may fail: its verdict is what is asked for. */
async function tried(
  { environment, path, fresh }: Place,
  stage: string,
  source: string,
): Promise<{ seconds: number; verdict?: Verdict }> {
  const out = path(`out-${fresh()}`)
  const command = [join(REPOSITORY, "dagger/slipway.js"), stage, `--source=${source}`, `--out=${out}`]
  const begun = performance.now()
  await run({ env: environment, nothrow: true })`node ${command}`
  const seconds = (performance.now() - begun) / 1000
  const file = join(out, "verdict.json")
  return existsSync(file)
    ? { seconds, verdict: JSON.parse(readFileSync(file, "utf8")) as Verdict }
    : { seconds }
}
