import { describe, expect, test } from "vitest"
import type { Finding } from "../../../src/lib/run/finding.js"
import { judgeKept } from "../../../src/lib/security/judge.js"
import {
  applySuppressions,
  entriesFor,
  suppressionFindings,
  unusedInImage,
} from "../../../src/lib/security/suppressions.js"
import { SCAN_PLACES, Suppression } from "../../../src/lib/run/suppressed.js"

const NOW = new Date("2026-11-23T12:00:00Z")

const entry = (from: Partial<Suppression> = {}): Suppression => ({
  tool: "bandit",
  rule: "B101",
  reason: "the input is ours",
  expires: "2026-12-31",
  owner: "ann",
  line: 3,
  ...from,
})

const finding = (from: Partial<Finding> = {}): Finding => ({
  tool: "bandit",
  rule: "B101",
  level: "warning",
  file: "app/a.py",
  line: 1,
  message: "m",
  ...from,
})

const suppresses = (from: Partial<Suppression>, found: Finding = finding(), now = NOW): boolean => {
  const entries = [entry(from)]
  const { kept, suppressed, used } = applySuppressions([found], entries, now)
  expect(kept).toEqual(suppressed.length === 0 ? [found] : [])
  if (suppressed.length === 1) expect([...used]).toEqual(entries)
  return suppressed.length === 1
}

describe("applySuppressions", () => {
  test("matches by tool, rule and path", () => {
    expect(suppresses({})).toBe(true)
    expect(suppresses({ path: "app/**" })).toBe(true)
    expect(suppresses({ path: "test/**" })).toBe(false)
    expect(suppresses({ tool: "trivy" })).toBe(false)
    expect(suppresses({ rule: "B10" })).toBe(false)
    expect(suppresses({ rule: "*" })).toBe(false)
    expect(applySuppressions([finding()], [entry({ tool: "trivy" })], NOW).used.size).toBe(0)
  })

  test("matches no finding without a file by a path", () => {
    const placeless: Finding = { tool: "bandit", rule: "B101", level: "warning", message: "m" }
    expect(suppresses({ path: "**" }, placeless)).toBe(false)
    expect(suppresses({}, placeless)).toBe(true)
  })

  test("matches a rule with several cases as a whole or by one of them", () => {
    const found = finding({ tool: "zap", rule: "10038-1", within: "10038", file: "items/1" })
    expect(suppresses({ tool: "zap", rule: "10038-1" }, found)).toBe(true)
    expect(suppresses({ tool: "zap", rule: "10038" }, found)).toBe(true)
    expect(suppresses({ tool: "zap", rule: "10038", path: "items/*" }, found)).toBe(true)
    expect(suppresses({ tool: "zap", rule: "10038-2" }, found)).toBe(false)
    expect(suppresses({ tool: "zap", rule: "10038", path: "jobs/*" }, found)).toBe(false)
  })

  test("matches findings below the gate as well", () => {
    expect(suppresses({}, finding({ advisory: true, level: "note" }))).toBe(true)
  })

  test.each([
    ["2026-11-22T23:59:59.999Z", true],
    ["2026-11-23T00:00:00Z", true],
    ["2026-11-23T23:59:59.999Z", true],
    ["2026-11-24T00:00:00Z", false],
    ["2026-11-24T01:00:00+02:00", true],
  ])("at %s accepts an expiry on 23 November: %j", (now, holds) => {
    expect(suppresses({ expires: "2026-11-23" }, finding(), new Date(now))).toBe(holds)
  })

  test.each([
    { reason: "" },
    { owner: "" },
    { expires: "" },
    { expires: "2026-11-22" },
    { expires: "2027-11-24" },
  ])("ignores an invalid entry: %j", (from) => {
    expect(suppresses(from)).toBe(false)
  })

  test("counts an invalid entry that matches as used", () => {
    const entries = [entry({ expires: "2026-11-22" }), entry()]
    const { suppressed, used } = applySuppressions([finding()], entries, NOW)
    expect(suppressed).toEqual([{ finding: finding(), suppression: entries[1] }])
    expect([...used]).toEqual(entries)
  })

  test("returns the first entry that matches, and counts all that match as used", () => {
    const entries = [entry({ rule: "B102" }), entry({ path: "app/*" }), entry()]
    const { suppressed, used } = applySuppressions([finding(), finding({ file: "b.py" })], entries, NOW)
    expect(suppressed.map(({ suppression }) => suppression)).toEqual([entries[1], entries[2]])
    expect([...used]).toEqual([entries[1], entries[2]])
    expect(applySuppressions([finding()], entries, NOW).used.size).toBe(2)
  })
})

describe("entriesFor", () => {
  const [both, source, image] = [entry(), entry({ in: "source" }), entry({ in: "image" })]

  test("returns the entries for one kind of scan and those for both", () => {
    expect(SCAN_PLACES).toEqual(["source", "image"])
    expect(entriesFor("source", [both, source, image])).toEqual([both, source])
    expect(entriesFor("image", [both, source, image])).toEqual([both, image])
    expect(entriesFor("image", [])).toEqual([])
  })

  test("leaves out entries for the other kind", () => {
    const inImage = entriesFor("image", [source])
    expect(applySuppressions([finding()], inImage, NOW).kept).toEqual([finding()])
  })
})

