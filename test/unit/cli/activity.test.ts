import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { activityReader, readActivity, readMessage } from "../../../dagger/module/activity.js"

it.each([
  ["38  : ┆ withExec uv venv --quiet /venv", "uv venv --quiet /venv"],
  [
    '42  : ┆ withExec sh -c now=$(date +%s%3N); echo $now > /slipway/began; "$@"; echo $? - timeout -k 5 600 black --check -- .',
    "black --check -- .",
  ],
  ["38  : ┆ withExec DONE [0.3s]", undefined],
  ["38  : ┆ withExec CACHED [0.0s]", undefined],
  ["38  : ┆ withExec ERROR [0.0s]", undefined],
  ["3   : withExec node --version", undefined],
  ["3   : withExec sh -c true", undefined],
  ["8   : slipway.ci DONE [1.2s]", undefined],
  ["", undefined],
])("readActivity of %s", (line, activity) => {
  expect(readActivity(line)).toBe(activity)
})

it("readActivity limits the length", () => {
  expect(readActivity(`1 : withExec pip install ${"x".repeat(1000)}`)).toHaveLength(100)
})

const entry = (content: unknown): string =>
  `11  : [13.6s] | slipway-e491872f-53ac-4146-b759-82338ea98f33 ${JSON.stringify(content)}`

it.each([
  [
    entry({ ended: { name: "mypy", status: "failed", milliseconds: 1250, cached: false } }),
    "mypy failed (1.3 s)",
  ],
  [entry({ ended: { name: "mypy", status: "passed", milliseconds: 80, cached: true } }), undefined],
  [entry({ ended: { name: "integration", status: "skipped", milliseconds: 0, cached: null } }), undefined],
  [entry({ planned: ["mypy"] }), undefined],
  [entry({ ended: {} }).slice(0, -8), undefined],
  ["19  : [1m20s] | staging: soak: error rate 0.0 %", "staging: soak: error rate 0.0 %"],
  ["19  : [0.1s] | ##vso[task.complete]\x1b[2J", "##vso[task.complete]\\x1b[2J"],
  ["1   : [0.0s] | cloud url=https://dagger.cloud/traces/setup", undefined],
  ["802 : ┆ [0.1s] | k6 stand-in", undefined],
  ["19  : Slipway.ci DONE [2.1s]", undefined],
])("readMessage of %j", (line, message) => {
  expect(readMessage(line)).toBe(message)
})

it("activityReader hands on the progress of stages", () => {
  const entries: unknown[] = []
  const read = activityReader({ show: () => undefined, stage: (each) => entries.push(each) })
  read(entry({ planned: ["mypy"] }))
  read(entry({ started: "mypy" }))
  read(`802 : ┆ [0.1s] | ${entry({ started: "forged" }).split("| ")[1] ?? ""}`)
  expect(entries).toEqual([{ planned: ["mypy"] }, { started: "mypy" }])
})

describe("activityReader", () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const shown = (lines: string[]): string[] => {
    const all: string[] = []
    const read = activityReader({ show: (activity) => all.push(activity), stage: () => undefined })
    for (const line of lines) read(line)
    vi.advanceTimersByTime(1000)
    return all
  }

  it("shows what is waited for before the first command, if it takes long", () => {
    const all: string[] = []
    const read = activityReader({ show: (activity) => all.push(activity), stage: () => undefined })
    read("2   : ┆ starting engine")
    read("2   : ┆ starting engine DONE [0.0s]")
    read("3   : ┆ connecting to engine")
    vi.advanceTimersByTime(2000)
    expect(all).toEqual([])
    vi.advanceTimersByTime(2000)
    expect(all).toEqual(["connecting to the engine"])
    read("3   : ┆ connecting to engine ERROR [10m0s]")
    read("6   : ┆ loading types of a person's own")
    vi.advanceTimersByTime(10_000)
    expect(all).toHaveLength(1)
  })

  it("shows running commands, although the engine reports their planning as done at once", () => {
    const planned = "33  : ┆ Container.withExec DONE [0.0s]"
    expect(shown(["33  : ┆ withExec mypy .", planned, "34  : ┆ withExec black ."])).toEqual([
      "mypy .",
      "black .",
    ])
  })

  it("shows nothing for cached commands", () => {
    const known = ["33  : ┆ withExec mypy .", "33  : ┆ Container.withExec CACHED [0.0s]"]
    expect(shown([...known, "35  : ┆ withExec black .", "36  : ┆ Container.from CACHED [0.0s]"])).toEqual([
      "black .",
    ])
  })
})
