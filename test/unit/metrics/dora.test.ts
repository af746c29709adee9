import { describe, expect, it, test } from "vitest"
import type { LedgerEntry, LedgerRecord } from "../../../src/lib/run/ledger.js"
import { type DoraInputs, doraReport } from "../../../src/lib/metrics/dora.js"
import { type Incident, parseIncidents } from "../../../src/lib/metrics/incidents.js"
import { deployed, digest, history, ledger, sha } from "./ledgers.js"

const HOUR = 3600
const DAY = 24 * HOUR

const report = (entries: LedgerEntry[], more: Partial<DoraInputs> = {}) =>
  doraReport({
    entries,
    history: undefined,
    incidents: [],
    environment: "production",
    days: 30,
    now: new Date("2026-03-31T00:00:00Z"),
    ...more,
  })

const incidents = (...lines: string[]): Incident[] => {
  const read = parseIncidents(`incidents:\n${lines.map((line) => `  - {${line}}\n`).join("")}`)
  expect(read.outcome).toBeUndefined()
  return read.incidents
}

/** Three versions in a row, at noon of 10, 12 and 20 March, ten minutes each. */
const [A, B, C] = (["10", "12", "20"] as const).map((day, index) =>
  deployed("abc"[index] ?? "", `2026-03-${day}T12:00:00`, `2026-03-${day}T12:10:00`),
) as [LedgerRecord, LedgerRecord, LedgerRecord]

describe("deployment frequency", () => {
  it("counts successful deployments in the window", () => {
    const { deploymentFrequency } = report(ledger(A, B, { ...C, status: "failed" }))
    expect(deploymentFrequency).toEqual({
      deployments: 2,
      perDay: 2 / 30,
      perWeek: (2 / 30) * 7,
      daysWithDeployment: 2,
      band: "medium",
    })
  })

  test.each([
    [7, "2026-03-19T12:09:59Z", 1],
    [7, "2026-03-19T12:10:00Z", 0],
    [30, "2026-04-09T12:09:00Z", 3],
    [30, "2026-04-09T12:10:00Z", 2],
    [90, "2026-03-20T12:10:00Z", 3],
    [90, "2026-03-20T12:09:59Z", 2],
  ])("of %d days up to %s are %d", (days, now, expected) => {
    const found = report(ledger(A, B, C), { days, now: new Date(now) })
    expect(found.deploymentFrequency.deployments).toBe(expected)
  })

  it("counts days in UTC whatever the time zone of an entry", () => {
    const late = { startedAt: "2026-03-11T00:30:00+02:00", finishedAt: "2026-03-11T01:00:00+02:00" }
    const { deploymentFrequency } = report(ledger(A, { ...B, ...late }))
    expect(deploymentFrequency.daysWithDeployment).toBe(1)
  })

  it("counts one environment only", () => {
    const elsewhere = { ...C, environment: "staging" }
    expect(report(ledger(A, elsewhere)).deploymentFrequency.deployments).toBe(1)
    expect(report(ledger(A, elsewhere), { environment: "staging" }).deployments).toHaveLength(1)
  })

  it("is null for an empty window", () => {
    const { deploymentFrequency, leadTimeForChanges, timeToRestore, changeFailureRate, ...rest } = report([])
    expect(deploymentFrequency).toEqual({
      deployments: 0,
      perDay: null,
      perWeek: null,
      daysWithDeployment: 0,
      band: null,
    })
    expect(leadTimeForChanges).toEqual({ spread: null, band: null, unknown: "no deployment succeeded" })
    expect(timeToRestore).toEqual({ spread: null, band: null, open: 0 })
    expect(changeFailureRate).toEqual({ count: 0, of: 0, rate: null, band: null })
    expect(rest.deploymentSuccessRate).toEqual({ count: 0, of: 0, rate: null })
  })
})

