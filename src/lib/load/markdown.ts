/** Markdown section on a run for the summary. */
import { clip, markdown } from "../text/escape.js"
import type { Judged } from "./judge.js"
import { type Profile, profileText } from "./profile.js"
import type { Series } from "./series.js"

export interface LoadReport {
  environment: string
  profile: Profile
  series: Series
  judged: Judged
  /** Notes for the reader, in order. */
  notes: readonly string[]
}

const NOTE_LENGTH = 600
const ROWS = 12

export function loadMarkdown({ environment, profile, series, judged, notes }: LoadReport): string {
  const rate = series.requests / Math.max(1, series.seconds.length)
  const share = (series.errors / Math.max(1, series.requests)) * 100
  const rows = [
    ["requests", `${series.requests}, ${round(rate)} a second`],
    ["failed", `${round(share)} %`],
    ["median", milliseconds(series.p50)],
    ["95 of 100 within", milliseconds(series.p95)],
    ["iterations", String(series.iterations)],
    ...(series.checks.passed + series.checks.failed > 0
      ? [["checks", `${series.checks.passed} passed, ${series.checks.failed} failed`]]
      : []),
  ]
  return [
    `### ${profile.kind} test of ${markdown(environment)}: ${profileText(profile)}\n`,
    `${markdown(judged.reason)}\n`,
    "| what | figure |\n|---|---|",
    ...rows.map((cells) => `| ${cells.map((cell) => markdown(cell)).join(" | ")} |`),
    "",
    ...byUsers(series, profile),
    ...notes.map((note) => `- ${markdown(clip(note, NOTE_LENGTH))}`),
    "",
  ].join("\n")
}

const round = (value: number): number => Math.round(value * 10) / 10

const milliseconds = (value: number | undefined): string => (value === undefined ? "–" : `${round(value)} ms`)

/** Table of a stress test by number of users. */
function byUsers({ seconds }: Series, { kind, ramps }: Profile): string[] {
  if (kind !== "stress") return []
  const step = Math.max(1, Math.ceil(Math.max(...ramps.map(({ users }) => users)) / ROWS))
  const levels = new Map<number, typeof seconds>()
  for (const second of seconds) {
    const level = Math.ceil(second.users / step) * step
    levels.set(level, [...(levels.get(level) ?? []), second])
  }
  const rows = [...levels]
    .sort(([a], [b]) => a - b)
    .map(([level, part]) => {
      const requests = part.reduce((sum, second) => sum + second.requests, 0)
      const errors = part.reduce((sum, second) => sum + second.errors, 0)
      const worst = Math.max(0, ...part.map(({ p95 }) => p95 ?? 0))
      return `| ${level} | ${round(requests / part.length)} | ${requests === 0 ? "–" : `${round((errors / requests) * 100)} %`} | ${milliseconds(worst)} |`
    })
  return ["| users up to | requests a second | failed | worst 95 of 100 |\n|---|---|---|---|", ...rows, ""]
}
