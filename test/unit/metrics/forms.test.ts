import { describe, expect, it, test } from "vitest"
import { failureBand, frequencyBand, leadTimeBand, restoreBand } from "../../../src/lib/metrics/bands.js"
import { devlakeDeployments, devlakeIncidents } from "../../../src/lib/metrics/devlake.js"
import { doraReport } from "../../../src/lib/metrics/dora.js"
import { doraMarkdown, doraText } from "../../../src/lib/metrics/doraMarkdown.js"
import { doraSvg } from "../../../src/lib/metrics/doraSvg.js"
import { parseIncidents } from "../../../src/lib/metrics/incidents.js"
import { durationText, distributionOf } from "../../../src/lib/metrics/numbers.js"
import { parseWindow } from "../../../src/lib/metrics/window.js"
import { deployed, history, ledger, sha } from "./ledgers.js"

const HOSTILE = '<img src=x onerror=alert(1)>|`\n::error::"&'

const entries = ledger(
  deployed("a", "2026-03-01T12:00:00", "2026-03-01T12:10:00"),
  deployed("b", "2026-03-02T12:00:00", "2026-03-02T12:10:00", { facts: { version: HOSTILE } }),
  deployed("c", "2026-03-04T12:00:00", "2026-03-04T12:10:00", { status: "failed" }),
  deployed("d", "2026-03-05T12:00:00", "2026-03-05T12:10:00", { status: "held", sha: "" }),
)
const past = history({ a: ["", "2026-03-01T00:00:00Z"], b: ["a", "2026-03-02T06:10:00Z"] })
const report = doraReport({
  entries,
  history: past,
  incidents: [],
  environment: "production",
  days: 7,
  now: new Date("2026-03-07T00:00:00Z"),
})

describe("the DORA report", () => {
  it("prints each metric on a line for a terminal", () => {
    expect(doraText(report)).toBe(`production, 2026-02-28 00:00 UTC to 2026-03-07 00:00 UTC

  Deployment frequency     2.0 per week   high    2 deployments on 2 days
  Lead time for changes    6 h            elite   median of 1 change; p25–p75 6 h to 6 h, p90 6 h
  Time to restore          none                   1 not yet restored
  Change failure rate      33.3 %         low     1 of 3 deployments
  Deployment success rate  66.7 %                 2 of 3 deployments

  ✗ 2026-03-04 12:00 UTC  c: failed, not yet restored

  ! the ledger begins within the window, at 2026-03-01T12:00:00.000Z; rates are computed over the whole window
  ! d is on hold and counts neither as succeeded nor as failed
  ! changes of a not counted: the ledger has no earlier deployment
`)
  })

  it("escapes all markup in Markdown and SVG", () => {
    const text = doraMarkdown(report)
    expect(text).toContain("| Change failure rate | **33.3 %** | 1 of 3 deployments | low |")
    expect(text).not.toMatch(/<img|^::/m)
    const svg = doraSvg({ ...report, environment: HOSTILE })
    expect(svg).not.toMatch(/<img|<script|href=/)
    expect(svg.match(/<rect[^>]*fill="#(?:1a7f37|cf222e)"/g)).toHaveLength(3)
    expect(svg).toBe(doraSvg({ ...report, environment: HOSTILE }))
  })

  it("of an empty ledger has all formats", () => {
    const nothing = { entries: [], history: undefined, incidents: [], environment: "staging", days: 7 }
    const empty = doraReport({ ...nothing, now: new Date(0) })
    expect(doraText(empty)).toContain("Deployment frequency     none")
    expect(doraMarkdown(empty)).toContain("| Time to restore | **none** | no failures |  |")
    expect(doraSvg(empty)).toContain("</svg>")
  })
})