describe("lead time for changes", () => {
  it("counts each commit since the previous deployment, in its own time zone", () => {
    const past = history({
      a: ["", "2026-03-01T00:00:00Z"],
      d: ["a", "2026-03-11T14:10:00+02:00"], // 12:10 in UTC: 24 h before
      e: ["d", "2026-03-12T01:10:00-05:00"], // 06:10 in UTC: 6 h before
      b: ["e", "2026-03-12T17:10:00+05:30"], // 11:40 in UTC: half an hour before
    })
    const { leadTimeForChanges, changes } = report(ledger(A, B), { history: past })
    expect(changes.map(({ commit, seconds }) => [commit, seconds])).toEqual([
      [sha("b"), HOUR / 2],
      [sha("e"), 6 * HOUR],
      [sha("d"), DAY],
    ])
    expect(changes[2]?.writtenAt).toBe("2026-03-11T12:10:00.000Z")
    expect(leadTimeForChanges).toEqual({
      spread: {
        count: 3,
        min: HOUR / 2,
        p25: 3.25 * HOUR,
        median: 6 * HOUR,
        p75: 15 * HOUR,
        p90: 20.4 * HOUR,
        max: DAY,
      },
      band: "elite",
      unknown: "",
    })
  })

  it("counts the commits of a merge once, not the merge itself", () => {
    const past = history({
      a: ["", "2026-03-01T00:00:00Z"],
      d: ["a", "2026-03-11T12:10:00Z"],
      e: ["a", "2026-03-10T12:10:00Z"],
      b: ["ad", "2026-03-12T12:00:00Z", "Merge pull request #1 from acme/feature/d"],
      c: ["be", "2026-03-20T12:00:00Z", "Merge pull request #2 from acme/feature/e"],
    })
    const found = report(ledger(A, B, C), { history: past })
    expect(found.changes.map(({ commit, seconds }) => [commit, seconds])).toEqual([
      [sha("d"), DAY],
      [sha("e"), 10 * DAY],
    ])
    expect(found.deployments.map(({ changes }) => changes)).toEqual([null, 1, 1])
    expect(found.leadTimeForChanges.spread?.median).toBe(5.5 * DAY)
    expect(found.leadTimeForChanges.band).toBe("high")
  })

  it("counts a squash merge as one change, without the commits of its branch", () => {
    const past = history({
      a: ["", "2026-03-01T00:00:00Z"],
      d: ["a", "2026-03-02T00:00:00Z"],
      e: ["d", "2026-03-03T00:00:00Z"],
      b: ["a", "2026-03-12T09:10:00Z", "Add a feature (#3)"],
    })
    const { changes } = report(ledger(A, B), { history: past })
    expect(changes.map(({ commit, seconds }) => [commit, seconds])).toEqual([[sha("b"), 3 * HOUR]])
  })

  it("counts a failed deployment's commits with the next success, and rolled-back ones once", () => {
    const past = history({
      a: ["", "2026-03-01T00:00:00Z"],
      b: ["a", "2026-03-12T00:10:00Z"],
      c: ["b", "2026-03-20T00:10:00Z"],
    })
    const failed = report(ledger(A, { ...B, status: "failed" }, C), { history: past })
    expect(failed.changes.map(({ seconds }) => seconds)).toEqual([DAY / 2, 8.5 * DAY])
    const back = deployed("a", "2026-03-13T00:00:00", "2026-03-13T00:05:00", {
      kind: "rollback",
      run: "back",
      facts: { previousDigest: digest("b") },
    })
    const returned = report(ledger(A, B, back, C), { history: past })
    expect(returned.changes.map(({ seconds }) => seconds)).toEqual([DAY / 2, DAY / 2])
  })

  it("takes the commit from the tag if the ledger has none", () => {
    const past = history(
      { a: ["", "2026-03-01T00:00:00Z"], b: ["a", "2026-03-12T00:10:00Z"] },
      { tags: { "refs/tags/v1.1.0": "b" } },
    )
    const { changes } = report(ledger(A, { ...B, sha: "", facts: { version: "1.1.0" } }), { history: past })
    expect(changes.map(({ commit }) => commit)).toEqual([sha("b")])
  })

  const BEFORE: Record<string, [string, string]> = { a: ["", "2026-03-01T00:00:00Z"] }
  test.each<[what: string, past: DoraInputs["history"], reason: RegExp]>([
    ["no history", undefined, /^no history was given$/],
    [
      "a shallow history",
      history({ ...BEFORE, b: ["a", "2026-03-12T00:10:00Z"] }, { shallow: true }),
      /^the history is shallow: .*--unshallow/,
    ],
    ["a history without the commit", history(BEFORE), /^the history has no commit bbbbbbbbbbbb$/],
    [
      "a history without the previous commit",
      history({ b: ["", "2026-03-12T00:10:00Z"] }),
      /^the commit of the previous version a is unknown$/,
    ],
    [
      "a history with a hole",
      history({ a: ["d", "2026-03-01T00:00:00Z"], b: ["a", "2026-03-12T00:10:00Z"] }),
      /^the history has more than 150000 commits/,
    ],
  ])("is null with %s", (_, past, reason) => {
    const found = report(ledger(A, B), { history: past, days: 19 })
    expect(found.deployments.map(({ version, changes }) => [version, changes])).toEqual([["b", null]])
    expect(found.leadTimeForChanges).toEqual({
      spread: null,
      band: null,
      unknown: expect.stringMatching(reason) as string,
    })
    expect(found.notes.join()).toContain("changes of b not counted: ")
  })

  it("counts the first deployment if its entry names the previous commit", () => {
    const past = history({ a: ["", "2026-03-01T00:00:00Z"], b: ["a", "2026-03-12T00:10:00Z"] })
    const first = ledger({ ...B, facts: { ...B.facts, previousCommit: sha("a") } })
    expect(report(first, { history: past }).changes.map(({ commit }) => commit)).toEqual([sha("b")])
  })

  it("says why it is null if nothing new was deployed or all commits are dated later", () => {
    const again = { ...B, sha: A.sha }
    const past = history({ a: ["", "2026-03-01T00:00:00Z"], b: ["a", "2026-04-01T00:00:00Z"] })
    const unknown = (...records: LedgerRecord[]) =>
      report(ledger(...records), { history: past }).leadTimeForChanges.unknown
    expect(unknown(A, again)).toBe("no deployment delivered a change")
    expect(unknown(A, B)).toBe("all deployed commits are dated after their deployment, or not at all")
  })

  it("leaves out the first deployment and commits with a wrong date", () => {
    const past = history({
      a: ["", "2026-03-01T00:00:00Z"],
      d: ["a", "2099-01-01T00:00:00Z"],
      e: ["d", "yesterday"],
      b: ["e", "2026-03-12T00:10:00Z"],
    })
    const found = report(ledger(A, B), { history: past })
    expect(found.changes.map(({ commit }) => commit)).toEqual([sha("b")])
    expect(found.notes).toEqual([
      "the ledger begins within the window, at 2026-03-10T12:00:00.000Z; rates are computed over the whole window",
      "changes of a not counted: the ledger has no earlier deployment",
      "not counted: 2 commits without a date, or dated after their deployment",
    ])
  })
})

