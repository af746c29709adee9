import { existsSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { $ } from "zx"
import { engineEnvironment } from "../../module/call.js"
import { REPOSITORY } from "../../lib/home.js"
import { say, step } from "../../lib/progress.js"
import { run } from "../../lib/shell.js"
import { pool } from "../../../src/lib/run/pool.js"
import { testCounts, failuresOf, type Results, timesOf } from "./testResults.js"

/** Images of the tests, pulled or built in advance, since some take longer than a test's time limit. */
const IMAGES = [
  "python:3.11-slim",
  "python:3.13-slim",
  "python:3.14-slim",
  "postgres:15",
  "redis:7",
  "aquasec/trivy:0.70.0",
  "ghcr.io/regclient/regctl:v0.11.7-alpine",
  "ghcr.io/sigstore/cosign/cosign:v3.0.6",
  "registry:3",
  "ghcr.io/sigstore/fulcio:v1.8.5",
  "ghcr.io/sigstore/rekor-tiles/posix:v2.2.1",
  "ghcr.io/sigstore/timestamp-server:v2.0.5",
  "ghcr.io/opentofu/opentofu:1.12.6",
  "hashicorp/terraform:1.5.7",
  "rancher/k3s:v1.36.3-k3s1",
  "registry.k8s.io/kubectl:v1.36.3",
  "alpine/helm:4.3.2",
  "grafana/k6:1.3.0",
  "zaproxy/zap-stable:2.17.0",
  "prom/prometheus:v3.16.0",
]

const TWO_AT_ONCE = ["--fileParallelism", "--minWorkers=2", "--maxWorkers=2"]

/** Sets up what is missing, lints and runs the tests, the quick ones first. The last line counts them. */
export async function runTests(files: string[]): Promise<number> {
  const env = await engineEnvironment()
  const sh = $({ cwd: REPOSITORY, env, nothrow: true, quiet: true, stdio: ["ignore", 2, 2] })
  const quiet = run({ cwd: REPOSITORY, env })
  await step("sdk/ for editors and tsc", () => quiet`dagger develop --silent`)
  const vitest = async (project: string, ...options: string[]) => {
    const file = join(REPOSITORY, "node_modules", `.slipway-${project}.json`)
    rmSync(file, { force: true })
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`]
    const { exitCode } =
      await sh`npx vitest run --passWithNoTests --project=${project} ${options} ${reporters} ${files}`
    const results = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Results) : undefined
    if (results !== undefined) say(timesOf(results, REPOSITORY))
    return { ...testCounts(results, exitCode === 0), failures: failuresOf(results, REPOSITORY) }
  }
  const [lint, ...quick] = await Promise.all([
    step("lint", () => sh`npm run --silent lint`),
    vitest("unit", ...TWO_AT_ONCE),
    vitest("browser"),
  ])
  const images = IMAGES.map(
    (image) => () =>
      step(`image ${image}`, () => quiet`dagger -s -M -c ${`container | from ${image} | sync`}`),
  )
  // Packing and fetching leave a core idle that compiling can use.
  await pool(2, images)
  const counts = [...quick, await vitest("engine", ...TWO_AT_ONCE), await vitest("alone")]
  if (lint.exitCode !== 0) say("lint failed")
  // Again, as the first report of a failure may be an hour above.
  for (const failure of counts.flatMap(({ failures }) => failures)) say(failure)
  const passed = counts.reduce((sum, count) => sum + count.passed, 0)
  const failed = counts.reduce((sum, count) => sum + count.failed, lint.exitCode === 0 ? 0 : 1)
  console.log(`${passed} passed, ${failed} failed`)
  return failed === 0 && passed > 0 ? 0 : 1
}
