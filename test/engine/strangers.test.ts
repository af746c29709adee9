import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { dagger, engineEnvironment } from "./dagger.js"
import { folder, runOn, sarifOf, statuses } from "./pipeline.js"

/** Source distributions of projects that don't know Slipway, and their expected statuses. */
const STRANGERS = [
  // A library with a lock file that has other versions of packages that Slipway's tools need.
  { name: "flask", version: "3.1.2", expected: { isort: "failed", flake8: "failed", bandit: "failed" } },
  // A command-line tool that isn't formatted by Black, and has its own settings of Flake8.
  { name: "httpie", version: "3.2.4", expected: { black: "failed", flake8: "passed", mypy: "failed" } },
]

/** Projects whose own tests are run, with lower bounds for the number of tests and the coverage. */
const TESTED = [
  { name: "flask", version: "3.1.2", tests: 480, coverage: 90 },
  { name: "prettytable", version: "3.18.0", tests: 300, coverage: 90 },
]

const sources = folder()

beforeAll(async () => {
  await engineEnvironment()
  const wanted = new Set([...STRANGERS, ...TESTED].map(({ name, version }) => `${name}==${version}`))
  const download = [
    "pip",
    "download",
    "--quiet",
    "--no-deps",
    // What builds them may be wheels.
    `--no-binary=${[...STRANGERS, ...TESTED].map(({ name }) => name).join(",")}`,
    "--dest=/sdists",
    ...wanted,
  ]
  const script = `mkdir /out && ${download.join(" ")} && cd /out && for f in /sdists/*.tar.gz; do tar xzf $f; done`
  const { exitCode, stderr } = await dagger([
    "core",
    "container",
    "from",
    "--address=python:3.11-slim",
    "with-exec",
    `--args=sh,-c,"${script}"`,
    "directory",
    "--path=/out",
    "export",
    `--path=${sources}`,
  ])
  expect(exitCode, stderr).toBe(0)
})

describe.each(STRANGERS)("$name", ({ name, version, expected }) => {
  it("gets a verdict whose findings name existing files", async () => {
    const source = join(sources, `${name}-${version}`)
    expect(readdirSync(source)).not.toContain("slipway.yaml")
    const run = await runOn("quality", source)
    expect(run.exitCode, run.stdout).toBe(1)
    expect(statuses(run)).toMatchObject(expected)
    for (const { name: tool, status, reason } of run.verdict?.stages ?? []) {
      const { places } = sarifOf(run, tool)
      if (status === "passed") expect(places).toEqual([])
      if (status === "failed") expect(places.length, tool).toBeGreaterThan(0)
      if (status === "error")
        expect(reason).toMatch(new RegExp(`^${tool} could not run .*: /(?:venv|slipway)/`))
      for (const { file, line } of places.filter(() => status === "failed")) {
        expect(existsSync(join(source, file ?? "absent")), `${tool}: ${file}`).toBe(true)
        expect(line, `${tool}: ${file}`).toBeGreaterThan(0)
      }
    }
  })
})

describe.each(TESTED)("the tests of $name", ({ name, version, tests, coverage }) => {
  it("run without any configuration", async () => {
    const run = await runOn("tests", join(sources, `${name}-${version}`))
    expect(run.exitCode, run.stdout).toBe(0)
    expect(statuses(run)).toEqual({ unit: "passed", integration: "skipped", coverage: "passed" })
    expect(Number.parseInt(run.stage("unit").reason)).toBeGreaterThanOrEqual(tests)
    expect(Number.parseFloat(run.stage("coverage").reason)).toBeGreaterThan(coverage)
  })
})