describe("failures", () => {
  const failedB = { ...B, status: "failed" as const }
  const back = (letter: string, day: string, more: Partial<LedgerRecord> = {}) =>
    deployed(letter, `2026-03-${day}T00:00:00`, `2026-03-${day}T00:05:00`, {
      kind: "rollback",
      run: `back-${day}`,
      ...more,
    })

  it("last as long as the deployment if it rolled back", () => {
    const facts = { failed: "soak", rolledBackTo: "a", reason: "errors" }
    const found = report(ledger(A, { ...failedB, facts: { ...B.facts, ...facts } }, C))
    expect(found.changeFailureRate).toEqual({ count: 1, of: 3, rate: 1 / 3, band: "low" })
    expect(found.deploymentSuccessRate).toEqual({ count: 2, of: 3, rate: 2 / 3 })
    expect(found.timeToRestore.spread?.median).toBe(600)
    expect(found.timeToRestore.band).toBe("elite")
    expect(found.failures.map(({ cause, by }) => [cause, by])).toEqual([["failed", "run-b"]])
  })

  it("last until the next success without a rollback", () => {
    const found = report(ledger(A, failedB, C))
    expect(found.timeToRestore.spread?.median).toBe(8 * DAY + 600)
    expect(found.failures[0]).toMatchObject({ by: "run-c", restoredAt: "2026-03-20T12:10:00.000Z" })
    expect(report(ledger(A, failedB)).timeToRestore).toEqual({ spread: null, band: null, open: 1 })
  })

  it("before any pod count as failed with nothing to restore", () => {
    const found = report(ledger(A, { ...failedB, facts: { ...B.facts, failed: "migrate" } }))
    expect(found.changeFailureRate.count).toBe(1)
    expect(found.timeToRestore).toEqual({ spread: null, band: null, open: 0 })
    expect(found.deployments[1]?.failure).toBe("failed")
  })

  it("include deployments rolled back later, from their start", () => {
    const found = report(ledger(A, B, back("a", "13", { facts: { previousDigest: digest("b") } }), C))
    expect(found.changeFailureRate).toMatchObject({ count: 1, of: 3 })
    expect(found.deploymentSuccessRate).toMatchObject({ count: 3, of: 3 })
    expect(found.rollbacks).toEqual({ succeeded: 1, failed: 0, byHand: 0 })
    expect(found.timeToRestore.spread?.median).toBe(DAY / 2 + 300)
    expect(found.deployments.map(({ failure }) => failure)).toEqual(["", "rolled back", ""])
  })

  it("include deployments undone manually, not manual changes to a new version", () => {
    const byHand = (letter: string) => back(letter, "13", { kind: "manual", run: "manual-1" })
    const undone = report(ledger(A, B, byHand("a")))
    expect(undone.failures.map(({ cause, version }) => [cause, version])).toEqual([["undone by hand", "b"]])
    expect(undone.rollbacks.byHand).toBe(1)
    expect(undone.changeFailureRate).toMatchObject({ count: 1, of: 2 })
    expect(report(ledger(A, B, byHand("f"))).failures).toEqual([])
  })

  it("of a rollback don't count for the deployment", () => {
    const found = report(ledger(A, B, back("a", "13", { status: "failed", facts: { failed: "surge" } })))
    expect(found.failures).toEqual([])
    expect(found.rollbacks).toEqual({ succeeded: 0, failed: 1, byHand: 0 })
  })

  it("of a deployment on hold count when it is decided", () => {
    const held = { ...B, status: "held" as const }
    const settled = (what: string, status: "succeeded" | "failed") => ({
      ...B,
      run: `run-b-${what}`,
      status,
      finishedAt: "2026-03-13T12:00:00Z",
      facts: { ...B.facts, interrupted: "held", by: "x" },
    })
    const open = report(ledger(A, held))
    expect(open.deploymentSuccessRate).toMatchObject({ count: 1, of: 1 })
    expect(open.notes[1]).toBe("b is on hold and counts neither as succeeded nor as failed")
    const accepted = report(ledger(A, held, settled("finish", "succeeded")))
    expect(accepted.deploymentSuccessRate).toMatchObject({ count: 2, of: 2 })
    expect(accepted.failures).toEqual([])
    const undone = report(ledger(A, held, settled("undo", "failed")))
    expect(undone.deploymentSuccessRate).toMatchObject({ count: 1, of: 2 })
    expect(undone.timeToRestore.spread?.median).toBe(DAY)
  })
})

