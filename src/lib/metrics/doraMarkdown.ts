import { code, markdown, visible } from "../text/escape.js"
import { count } from "../text/words.js"
import { minute } from "./auditText.js"
import type { Band } from "./bands.js"
import type { DoraReport } from "./dora.js"
import { durationText, percentText, type Distribution } from "./numbers.js"

/** A metric formatted for people. */
export interface MetricText {
  name: string
  value: string
  /** Sample size and distribution, or why there is no value. */
  detail: string
  band: Band | null
}

/** The five metrics in DORA's order. */
export function metricTexts(report: DoraReport): MetricText[] {
  const { deploymentFrequency: often, leadTimeForChanges: lead, timeToRestore: restore } = report
  const { changeFailureRate: failed, deploymentSuccessRate: good } = report
  return [
    {
      name: "Deployment frequency",
      value: often.perWeek === null ? "none" : `${often.perWeek.toFixed(1)} per week`,
      detail: `${count(often.deployments, "deployment")} on ${count(often.daysWithDeployment, "day")}`,
      band: often.band,
    },
    {
      name: "Lead time for changes",
      ...distributionText(lead.spread, lead.unknown, "change"),
      band: lead.band,
    },
    {
      name: "Time to restore",
      ...distributionText(restore.spread, "no failures", "failure"),
      ...(restore.open > 0 && { detail: `${restore.open} not yet restored` }),
      band: restore.band,
    },
    { name: "Change failure rate", ...rateText(failed), band: failed.band },
    { name: "Deployment success rate", ...rateText(good), band: null },
  ]
}

function distributionText(
  spread: Distribution | null,
  otherwise: string,
  what: string,
): Omit<MetricText, "name" | "band"> {
  if (spread === null) return { value: "none", detail: otherwise }
  const { count: number, median, p25, p75, p90 } = spread
  const range = `p25–p75 ${durationText(p25)} to ${durationText(p75)}, p90 ${durationText(p90)}`
  return { value: durationText(median), detail: `median of ${count(number, what)}; ${range}` }
}

const rateText = ({ count: part, of, rate }: DoraReport["deploymentSuccessRate"]) => ({
  value: rate === null ? "none" : percentText(rate),
  detail: `${part} of ${count(of, "deployment")}`,
})

/** Formats DORA metrics as Markdown. */
export function doraMarkdown(report: DoraReport): string {
  const { environment, days, from, to, deployments, failures, notes } = report
  return [
    `## DORA: ${code(environment)}, ${count(days, "day")}`,
    "",
    `${minute(from)} to ${minute(to)}`,
    "",
    "| metric | value | details | level |",
    "| ------ | ----- | ------- | ----- |",
    ...metricTexts(report).map(
      ({ name, value, detail, band }) => `| ${name} | **${value}** | ${markdown(detail)} | ${band ?? ""} |`,
    ),
    ...(notes.length === 0 ? [] : ["", ...notes.map((note) => `- ${markdown(note)}`)]),
    ...(deployments.length === 0 ? [] : ["", ...deploymentTable(report)]),
    ...(failures.length === 0 ? [] : ["", ...failureTable(report)]),
    "",
    "Performance levels as in DORA's report of 2023.",
    "",
  ].join("\n")
}

const deploymentTable = ({ deployments }: DoraReport): string[] => [
  "| deployed | version | commit | result | changes | failure |",
  "| -------- | ------- | ------ | ------ | ------- | ------- |",
  ...deployments.toReversed().map(({ finishedAt, version, commit, status, changes, failure }) => {
    const cells = [minute(finishedAt), code(version), code(commit.slice(0, 12)), status]
    return `| ${[...cells, changes === null ? "?" : String(changes), markdown(failure)].join(" | ")} |`
  }),
]

const failureTable = ({ failures }: DoraReport): string[] => [
  "| failed | version | cause | restored after | by |",
  "| ------ | ------- | ----- | -------------- | -- |",
  ...failures.toReversed().map(({ startedAt, version, cause, incidents, seconds, by }) => {
    const after = seconds === null ? "not yet" : durationText(seconds)
    const why = markdown([cause, ...incidents].join(" "))
    return `| ${[minute(startedAt), code(version), why, after, markdown(by)].join(" | ")} |`
  }),
]

/** Formats DORA metrics for a terminal. */
export function doraText(report: DoraReport): string {
  const { environment, from, to, failures, notes } = report
  return [
    `${environment}, ${minute(from)} to ${minute(to)}`,
    "",
    ...metricTexts(report).map(
      ({ name, value, detail, band }) =>
        `  ${name.padEnd(24)} ${value.padEnd(14)} ${(band ?? "").padEnd(7)} ${visible(detail)}`,
    ),
    ...(failures.length === 0 ? [] : ["", ...failures.map(failureLine)]),
    ...(notes.length === 0 ? [] : ["", ...notes.map((note) => `  ! ${visible(note)}`)]),
    "",
  ].join("\n")
}

const failureLine = ({
  startedAt,
  version,
  cause,
  incidents,
  seconds,
}: DoraReport["failures"][number]): string =>
  visible(
    `  ✗ ${minute(startedAt)}  ${version}: ${[cause, ...incidents].join(" ")}, ${seconds === null ? "not yet restored" : `restored after ${durationText(seconds)}`}`,
  )