describe("the DevLake export", () => {
  it("has each deployment with a result and a commit, with all required fields", () => {
    const sent = devlakeDeployments(report, "https://github.com/acme/shop")
    expect(sent.map(({ result, deploymentCommits: [commit] }) => [result, commit?.commitSha])).toEqual([
      ["SUCCESS", sha("a")],
      ["SUCCESS", sha("b")],
      ["FAILURE", sha("c")],
    ])
    const dates = {
      createdDate: "2026-03-01T12:00:00.000Z",
      startedDate: "2026-03-01T12:00:00.000Z",
      finishedDate: "2026-03-01T12:10:00.000Z",
    }
    expect(sent[0]).toEqual({
      id: entries[0]?.hash,
      displayTitle: "a to production",
      name: "run run-a",
      result: "SUCCESS",
      environment: "PRODUCTION",
      ...dates,
      deploymentCommits: [
        {
          displayTitle: "a to production",
          repoUrl: "https://github.com/acme/shop",
          refName: "a",
          commitSha: sha("a"),
          result: "SUCCESS",
          ...dates,
        },
      ],
    })
  })

  it("has each incident, open and resolved", () => {
    const { incidents } = parseIncidents(`incidents:
  - {id: I-1, deployment: 0a1b2c3d, started: "2026-03-01T12:00:00Z", resolved: "2026-03-01T13:30:00Z"}
  - {id: I-2, version: v1, environment: staging, started: "2026-03-01T12:00:00Z", url: "https://x.example/2"}
`)
    const common = { type: "INCIDENT", createdDate: "2026-03-01T12:00:00.000Z" }
    expect(devlakeIncidents(incidents)).toEqual([
      {
        ...common,
        issueKey: "I-1",
        title: "I-1",
        url: "",
        description: "deployment 0a1b2c3d",
        status: "DONE",
        originalStatus: "resolved",
        resolutionDate: "2026-03-01T13:30:00.000Z",
        leadTimeMinutes: 90,
      },
      {
        ...common,
        issueKey: "I-2",
        title: "I-2",
        url: "https://x.example/2",
        description: "deployment of v1 to staging",
        status: "TODO",
        originalStatus: "open",
      },
    ])
  })
})

test("distributionOf, durationText and percentText format numbers", () => {
  expect(distributionOf([])).toBeNull()
  expect(distributionOf([4, 1, 3, 2])).toEqual({
    count: 4,
    min: 1,
    p25: 1.75,
    median: 2.5,
    p75: 3.25,
    p90: 3.7,
    max: 4,
  })
  expect([0, 0.4, 59, 60, 3_599, 86_399, 86_400, 180_000].map(durationText)).toEqual([
    "0 s",
    "0 s",
    "59 s",
    "1 min",
    "59 min 59 s",
    "23 h 59 min",
    "1 d",
    "2 d 2 h",
  ])
})

test("bands follow DORA's performance levels", () => {
  const HOUR = 3_600
  const DAY = 24 * HOUR
  expect([1.1, 1, 1 / 7, 1 / 8, 1 / 30, 1 / 31].map(frequencyBand)).toEqual([
    "elite",
    "high",
    "high",
    "medium",
    "medium",
    "low",
  ])
  expect([DAY - 1, DAY, 7 * DAY, 7 * DAY + 1, 30 * DAY, 30 * DAY + 1].map(leadTimeBand)).toEqual([
    "elite",
    "high",
    "high",
    "medium",
    "medium",
    "low",
  ])
  expect([HOUR - 1, HOUR, DAY - 1, DAY, 7 * DAY, 7 * DAY + 1].map(restoreBand)).toEqual([
    "elite",
    "high",
    "high",
    "medium",
    "medium",
    "low",
  ])
  expect([0, 0.05, 0.051, 0.1, 0.15, 0.16].map(failureBand)).toEqual([
    "elite",
    "elite",
    "high",
    "high",
    "medium",
    "low",
  ])
})

test("parseWindow accepts 1 to 366 days", () => {
  expect(["7d", "30d", "90d", "366d"].map(parseWindow)).toEqual([7, 30, 90, 366])
  for (const bad of ["", "0d", "367d", "7", "d", "-7d", "1w", "7d "])
    expect(() => parseWindow(bad), bad).toThrow(/UNKNOWN_WINDOW/)
})