describe("incidents", () => {
  it("belong to the deployment that they name, not to the last one", () => {
    const entries = ledger(A, B, C)
    const [, second] = entries
    const found = report(entries, {
      incidents: incidents(
        `id: I-1, deployment: ${second?.hash.slice(0, 12)}, started: "2026-03-21T00:00:00Z", resolved: "2026-03-21T02:00:00+01:00"`,
      ),
    })
    expect(found.deployments.map(({ failure }) => failure)).toEqual(["", "incident I-1", ""])
    expect(found.timeToRestore.spread?.median).toBe(HOUR)
    expect(found.changeFailureRate).toMatchObject({ count: 1, of: 3 })
  })

  it("that name a version belong to its last deployment before them", () => {
    const again = {
      ...A,
      run: "again",
      startedAt: "2026-03-25T00:00:00Z",
      finishedAt: "2026-03-25T00:05:00Z",
    }
    const at = (day: string) =>
      report(ledger(A, B, again), {
        incidents: incidents(
          `id: I, version: a, environment: production, started: "2026-03-${day}T00:00:00Z"`,
        ),
      })
    const failed = (day: string) => at(day).deployments.map(({ failure }) => failure)
    expect(failed("15")).toEqual(["incident I", "", ""])
    expect(failed("26")).toEqual(["", "", "incident I"])
    expect(at("09").notes.at(-1)).toBe(
      "incident I (line 2) counts in no metric: a was not deployed to production before it",
    )
  })

  it("that overlap are one failure per deployment", () => {
    const of = (id: string, letter: string, from: string, to: string) =>
      `id: ${id}, version: ${letter}, environment: production, started: "2026-03-21T${from}:00:00Z", resolved: "2026-03-21T${to}:00:00Z"`
    const one = report(ledger(A, B, C), {
      incidents: incidents(
        of("I-1", "c", "01", "04"),
        of("I-2", "c", "03", "06"),
        of("I-3", "c", "08", "09"),
      ),
    })
    expect(one.failures.map(({ incidents: ids, seconds }) => [ids, seconds])).toEqual([
      [["I-1", "I-2"], 5 * HOUR],
      [["I-3"], HOUR],
    ])
    expect(one.changeFailureRate).toMatchObject({ count: 1, of: 3 })
    const two = report(ledger(A, B, C), {
      incidents: incidents(of("I-1", "c", "01", "04"), of("I-2", "b", "03", "06")),
    })
    expect(two.failures.map(({ seconds }) => seconds)).toEqual([3 * HOUR, 3 * HOUR])
    expect(two.changeFailureRate).toMatchObject({ count: 2, of: 3 })
  })

  it("last until they are resolved or their deployment is rolled back", () => {
    const open = incidents('id: I, version: b, environment: production, started: "2026-03-12T18:00:00Z"')
    expect(report(ledger(A, B), { incidents: open }).timeToRestore.open).toBe(1)
    const back = deployed("a", "2026-03-13T00:00:00", "2026-03-13T00:30:00", {
      kind: "rollback",
      run: "back",
    })
    const found = report(ledger(A, B, back), { incidents: open })
    expect(found.failures).toHaveLength(1)
    expect(found.failures[0]).toMatchObject({ seconds: 6.5 * HOUR, by: "back", cause: "incident" })
    const early = report(ledger(A, B), { incidents: open, now: new Date("2026-03-12T17:00:00Z") })
    expect(early.failures).toEqual([])
  })

  it("without a deployment are listed in the notes and count in no metric", () => {
    const found = report(ledger(A, { ...B, environment: "staging" }), {
      incidents: incidents(
        'id: lost, deployment: "0123456789", started: "2026-03-21T00:00:00Z"',
        `id: elsewhere, version: b, environment: staging, started: "2026-03-21T00:00:00Z"`,
      ),
    })
    expect(found.failures).toEqual([])
    expect(found.notes.slice(1)).toEqual([
      "changes of a not counted: no history was given",
      "incident lost (line 2) counts in no metric: no entry of production begins with 0123456789",
    ])
  })
})
