// Results have no end: every renderer takes linear time.
import { describe, expect, it } from "vitest"
import { slackMessage } from "../../../src/lib/notify/slack.js"
import { teamsMessage } from "../../../src/lib/notify/teams.js"
import { webhookMessage } from "../../../src/lib/notify/webhook.js"
import { html } from "../../../src/lib/report/html/page.js"
import { junit } from "../../../src/lib/report/junit.js"
import { sarif } from "../../../src/lib/report/sarif.js"
import { summary } from "../../../src/lib/report/summary.js"
import { terminalText } from "../../../src/lib/report/terminal.js"
import { fenced, markdown } from "../../../src/lib/text/escape.js"
import { growth, LINEAR, type Sized } from "../cost.js"
import { news } from "../notify/receiver.js"
import { failed, failedRun, numberedFinding, testCases, times } from "./many.js"
import { stage } from "./stages.js"

const changes = (n: number) =>
  news({
    changes: { subjects: times(n, (index) => `Change ${index} & <more>`), more: 0, back: false, problem: "" },
  })

const RENDERERS: Record<string, [n: number, work: Sized]> = {
  "SARIF of findings": [
    2000,
    (n) =>
      (
        (all) => () =>
          sarif(all, "1")
      )(
        stage(
          "failed",
          times(n, (index) => numberedFinding(index)),
        ),
      ),
  ],
  "SARIF of rules": [
    1000,
    (n) =>
      (
        (all) => () =>
          sarif(all, "1")
      )(
        stage(
          "failed",
          times(n, (i) => numberedFinding(i, { rule: `R${i}` })),
        ),
      ),
  ],
  "JUnit of findings": [
    2000,
    (n) =>
      (
        (all) => () =>
          junit(all)
      )(failed(times(n, (index) => numberedFinding(index)))),
  ],
  "JUnit of tests": [
    1000,
    (n) =>
      (
        (all) => () =>
          junit(all)
      )(failed([], { tests: testCases(n) })),
  ],
  summary: [
    2000,
    (n) =>
      (
        (all) => () =>
          summary(all.verdict, all.reports)
      )(
        failedRun(
          failed(
            times(n, (index) => numberedFinding(index)),
            { tests: testCases(n) },
          ),
        ),
      ),
  ],
  "HTML page": [
    2000,
    (n) =>
      (
        (all) => () =>
          html(all.verdict, all.reports)
      )(
        failedRun(
          failed(
            times(n, (index) => numberedFinding(index)),
            { tests: testCases(n) },
          ),
        ),
      ),
  ],
  "terminal text": [
    2000,
    (n) =>
      (
        (all) => () =>
          terminalText(all)
      )(failed(times(n, (index) => numberedFinding(index)))),
  ],
  "message to Teams": [
    400,
    (n) =>
      (
        (all) => () =>
          teamsMessage(all)
      )(changes(n)),
  ],
  "message to Slack": [
    400,
    (n) =>
      (
        (all) => () =>
          slackMessage(all)
      )(changes(n)),
  ],
  "message to a webhook": [
    2000,
    (n) =>
      (
        (all) => () =>
          webhookMessage(all)
      )(changes(n)),
  ],
  "long name in Markdown": [
    50_000,
    (n) =>
      (
        (text) => () =>
          markdown(text)
      )("a@b`<".repeat(n / 5)),
  ],
  "fenced block": [
    50_000,
    (n) =>
      (
        (text) => () =>
          fenced(text, "")
      )("`a".repeat(n / 2)),
  ],
}

describe("rendering takes linear time", () => {
  it.each(Object.entries(RENDERERS))("%s", (_, [n, work]) => {
    expect(growth(n, work)).toBeLessThan(LINEAR)
  })
})
