import { afterEach, beforeEach, expect, it, vi } from "vitest"
import { canRepaint, liveView, say } from "../../../dagger/lib/progress.js"

it.each([
  ["a terminal", { isTTY: true }, {}, true],
  ["a terminal without colours", { isTTY: true }, { NO_COLOR: "1" }, true],
  ["a file", {}, {}, false],
  ["a terminal that can't move its cursor", { isTTY: true }, { TERM: "dumb" }, false],
  ["a job of a CI host with a terminal", { isTTY: true }, { CI: "true" }, false],
])("canRepaint says of %s whether lines can be painted over", (_, stream, env, can) => {
  expect(canRepaint(stream, env)).toBe(can)
})

/** What was written, with the escape character as `^`. */
let written = ""
const write = (text: string | Uint8Array): boolean => (written += String(text).replaceAll("\x1b", "^")) !== ""
beforeEach(() => {
  vi.useFakeTimers()
  written = ""
  vi.spyOn(process.stderr, "write").mockImplementation(write)
  for (const name of [
    "CI",
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "TF_BUILD",
    "BUILD_TAG",
    "JENKINS_URL",
    "CIRCLECI",
  ])
    vi.stubEnv(name, undefined)
  vi.stubEnv("TERM", "xterm")
})
afterEach(() => void vi.useRealTimers())

/** Pretends that this process's output goes to a terminal, or doesn't. */
function terminal(is: boolean): void {
  const before = process.stderr.isTTY
  process.stderr.isTTY = is
  return void restore.push(() => (process.stderr.isTTY = before))
}
const restore: (() => void)[] = []
afterEach(() => {
  for (const undo of restore.splice(0)) undo()
})

it("liveView paints stages on a terminal, keeps what is said above them, and leaves nothing", () => {
  terminal(true)
  const view = liveView()
  view.show("loading the module")
  view.stage({ planned: ["black", "mypy"] })
  vi.advanceTimersByTime(200)
  expect(written).toMatch(/0 of 2 stages\^\[K\n/)
  view.stage({ started: "mypy" })
  view.show("mypy .")
  vi.advanceTimersByTime(400)
  expect(written).toMatch(
    /0 of 2 stages; mypy \.\^\[K\n· black {2}waiting\^\[K\n▸ mypy {3}running {2}\d+ ms\^\[K\^\[J$/,
  )
  written = ""
  say("left out of the reports: x")
  expect(written).toMatch(/^\r\^\[2A\^\[Jleft out of the reports: x\n\r0\.6 s [^]*running/)
  view.clear()
  expect(written).toMatch(/\r\^\[2A\^\[J$/)
  written = ""
  vi.advanceTimersByTime(1000)
  say("over")
  expect(written).toBe("over\n")
})

it("liveView prints a line for each change in a log, and a sign of life", () => {
  terminal(false)
  const view = liveView()
  view.stage({ planned: ["black"] })
  view.show("mypy .")
  view.show("mypy .")
  vi.advanceTimersByTime(30_000)
  view.clear()
  view.show("late")
  vi.advanceTimersByTime(60_000)
  expect(written).toBe("· mypy .\n… mypy . (30.0 s)\n")
})
