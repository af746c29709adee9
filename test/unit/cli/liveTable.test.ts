import { describe, expect, it } from "vitest"
import { clipColumns, columnsOf, type LiveRow, tableLines, withEntry } from "../../../dagger/lib/liveTable.js"
import { erased, repainted } from "../../../dagger/lib/repainted.js"
import { stageEntry } from "../../../src/lib/pipeline/journal.js"

const WIDE = { columns: 80, rows: 24 }
const STATUS = { begun: 1000, now: 13_500, activity: "mypy ." }

const ended = (name: string, status: string, milliseconds: number, cached: boolean | null) => ({
  ended: { name, status, milliseconds, cached },
})

/** The rows after entries as a run's journal has them, one each second. */
const rowsAfter = (...entries: unknown[]): LiveRow[] =>
  entries.reduce<LiveRow[]>((rows, entry, second) => {
    const read = stageEntry(JSON.stringify(entry))
    return read === undefined ? rows : withEntry(rows, read, second * 1000)
  }, [])

const RUN = rowsAfter(
  { run: {} },
  { planned: ["black", "isort", "flake8", "mypy", "bandit", "publish"] },
  ...["black", "isort", "flake8", "mypy"].map((started) => ({ started })),
  ended("black", "passed", 812, true),
  ended("isort", "failed", 65_000, false),
  ended("flake8", "error", 1500, null),
  ended("publish", "skipped", 0, null),
)

describe("tableLines", () => {
  it("show each stage's name, state and time, and what comes from the cache", () => {
    expect(tableLines(RUN, WIDE, STATUS)).toEqual([
      "12.5 s  4 of 6 stages; mypy .",
      "✓ black    passed   812 ms, cached",
      "✗ isort    failed   1 min 05 s",
      "✗ flake8   error    1.5 s",
      "▸ mypy     running  8.5 s",
      "· bandit   waiting",
      "- publish  skipped",
    ])
  })

  it("are the activity alone before the stages are known", () => {
    expect(tableLines([], WIDE, { ...STATUS, activity: "loading the module" })).toEqual([
      "12.5 s  loading the module",
    ])
  })

  it("show those that run or failed where the terminal isn't high enough, and count the rest", () => {
    const names = (rows: number) => tableLines(RUN, { columns: 80, rows }, STATUS).slice(1)
    expect(names(8)).toHaveLength(6)
    expect(names(7).map((line) => line.split(/ +/)[1])).toEqual(["isort", "flake8", "mypy", "bandit", "…"])
    expect(names(5).map((line) => line.slice(2, 9))).toEqual(["isort  ", "mypy   ", "… and 4"])
    expect(names(3)).toEqual(["  … and 6 more"])
    for (const rows of [0, 1, 2]) expect(names(rows)).toEqual([])
  })

  it.each([1, 2, 5, 12, 20, 40, 79])("never fill %i columns", (columns) => {
    const rows = rowsAfter(
      { planned: ["x".repeat(300), "mypy", "日本語のテスト"] },
      { started: "日本語のテスト" },
    )
    const lines = tableLines(
      rows,
      { columns, rows: 24 },
      { ...STATUS, activity: "pytest テスト ".repeat(20) },
    )
    for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(Math.max(1, columns - 1))
  })

  it("keep names from controlling the terminal", () => {
    const rows = rowsAfter({ planned: ["a\x1b[2J\nb", "c\u202ed"] })
    const lines = tableLines(rows, WIDE, { ...STATUS, activity: "rm\r\x1b]0;title\x07" })
    expect(lines.join("\n")).not.toMatch(/[^\P{Cc}\n]|\u202e/u)
    expect(lines[1]).toContain("a\\x1b[2J\\nb")
  })

  it("align a long name by itself", () => {
    const lines = tableLines(rowsAfter({ planned: ["x".repeat(60), "mypy"] }), WIDE, STATUS)
    expect(lines.slice(1)).toEqual([`· ${"x".repeat(23)}…  waiting`, `· mypy${" ".repeat(20)}  waiting`])
  })
})

