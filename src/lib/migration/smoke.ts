import { clip } from "../text/escape.js"
import { oneLine } from "../text/words.js"

/** Requests to a started service. */
export interface Smoke {
  port: number
  /** Paths to request; the first is repeated until it succeeds. */
  paths: readonly string[]
  /** Time limit of that. */
  seconds: number
}

interface Answer {
  path: string
  /** 0 for no answer. */
  status: number
  body: string
}

interface SmokeRecord {
  answers: Answer[]
  /** The service's exit code if it exited. */
  ended: number | null
  log: string
}

/** Parses the output of `slipway_smoke.py`: a service that answers, or its own last error message. */
export function smokeOutcome(
  printed: string,
  { paths, seconds }: Smoke,
): { status: "passed" | "failed"; reason: string; log: string } {
  const record = readRecord(printed)
  if (record === undefined)
    return {
      status: "failed",
      reason: oneLine(`it could not be asked: ${printed || "nothing was printed"}`),
      log: printed,
    }
  const { answers, ended, log } = record
  const failed = (reason: string) => ({
    status: "failed" as const,
    reason: oneLine(reason),
    log: shown(record),
  })
  if (ended !== null) return failed(`it ended with ${ended}: ${lastLine(log)}`)
  if (answers.length === 0) return failed(`it can't be started: ${lastLine(log)}`)
  const bad = answers.find(({ status }) => status < 200 || status >= 400)
  if (bad === undefined)
    return { status: "passed", reason: `answers ${paths.join(", ")}`, log: shown(record) }
  const within = answers.length === 1 && paths.length > 0 ? ` within ${seconds} s` : ""
  const body = clip(bad.body.trim(), 120)
  return failed(
    bad.status === 0
      ? `${bad.path} did not answer${within} (${body}): ${lastLine(log)}`
      : `${bad.path} answered ${bad.status}${body && `, ${JSON.stringify(body)}`}: ${lastLine(log)}`,
  )
}

function readRecord(printed: string): SmokeRecord | undefined {
  try {
    return JSON.parse(printed.trim().split("\n").at(-1) ?? "") as SmokeRecord
  } catch {
    return undefined
  }
}

const lastLine = (log: string): string => log.trimEnd().split("\n").at(-1)?.trim() || "it said nothing"

const shown = ({ answers, log }: SmokeRecord): string =>
  [...answers.map(({ path, status }) => `GET ${path}: ${status || "no answer"}`), log].join("\n")
