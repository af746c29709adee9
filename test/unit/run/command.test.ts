import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { didNotFinish, interrupted, overall, recorded, stageExitCode } from "../../../src/lib/run/command.js"

describe("recorded", () => {
  let folder = ""
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "recorded-"))))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  /** Runs a recorded command on this machine, with its record in a temporary folder. */
  function execute(command: string[], seconds = 60, PATH = process.env["PATH"]) {
    const [program = "", ...args] = recorded(command, seconds).map((word) =>
      word.replaceAll("/slipway/", `${folder}/`),
    )
    const { status, stdout } = spawnSync(program, args, { encoding: "utf8", env: { ...process.env, PATH } })
    const read = (name: string) => Number(readFileSync(join(folder, name), "utf8"))
    return { status, stdout, exitCode: read("exit-code"), began: read("began") }
  }

  it("keeps exit code and time, and does not fail", () => {
    const before = Date.now()
    const ended = execute(["sh", "-c", "echo $#:$1; exit 3", "-", "a b"])
    expect(ended).toMatchObject({ status: 0, exitCode: 3, stdout: "1:a b\n" })
    expect(ended.began).toBeGreaterThanOrEqual(before)
    expect(ended.began).toBeLessThanOrEqual(Date.now())
  })

  it.each(["%3N", "3N", ""])("measures time even if date(1) prints %j for milliseconds", (unknown) => {
    const seconds = "#!/bin/sh\necho $(/bin/date +%s)"
    writeFileSync(join(folder, "date"), `${seconds}$(echo "$1" | grep -q N && echo '${unknown}')\n`, {
      mode: 0o755,
    })
    const before = Date.now()
    const { began } = execute(["true"], 60, `${folder}:${process.env["PATH"]}`)
    expect(began).toBeGreaterThanOrEqual(before)
    // Rounded up to whole seconds.
    expect(began).toBeLessThanOrEqual(Date.now() + 1000)
  })

  it("records a timeout, a kill and a missing command", () => {
    expect(execute(["sleep", "5"], 1)).toMatchObject({ status: 0, exitCode: 124 })
    expect(execute(["no-such-command"])).toMatchObject({ status: 0, exitCode: 127 })
    expect(execute(["sh", "-c", "kill -SEGV $$"])).toMatchObject({ status: 0, exitCode: 139 })
    const codes = [0, 1, 123, 124, 127, 139]
    const early = codes.filter((exitCode) => didNotFinish({ exitCode, stdout: "", stderr: "" }))
    expect(early).toEqual([124, 127, 139])
  })
})

describe("interrupted", () => {
  const reason = (exitCode: number) => interrupted({ exitCode, stdout: "", stderr: "" }, "mypy", 60)?.reason

  it("returns undefined for a tool that exited", () => {
    expect([0, 1, 2, 123].map(reason)).toEqual([undefined, undefined, undefined, undefined])
  })

  it("describes any other end", () => {
    expect(reason(124)).toBe("mypy took longer than 60 s")
    expect(reason(127)).toBe("mypy could not be run (exit code 127)")
    expect(reason(139)).toBe("mypy was killed by signal 11")
    expect(reason(137)).toBe("mypy was killed by signal 9, possibly out of memory")
  })
})

it("stageExitCode returns the exit code for each status", () => {
  expect(stageExitCode("passed", false)).toBe(0)
  expect(stageExitCode("skipped", false)).toBe(0)
  expect(stageExitCode("failed", false)).toBe(1)
  expect(stageExitCode("error", false)).toBe(4)
  expect(stageExitCode("error", true)).toBe(3)
})

it("overall returns the most certain result of the stages", () => {
  expect(overall([])).toBe(0)
  expect(overall([0, 0])).toBe(0)
  expect(overall([3, 0, 1, 4])).toBe(1)
  expect(overall([3, 4])).toBe(4)
  expect(overall([0, 3])).toBe(3)
})
