// Measures renderers and readers with 100,000 findings, tests and changes, and logs of a gigabyte:
// `npx tsx test/bench/large.ts`. Each row has a process of its own, so that its peak of memory is its own.
import { execFileSync } from "node:child_process"
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileLines } from "../../dagger/lib/lines.js"
import { slackMessage } from "../../src/lib/notify/slack.js"
import { teamsMessage } from "../../src/lib/notify/teams.js"
import { webhookMessage } from "../../src/lib/notify/webhook.js"
import { brokenOff } from "../../src/lib/pipeline/journal.js"
import { configuration, tool } from "../../src/lib/quality/index.js"
import { html } from "../../src/lib/report/html/page.js"
import { junit } from "../../src/lib/report/junit.js"
import { sarif } from "../../src/lib/report/sarif.js"
import { summary } from "../../src/lib/report/summary.js"
import { readRecords } from "../../src/lib/testing/records.js"
import { news } from "../unit/notify/receiver.js"
import { failed, failedRun, lines, numberedFinding, testCases, times } from "../unit/report/many.js"
import { stage } from "../unit/report/stages.js"

const MANY = 100_000
const GIGABYTE = 1_000_000_000

const findings = () => times(MANY, (index) => numberedFinding(index))
const run = (stdout: string) => ({ stdout, stderr: "", exitCode: 1 })
const changes = () =>
  news({
    changes: { subjects: times(MANY, (index) => `Change ${index}`), more: 0, back: false, problem: "" },
  })

/** Makes the input; returns the work on it, which is measured, and whose text is counted. */
const ROWS: Record<string, () => () => unknown> = {
  "SARIF of 100,000 findings": () =>
    (
      (all) => () =>
        sarif(all, "1")
    )(stage("failed", findings())),
  "JUnit of 100,000 findings": () =>
    (
      (all) => () =>
        junit(all)
    )(failed(findings())),
  "JUnit of 100,000 tests": () =>
    (
      (all) => () =>
        junit(all)
    )(failed([], { tests: testCases(MANY) })),
  "summary of both": () =>
    (
      ({ verdict, reports }) =>
      () =>
        summary(verdict, reports)
    )(failedRun(failed(findings(), { tests: testCases(MANY) }))),
  "HTML page of both": () =>
    (
      ({ verdict, reports }) =>
      () =>
        html(verdict, reports)
    )(failedRun(failed(findings(), { tests: testCases(MANY) }))),
  "Teams, 100,000 changes": () =>
    (
      (all) => () =>
        teamsMessage(all)
    )(changes()),
  "Slack, 100,000 changes": () =>
    (
      (all) => () =>
        slackMessage(all)
    )(changes()),
  "webhook, 100,000 changes": () =>
    (
      (all) => () =>
        webhookMessage(all)
    )(changes()),
  "records of 100,000 tests": () =>
    (
      (text) => () =>
        readRecords(text).tests.length
    )(lines(MANY, (index) => JSON.stringify({ test: testCases(1)[0], index }))),
  "flake8 with 100,000 lines": () =>
    (
      (stdout) => () =>
        tool("flake8").read(run(stdout)).findings.length
    )(lines(MANY, (index) => `\x1d./m.py\x1f${index}\x1f1\x1fE501\x1fline too long\x1e`)),
  "line of 1,000,000 spaces": () =>
    (
      (text) => () =>
        configuration("flake8", { "setup.cfg": text })
    )(`[a]\nk${" ".repeat(1_000_000)}v`),
  "log of a gigabyte": () => () => readLog("12 : [0.5s] | a line of a tool's output, as many print\n"),
  "gigabyte without a line break": () => () => readLog("x".repeat(1000)),
}

/** Writes a log of a gigabyte with the journal at its end, and reads that as a run that broke off is read. */
function readLog(piece: string): number {
  const folder = mkdtempSync(join(tmpdir(), "slipway-large-"))
  const file = join(folder, "dagger.log")
  try {
    const chunk = piece.repeat(Math.floor(10_000_000 / piece.length))
    writeFileSync(file, "")
    for (let written = 0; written < GIGABYTE; written += chunk.length) appendFileSync(file, chunk)
    appendFileSync(file, '\nmark {"planned":["mypy","black"]}\n')
    const { run } = failedRun([]).verdict
    const broke = { run, invocation: "", exitCode: 3 as const, reason: "", problem: "", milliseconds: 0 }
    return brokenOff(fileLines(file), "mark", broke).stages.length
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const [, script = "", chosen] = process.argv
if (chosen === undefined) {
  for (const name of Object.keys(ROWS))
    process.stdout.write(execFileSync(process.execPath, [...process.execArgv, script, name]))
} else {
  const work = ROWS[chosen]?.()
  if (work === undefined) throw new Error(`no row "${chosen}"`)
  const before = process.memoryUsage().rss
  const begun = process.cpuUsage()
  const made = work()
  const { user, system } = process.cpuUsage(begun)
  const bytes = typeof made === "number" ? `${made} read` : `${megabytes(sizeOf(made))} MB made`
  const peak = process.resourceUsage().maxRSS * 1024 - before
  console.log(
    `${chosen.padEnd(30)} ${((user + system) / 1_000_000).toFixed(2)} s, ${bytes}, ${megabytes(Math.max(0, peak))} MB of memory more`,
  )
}

function sizeOf(made: unknown): number {
  return Buffer.byteLength(typeof made === "string" ? made : JSON.stringify(made))
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(2)
}