it("stageEntry ignores what is no progress of a stage", () => {
  const none = [
    "",
    "{",
    "[]",
    '{"run":{}}',
    '{"ended":{"name":"x"}}',
    '{"ended":{"name":1}}',
    '{"started":1}',
  ]
  expect(none.map(stageEntry)).toEqual(none.map(() => undefined))
  const odd = JSON.stringify(ended("mypy", "exploded", 1, true))
  expect(stageEntry(odd)).toBeUndefined()
})

it("a stage that wasn't planned is shown when it begins, and one that ends without a start too", () => {
  const rows = rowsAfter({ planned: ["a"] }, { started: "b" }, ended("c", "passed", 1, false))
  expect(rows.map(({ name, state }) => `${name} ${state}`)).toEqual(["a waiting", "b running", "c passed"])
})

it("clipColumns counts wide characters twice, and never cuts one", () => {
  expect(clipColumns("日本語", 6)).toBe("日本語")
  expect(clipColumns("日本語", 5)).toBe("日本…")
  expect(clipColumns("日本語", 4)).toBe("日…")
  expect(clipColumns("🚀🚀", 3)).toBe("🚀…")
})

/** A terminal that understands what the view writes; wraps like one, and has its text reflowed if it gets narrower. */
class Screen {
  #lines: string[] = [""]
  #row = 0
  #column = 0

  write(text: string): this {
    for (const [part] of text.replaceAll("\x1b", "^").matchAll(/\^\[\d*[A-Z]|\r|\n|./g)) this.#take(part)
    return this
  }

  #take(part: string): void {
    const [, count, command] = /^\^\[(\d*)(\w)$/.exec(part) ?? []
    if (part === "\r") this.#column = 0
    else if (part === "\n") [this.#row, this.#column] = [this.#row + 1, 0]
    else if (command === "A") this.#row = Math.max(0, this.#row - Number(count))
    else if (command === "K") this.#set(this.#text().slice(0, this.#column))
    else if (command === "J") {
      this.#set(this.#text().slice(0, this.#column))
      this.#lines.length = this.#row + 1
    } else {
      this.#set(
        this.#text().padEnd(this.#column).slice(0, this.#column) +
          part +
          this.#text().slice(this.#column + 1),
      )
      this.#column++
    }
  }

  #text = (): string => this.#lines[this.#row] ?? ""
  #set(text: string): void {
    this.#lines[this.#row] = text
  }

  narrow(columns: number): this {
    this.#lines = this.#lines.flatMap((line) => line.match(new RegExp(`.{1,${columns}}`, "g")) ?? [""])
    this.#row = this.#lines.length - 1
    this.#column = (this.#lines.at(-1) ?? "").length
    return this
  }

  get text(): string[] {
    return this.#lines
  }
}

describe("repainted", () => {
  it("replaces the lines before, whether there were more or fewer, and nothing above", () => {
    const screen = new Screen().write("$ slipway ci\n")
    screen.write(repainted([], ["first", "second one", "third"], WIDE))
    expect(screen.text).toEqual(["$ slipway ci", "first", "second one", "third"])
    screen.write(repainted(["first", "second one", "third"], ["1", "2"], WIDE))
    expect(screen.text).toEqual(["$ slipway ci", "1", "2"])
    screen.write(repainted(["1", "2"], ["one", "two", "three"], WIDE))
    expect(screen.text).toEqual(["$ slipway ci", "one", "two", "three"])
    screen.write(erased(["one", "two", "three"], WIDE))
    expect(screen.text).toEqual(["$ slipway ci", ""])
  })

  it("finds its lines again after the terminal has wrapped them", () => {
    const lines = ["a".repeat(30), "b", "c".repeat(21)]
    const screen = new Screen()
      .write("$ ci\n")
      .write(repainted([], lines, WIDE))
      .narrow(10)
    expect(screen.text).toHaveLength(8)
    screen.write(repainted(lines, ["short", "er"], { columns: 10, rows: 24 }))
    expect(screen.text).toEqual(["$ ci", "short", "er"])
  })

  it("goes no further up than the terminal is high", () => {
    const lines = Array.from({ length: 30 }, String)
    expect(repainted(lines, ["x"], { columns: 80, rows: 10 })).toContain("\r\x1b[9A")
  })
})
