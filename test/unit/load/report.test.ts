import { describe, expect, it } from "vitest"
import { judgeRun } from "../../../src/lib/load/judge.js"
import { loadMarkdown } from "../../../src/lib/load/markdown.js"
import { loadChart } from "../../../src/lib/report/html/loadChart.js"
import { loadTestSection } from "../../../src/lib/report/html/load.js"
import { stage } from "../report/stages.js"
import { HOST, profile, ran, seconds } from "./runs.js"

const series = ran().series
const rendered = (kind: "load" | "stress", notes: string[] = []) => {
  const one = profile({ kind })
  return loadMarkdown({
    environment: "staging",
    profile: one,
    series,
    judged: judgeRun(ran(), one, HOST, true),
    notes,
  })
}

describe("loadMarkdown", () => {
  it("lists the metrics of a run", () => {
    expect(rendered("load")).toMatch(/^### load test of staging: up to 10 users in 10 s\n/)
    expect(rendered("load")).toContain("| 95 of 100 within | 20 ms |")
    expect(rendered("stress")).toContain("| 10 | 10 | 0 % | 20 ms |")
  })

  it("escapes notes", () => {
    const text = rendered("load", ["[a](http://b) <img> @team | x"])
    expect(text).not.toMatch(/<img>|\[a\]|@team/)
  })
})

describe("loadChart", () => {
  const drawn = (count: number) =>
    loadChart(
      seconds(count, (at) => ({ p95: at * 10 })),
      { p95: 300, broke: { users: 5, at: 5, why: "" }, standalone: true },
    ).text

  it("draws every second of a short run, its limit and its breaking point", () => {
    expect(
      drawn(60)
        .match(/<path class="p95" d="([^"]*)"/)?.[1]
        ?.split("L"),
    ).toHaveLength(60)
    expect(drawn(60)).toContain('<line class="limit"')
    expect(drawn(60)).toContain('<line class="broke"')
  })

  it("stays small for a long run, and loads and runs nothing", () => {
    expect(drawn(20_000).length).toBeLessThan(40_000)
    expect(drawn(20_000)).not.toMatch(/NaN|Infinity|<script|href|url\(/)
  })

  it("draws an empty chart for an empty run", () => {
    expect(drawn(0)).not.toMatch(/NaN|Infinity|<path/)
  })
})

describe("loadTestSection", () => {
  it("contains the chart and the notes, escaped", () => {
    const load = { title: "up to 10 users", seconds: seconds(5, () => ({})), p95: 2000, notes: ["<b>a</b>"] }
    const [section] = loadTestSection([stage("passed", [], { name: "load", group: "load", load })])
    const text = JSON.stringify(section?.body)
    expect(text).toContain('<svg class=\\"load\\"')
    expect(text).toContain("&lt;b&gt;a&lt;/b&gt;")
    expect(text).not.toContain("<b>a")
    expect(loadTestSection([stage("passed")])).toEqual([])
  })
})
