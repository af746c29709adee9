// An old service adopts the gates by the commands that a person types.
import { existsSync, readFileSync, renameSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, expect, it } from "vitest"
import { engineEnvironment } from "./dagger.js"
import { callOn, runOn, sarifOf, service, slipway, statuses, write } from "./pipeline.js"

beforeAll(engineEnvironment)

const OLD = `import os
import subprocess


def run(command):
    return subprocess.run(command, shell=True)


def port() -> int:
    return "8000"


VALUE = {'a':1}
`

const LATER = `def later() -> None:
    unused = 1
`

it("an old service writes down its findings, fails for new ones alone, and the baseline only shrinks", async () => {
  const source = service({
    "old.py": OLD,
    "test_old.py": "import old\n\n\ndef test_value():\n    assert old.VALUE\n",
  })
  const file = join(source, ".slipway/baseline.json")
  const all = (status: string) =>
    Object.fromEntries(["black", "flake8", "mypy", "bandit"].map((name) => [name, status]))
  const before = await runOn("quality", source)
  expect(before.exitCode).toBe(1)
  expect(statuses(before)).toEqual({ ...all("failed"), isort: "passed" })

  const written = await slipway("baseline", `--source=${source}`)
  expect(written.exitCode, written.stderr).toBe(0)
  expect(written.stdout).toMatch(
    /^\.slipway\/baseline\.json: \d+ known findings\n {2}black +1\n {2}flake8 +\d+\n/,
  )
  expect(written.stdout).toMatch(/^ {2}coverage +\d\d(\.\d+)? %$/m)

  const known = await runOn("quality", source)
  expect(known.exitCode, known.stdout).toBe(0)
  expect(statuses(known)).toEqual({ ...all("passed"), isort: "passed" })
  expect(known.stdout).toMatch(/^✓ mypy +no new problem, 1 known \(.*cached\)$/m)
  expect(known.read("summary.md")).toMatch(/\| flake8 \| \d+ \|/)
  // The baseline is read by none of the tools.
  expect(known.verdict?.stages.map(({ cached }) => cached)).toEqual(Array(5).fill(true))

  // Known lines move, also to another file; a new problem is found among them.
  renameSync(join(source, "old.py"), join(source, "older.py"))
  write(source, {
    "older.py": `"""Old."""\n\n${OLD.replace("VALUE = {'a':1}", 'VALUE = {"a": 1}')}\n\n${LATER}`,
    "test_old.py": 'import older\n\n\ndef test_value():\n    assert older.VALUE == {"a": 1}\n',
  })
  const changed = await runOn("quality", source)
  expect(changed.exitCode).toBe(1)
  expect(statuses(changed)).toEqual({ ...all("passed"), isort: "passed", flake8: "failed" })
  expect(changed.stdout).toMatch(/^ {2}older\.py:\d+:5: local variable 'unused' .+ \[flake8 F841\]$/m)
  expect(changed.stage("flake8").reason).toMatch(
    /^1 new problem in 1 file, \d+ known, \d+ of the baseline fixed$/,
  )
  expect(changed.stage("mypy").reason).toBe("no new problem, 1 known")
  expect(changed.stage("black").reason).toBe("2 files formatted, 1 of the baseline fixed")
  expect(sarifOf(changed, "bandit").places.map(({ file }) => file)).toEqual(["older.py", "older.py"])

  const shrunk = await slipway("baseline", `--source=${source}`)
  expect(shrunk.stdout).toMatch(/^ {2}black +0 \(was 1\)\n {2}flake8 .*, and 1 new: fix or suppress them$/m)
  const text = readFileSync(file, "utf8")
  expect(text).toContain("older.py")
  expect(text).not.toMatch(/"(black|old\.py)"/)

  // The same by dagger alone.
  write(source, { "older.py": "VALUE = 1\n" })
  const exported = await callOn(source, "baseline", "export", `--path=${source}`)
  expect(exported.exitCode, exported.stderr).toBe(0)
  expect(existsSync(file) ? readFileSync(file, "utf8") : "").not.toContain("older.py")

  write(source, { ".slipway/baseline.json": text.replace('"version": 1', '"version": "x"') })
  const tampered = await runOn("quality", source)
  expect(tampered.exitCode).toBe(4)
  expect(tampered.stdout).toContain(".slipway/baseline.json:2:3: version: expected 1")
})
