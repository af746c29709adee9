import { describe, expect, test } from "vitest"
import { judgeScan, riskText } from "../../../src/lib/dast/judge.js"
import { type Progress, readProgress } from "../../../src/lib/dast/progress.js"
import { findingsOf, readAlerts } from "../../../src/lib/dast/report.js"
import type { Finding } from "../../../src/lib/run/finding.js"
import { alert, report } from "./alerts.js"

const found = (...risks: number[]): Finding[] =>
  findingsOf(readAlerts(report(...risks.map((riskcode) => alert({ riskcode })))) ?? [], "high")

const GOOD: Progress = { urls: 12, failures: [] }

describe("readProgress", () => {
  test("adds up the URLs of the jobs, and reports no false failure", () => {
    const output = [
      "Job openapi added 1,003 URLs",
      "Job spider requesting URL http://s/",
      "Job spider found 9 URLs",
      "Automation plan succeeded!",
    ]
    expect(readProgress(output.join("\n"))).toEqual({ urls: 1012, failures: [] })
  })

  test.each(["1,234", "1.234", "1\u00a0234", "1\u202f234", "1’234"])("reads %s as a number", (number) => {
    expect(readProgress(`Job spider found ${number} URLs`).urls).toBe(1234)
  })

  test("reads ZAP's failures up to the lines that follow them", () => {
    const output =
      "Job spider found 0 URLs\r\nAutomation plan failures:\r\n\tJob spider failed to access URL http://s/\r\n\tno\r\nAutomation plan warnings:\r\n\tw\r\n"
    expect(readProgress(output)).toEqual({
      urls: 0,
      failures: ["Job spider failed to access URL http://s/", "no"],
    })
  })

  test("returns no number for no output", () => {
    expect(readProgress("Job spider started\nThe Job spider found 3 URLs\n")).toEqual({
      urls: undefined,
      failures: [],
    })
  })
})

describe("judgeScan", () => {
  test.each<
    [what: string, progress: Progress, kept: Finding[], hidden: number, status: string, reason: string]
  >([
    ["nothing", GOOD, [], 0, "passed", "12 URLs looked at, no alerts"],
    [
      "what is below the gate",
      GOOD,
      found(2, 0),
      0,
      "passed",
      "12 URLs looked at, 2 alerts below what fails",
    ],
    ["what is suppressed", GOOD, [], 2, "passed", "12 URLs looked at, no alerts, 2 suppressed"],
    ["one at the gate", GOOD, found(3, 2), 1, "failed", "1 alert, 1 suppressed; 12 URLs looked at"],
    ["no URL", { urls: 0, failures: [] }, [], 0, "error", "the scan is incomplete: ZAP found no URL"],
    [
      "no word of URLs",
      { urls: undefined, failures: [] },
      [],
      0,
      "error",
      "the scan is incomplete: ZAP found no URL",
    ],
    [
      "a job that failed",
      { urls: 3, failures: ["a", "b"] },
      found(2),
      0,
      "error",
      "the scan is incomplete: a; b",
    ],
    [
      "one at the gate in a scan with a failure",
      { urls: 3, failures: ["a"] },
      found(3),
      0,
      "failed",
      "1 alert; the scan is incomplete: a",
    ],
  ])("%s", (_, progress, kept, hidden, status, reason) => {
    expect(judgeScan(progress, kept, hidden)).toEqual({ status, reason, findings: kept })
  })
})

test("riskText counts the kinds of alerts for each risk", () => {
  expect(riskText([])).toBe("none")
  const alerts = readAlerts(
    report(alert(), alert({ riskcode: "3" }), alert({ riskcode: 2 }), alert({ riskcode: "0" })),
  )
  expect(riskText(alerts ?? [])).toBe("1 high, 2 medium, 1 informational")
})