describe("unusedInImage", () => {
  const path = "usr/bin/**"
  const trivy = (from: Partial<Suppression> = {}): Suppression =>
    entry({ tool: "trivy", rule: "CVE-2024-1", in: "image", ...from })

  test("reports the place of an unused entry for images", () => {
    expect(unusedInImage([trivy({ path, line: 9 })], new Set())).toEqual([
      {
        tool: "slipway",
        rule: "unused",
        level: "error",
        file: ".slipway/suppressions.yaml",
        line: 9,
        message:
          "the suppression of trivy CVE-2024-1 in usr/bin/** suppresses nothing in the image: remove it",
      },
    ])
  })

  test("skips used entries, and those that the source may need", () => {
    const [used, unused, both, source] = [trivy(), trivy(), entry({ tool: "trivy" }), trivy({ in: "source" })]
    expect(unusedInImage([used, both, source], new Set([used]))).toEqual([])
    expect(unusedInImage([used, unused], new Set([used]))).toHaveLength(1)
  })

  test("skips an expired entry whose finding is back", () => {
    const entries = [trivy({ expires: "2026-11-22" })]
    const found = finding({ tool: "trivy", rule: "CVE-2024-1" })
    const { kept, used } = applySuppressions([found], entries, NOW)
    expect(kept).toEqual([found])
    expect(unusedInImage(entries, used)).toEqual([])
  })
})

describe("suppressionFindings", () => {
  const tools = new Set(["bandit"])
  const of = (from: Partial<Suppression>, used = true): [string, string][] => {
    const entries = [entry(from)]
    const found = suppressionFindings(entries, { used: new Set(used ? entries : []), tools }, NOW)
    return found.map(({ rule, message }) => [rule, message])
  }

  test("accept a used and valid entry", () => {
    expect(of({})).toEqual([])
    expect(of({ expires: "2027-11-23" })).toEqual([])
  })

  test("give the place of the entry", () => {
    const entries = [entry({ path: "app/**", line: 9 })]
    expect(suppressionFindings(entries, { used: new Set(), tools }, NOW)).toEqual([
      {
        tool: "slipway",
        rule: "unused",
        level: "error",
        file: ".slipway/suppressions.yaml",
        line: 9,
        message: "the suppression of bandit B101 in app/** suppresses nothing: remove it",
      },
    ])
  })

  test.each([
    [{ reason: "" }, "no-reason", "gives no reason"],
    [{ owner: "" }, "no-owner", "has no owner"],
    [{ expires: "" }, "no-expiry", "never expires"],
    [{ expires: "2026-11-22" }, "expired", "expired on 2026-11-22"],
    [{ expires: "2027-11-24" }, "too-long", "expires on 2027-11-24, and may last at most 365 days from now"],
  ])("report %j as %s", (from, rule, message) => {
    for (const used of [true, false])
      expect(of(from, used)).toEqual([[rule, expect.stringContaining(message) as string]])
  })

  test("ignore unused entries for images, but not invalid ones", () => {
    expect(of({ in: "image" }, false)).toEqual([])
    expect(of({ in: "image", expires: "2026-11-22" }, false)).toEqual([
      ["expired", expect.stringContaining("expired on 2026-11-22") as string],
    ])
  })

  test.each<Partial<Suppression>>([{}, { in: "source" }])(
    "suggest `in: image` for what trivy may find there: %j",
    (from) => {
      const entries = [entry({ tool: "trivy", ...from })]
      const usage = { used: new Set<Suppression>(), tools: new Set(["trivy"]) }
      expect(suppressionFindings(entries, usage, NOW).map(({ message }) => message)).toEqual([
        "the suppression of trivy B101 suppresses nothing in the source: remove it, or give it `in: image`",
      ])
    },
  )

  test("ignore unused entries of a tool that didn't run", () => {
    expect(of({ tool: "zap" }, false)).toEqual([])
    expect(of({ tool: "zap", reason: "" }, false)).toHaveLength(1)
  })
})

describe("judgeKept", () => {
  const failed = {
    status: "failed",
    reason: "2 problems in 1 file",
    findings: [finding(), finding({ line: 2 })],
  } as const

  test("changes nothing if nothing was suppressed", () => {
    expect(judgeKept({ ...failed, findings: [...failed.findings] }, failed.findings)).toEqual(failed)
  })

  test("counts the remaining findings", () => {
    expect(judgeKept({ ...failed, findings: [...failed.findings] }, [finding()])).toEqual({
      status: "failed",
      reason: "1 problem, 1 suppressed",
      findings: [finding()],
    })
  })

  test("passes if only findings below the gate remain", () => {
    const note = finding({ advisory: true })
    expect(judgeKept({ ...failed, findings: [...failed.findings, note] }, [note])).toEqual({
      status: "passed",
      reason: "all findings are suppressed (2)",
      findings: [note],
    })
  })

  test("keeps an error", () => {
    const error = { status: "error", reason: "bandit was killed", findings: [finding()] } as const
    expect(judgeKept({ ...error, findings: [finding()] }, [])).toMatchObject({
      status: "error",
      findings: [],
    })
  })
})
