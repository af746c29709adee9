import { describe, expect, test } from "vitest"
import { dastMarkdown } from "../../../src/lib/dast/markdown.js"
import { type Alert, findingsOf, readAlerts, reportVersion } from "../../../src/lib/dast/report.js"
import { sarif } from "../../../src/lib/report/sarif.js"
import { alert, instance, report } from "./alerts.js"

const read = (...alerts: Record<string, unknown>[]): Alert[] => {
  const found = readAlerts(report(...alerts))
  if (found === undefined) throw new Error("no report")
  return found
}

const findings = (changes: Record<string, unknown>, gate: "low" | "medium" | "high" = "high") =>
  findingsOf(read(alert(changes)), gate)

test("reportVersion is that of the ZAP that ran, whichever the settings name", () => {
  expect(reportVersion(report())).toBe("2.17.0")
  expect(reportVersion('{"@version": "2.16.1-SNAPSHOT"}')).toBe("2.16.1-SNAPSHOT")
  for (const text of ["", "{", "[]", '{"@version": 2}']) expect(reportVersion(text)).toBe("unknown")
})

describe("readAlerts", () => {
  test.each(["", "{", "null", "[]", "{}", '{"site": {}}'])("returns undefined for %j", (text) => {
    expect(readAlerts(text)).toBeUndefined()
  })

  test("accepts a report without sites or alerts", () => {
    expect(readAlerts('{"site": []}')).toEqual([])
    expect(readAlerts('{"site": [{}]}')).toEqual([])
  })

  test("sorts by risk, worst first", () => {
    const alerts = ["0", "3", "1", "2"].map((riskcode) => alert({ riskcode }))
    expect(read(...alerts).map(({ risk }) => risk)).toEqual(["high", "medium", "low", "informational"])
  })

  test.each(["4", "-1", "", "high", null, {}, "1.5"])("treats an unreadable risk as high: %j", (riskcode) => {
    expect(read(alert({ riskcode }))[0]?.risk).toBe("high")
  })

  test("accepts numbers as such", () => {
    const [found] = read(alert({ pluginid: 10038, alertRef: undefined, riskcode: 1, confidence: 2 }))
    expect(found).toMatchObject({ plugin: "10038", reference: "10038", risk: "low" })
  })

  test("leaves out alerts marked as false positives", () => {
    expect(read(alert({ confidence: "0" }))).toEqual([])
  })
})

describe("findingsOf", () => {
  test("returns one for each place, with the rules that suppressions can name", () => {
    expect(findings({ riskcode: "3" })).toEqual([
      {
        tool: "zap",
        rule: "10038-1",
        within: "10038",
        level: "error",
        severity: "high",
        file: "items/1",
        message: "CSP Header Not Set (high): GET http://s:8000/items/1?q=2",
        url: "https://www.zaproxy.org/docs/alerts/10038/",
      },
    ])
    expect(findings({ alertRef: "10038" })[0]).not.toHaveProperty("within")
    expect(
      findings({ instances: [instance(), instance({ uri: "http://s:8000" })] }).map(({ file }) => file),
    ).toEqual(["items/1", "."])
  })

  test("makes alerts below the gate advice", () => {
    expect(findings({}, "medium")).toMatchObject([{ level: "error" }])
    expect(findings({}, "medium")[0]).not.toHaveProperty("advisory")
    expect(findings({}, "high")).toMatchObject([{ level: "warning", advisory: true }])
    expect(findings({ riskcode: "0" }, "low")).toMatchObject([{ level: "note", advisory: true }])
  })

  test("quotes the evidence on one line of limited length", () => {
    const [found] = findings({
      instances: [
        instance({ param: "name\n", evidence: "x".repeat(1000), uri: `http://s/${"y".repeat(5000)}` }),
      ],
    })
    expect(found?.message).toMatch(/, parameter name: x{99}…$/)
    expect(found?.message).not.toContain("\n")
    expect(found?.message.length).toBeLessThan(600)
  })
})

describe("hostile alerts", () => {
  const HOSTILE = '<script>alert(1)</script>|`"@all [x](javascript:x) </td>\u202e\u0000'
  const hostile = alert({
    pluginid: HOSTILE,
    alertRef: HOSTILE,
    name: HOSTILE,
    riskcode: "3",
    instances: [instance({ uri: HOSTILE, param: HOSTILE, evidence: HOSTILE, method: HOSTILE })],
  })

  test("do nothing in Markdown", () => {
    const alerts = read(hostile)
    const outcome = { status: "failed" as const, reason: HOSTILE }
    const text = dastMarkdown("ZAP on staging", outcome, alerts, findingsOf(alerts, "high"))
    expect(text).not.toMatch(/<script|<\/td>|\]\(|\u202e|\0|(?<!<code>.*)@all/)
    expect(text.split("\n").filter((line) => line.startsWith("| high"))).toHaveLength(1)
  })

  test("are plain texts without links in SARIF", () => {
    const own = findingsOf(read(hostile), "high")
    expect(own[0]).not.toHaveProperty("url")
    const stage = {
      name: "baseline",
      group: "dast",
      status: "failed" as const,
      milliseconds: 1,
      cached: false,
      reason: "",
      repro: "",
      exitCode: 1 as const,
      findings: own,
      version: "2.17.0",
      log: "",
    }
    const { runs } = JSON.parse(sarif(stage, "2.17.0")) as {
      runs: { results: { locations: { physicalLocation: { artifactLocation: { uri: string } } }[] }[] }[]
    }
    const uri = runs[0]?.results[0]?.locations[0]?.physicalLocation.artifactLocation.uri ?? ""
    expect(uri).toMatch(/^[\w%./()!*'~-]+$/)
  })
})

test("dastMarkdown lists unsuppressed alerts, worst first, with the number of places", () => {
  const alerts = read(
    alert({ instances: [instance(), instance({ uri: "http://s/b" })] }),
    alert({ alertRef: "10020-1", pluginid: "10020", name: "Gone" }),
    alert({ alertRef: "40012", pluginid: "40012", name: "XSS", riskcode: "3" }),
  )
  const kept = findingsOf(alerts, "high").filter(({ rule }) => rule !== "10020-1")
  const outcome = { status: "failed" as const, reason: "1 alert" }
  expect(dastMarkdown("ZAP on staging", outcome, alerts, kept)).toBe(`### ZAP on staging: failed

1 alert

| risk | rule | alert | places | first |
|---|---|---|--:|---|
| high | <code>40012</code> | XSS | 1 | <code>http&#58;//s:8000/items/1?q=2</code> |
| medium | <code>10038-1</code> | CSP Header Not Set | 2 | <code>http&#58;//s:8000/items/1?q=2</code> |
`)
})
