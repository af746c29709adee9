/** Verdict on a run. k6's exit code doesn't suffice: it is 0 even if every iteration threw (grafana/k6#4283). */
import { ExitCode } from "../errors/catalogue.js"
import type { Finding } from "../run/finding.js"
import { parseJson, fields, text } from "../text/json.js"
import { oneLine } from "../text/words.js"
import { breakOf, stopOf } from "./breaking.js"
import { type BreakingPoint } from "../run/loadChart.js"
import type { Profile } from "./profile.js"
import { type Series, UNKNOWN_HOST, UNKNOWN_STATUS } from "./series.js"

/** Output of a finished run. */
export interface Ran {
  /** Exit code of k6. */
  exitCode: number
  series: Series
  /** The kept lines of k6's log, each JSON. */
  said: string
  /** Number of exceptions that the script threw. */
  thrown: number
}

export interface Judged {
  status: "passed" | "failed" | "error"
  reason: string
  exitCode: ExitCode
  findings: Finding[]
  /** Requests, errors and response times in one line; undefined if nothing was measured. */
  measured?: string
  break?: BreakingPoint
}

/** k6's exit codes; test/contracts/k6.ts has their sources. */
const ENDS: Readonly<Record<number, { what: string; exitCode: ExitCode }>> = {
  100: { what: "the script's setup took too long", exitCode: ExitCode.badInput },
  101: { what: "the script's teardown took too long", exitCode: ExitCode.badInput },
  102: { what: "k6 ran out of time", exitCode: ExitCode.infrastructure },
  103: { what: "the test was ended through k6's REST API", exitCode: ExitCode.infrastructure },
  104: { what: "k6 refuses the script's options", exitCode: ExitCode.badInput },
  105: { what: "the test was ended from outside", exitCode: ExitCode.infrastructure },
  106: { what: "k6 could not start its REST API", exitCode: ExitCode.infrastructure },
  107: { what: "the script throws", exitCode: ExitCode.badInput },
  109: { what: "k6 broke down", exitCode: ExitCode.infrastructure },
}

/** A script that says of itself that it failed: `exec.test.fail()`. */
const MARKED = 110

const THRESHOLDS = 99
const SIGNALLED = 105
const ABORTED = 108

/** The log of a script whose scenarios name other functions. */
const NO_DEFAULT = /\bfunction 'default' not found in exports\b/

/**
 * Judges a run by its samples.
 *
 * @param host The service's host and port, as in its URL.
 * @param made True for a generated script, whose every request is meant for the service.
 */
export function judgeRun(ran: Ran, profile: Profile, host: string, made: boolean): Judged {
  const ended = endOf(ran)
  if (ended !== undefined) return ended
  const { series, thrown } = ran
  if (thrown > 0 && thrown >= series.iterations)
    return failure("error", ExitCode.badInput, `the script throws each time: ${complaint(ran, isThrown)}`)
  const unreached = unreachedOf(ran, host)
  if (unreached !== undefined) return unreached
  const { stop } = series
  const found = stop === undefined ? breakOf(series.seconds, profile) : stopOf(stop, profile)
  const faults = [
    ...(thrown > 0 ? [fault("script", `the script threw ${thrown} times: ${complaint(ran, isThrown)}`)] : []),
    ...elsewhere(series, host, made),
    ...untold(series),
    ...(stop === undefined ? fewIterations(series, profile) : []),
    ...(profile.kind === "load" ? limits(series, profile) : handlesMinimum(found, profile)),
    ...own(ran),
  ]
  const blocking = faults.filter(({ advisory }) => advisory !== true)
  const measured = measure(series)
  const reason =
    blocking.length > 0
      ? blocking.map(({ message }) => message).join("; ")
      : profile.kind === "stress"
        ? `${found === undefined ? `no break up to ${most(series)} users` : `it breaks at ${found.users} users: ${found.why}`}; ${measured}`
        : measured
  return {
    status: blocking.length > 0 ? "failed" : "passed",
    reason,
    findings: faults,
    exitCode: blocking.length > 0 ? ExitCode.gateFailed : ExitCode.passed,
    measured,
    ...(found !== undefined && { break: found }),
  }
}

const most = ({ seconds }: Series): number => Math.max(0, ...seconds.map(({ users }) => users))

function fault(rule: string, message: string, advisory = false): Finding {
  return { tool: "k6", rule, level: advisory ? "warning" : "error", message, ...(advisory && { advisory }) }
}

const failure = (status: "failed" | "error", exitCode: ExitCode, message: string): Judged => ({
  status,
  exitCode,
  reason: oneLine(message),
  findings: [fault("run", oneLine(message))],
})

/** Result of a run that k6 itself aborted. */
function endOf(ran: Ran): Judged | undefined {
  const { exitCode } = ran
  if (exitCode === SIGNALLED && ran.series.stop !== undefined) return undefined
  const end = ENDS[exitCode]
  if (end !== undefined) {
    const advice = saidOf(ran.said).some(({ message }) => NO_DEFAULT.test(message))
      ? "; the ramps replace the scenarios, so the script has to export a default function"
      : ""
    return failure("error", end.exitCode, `${end.what}: ${complaint(ran)}${advice}`)
  }
  if (exitCode === ABORTED)
    return failure("failed", ExitCode.gateFailed, `the script ended the test: ${complaint(ran)}`)
  if (exitCode === 0 || exitCode === THRESHOLDS || exitCode === MARKED) return undefined
  // Some versions end with 255 for a mistake in the script: https://github.com/grafana/k6/issues/5127.
  if (saidOf(ran.said).some((line) => line.thrown || /\bSyntaxError\b/.test(line.message)))
    return failure("error", ExitCode.badInput, `the script throws: ${complaint(ran)}`)
  if (saidOf(ran.said).some(({ message }) => /\bno exported functions\b/.test(message)))
    return failure("error", ExitCode.badInput, `the script exports no function: ${complaint(ran)}`)
  return failure("error", ExitCode.infrastructure, `k6 ended with ${exitCode}: ${complaint(ran)}`)
}

interface Said {
  level: string
  message: string
  thrown: boolean
}

const saidOf = (said: string): Said[] =>
  said.split("\n").flatMap((line) => {
    const entry = fields(parseJson(line))
    // An output that can't send metrics is no fault of the run.
    if (text(entry["output"]) !== "") return []
    const message = [text(entry["msg"]), text(entry["error"])].filter((part) => part !== "").join(": ")
    return message === ""
      ? []
      : [{ level: text(entry["level"]), message, thrown: entry["source"] === "stacktrace" }]
  })

const isThrown = ({ thrown }: Said): boolean => thrown

/** First complaint in k6's log, errors before warnings. */
function complaint({ said }: Ran, fits: (line: Said) => boolean = () => true): string {
  const lines = saidOf(said).filter(fits)
  const first = lines.find(({ level }) => level === "error") ?? lines[0]
  return first === undefined ? said.trim().split("\n")[0] || "it doesn't say why" : oneLine(first.message)
}

/** Verdict on a service that answered nothing at all. */
function unreachedOf(ran: Ran, host: string): Judged | undefined {
  const { hosts, codes, requests, statuses } = ran.series
  if (requests === 0 || (statuses[0] ?? 0) < requests) return undefined
  const [code = 0] =
    Object.entries(codes)
      .sort(([, a], [, b]) => b - a)[0]
      ?.map(Number) ?? []
  const why = complaint(ran, ({ message }) => message.startsWith("Request Failed"))
  const where = Object.keys(hosts).filter(isKnown).join(", ") || host
  // A certificate that has expired has k6's code for everything else.
  if ((code >= 1300 && code < 1400) || /\bx509: /.test(why))
    return failure("failed", ExitCode.gateFailed, `the certificate of ${where} isn't trusted: ${why}`)
  if (code >= 1100 && code < 1200)
    return failure("error", ExitCode.infrastructure, `${where} has no address: ${why}`)
  return failure("failed", ExitCode.gateFailed, `${where} answered none of ${requests} requests: ${why}`)
}

const isKnown = (host: string): boolean => host !== UNKNOWN_HOST

/** Findings for a script that sent no requests, or that k6 says too little of. */
function untold({ requests, sessions, statuses }: Series): Finding[] {
  const unknown = statuses[UNKNOWN_STATUS] ?? 0
  if (unknown > 0)
    return [
      fault(
        "status",
        `k6 doesn't say how ${unknown} requests were answered: the script's systemTags leave status out`,
        true,
      ),
    ]
  if (requests > 0) return []
  return sessions === undefined
    ? [fault("requests", "the script asked for nothing: it sent neither HTTP nor gRPC requests")]
    : [
        fault(
          "requests",
          "the script sent neither HTTP nor gRPC requests: its own checks and thresholds alone are judged",
          true,
        ),
      ]
}

/** Findings for requests to other hosts: their metrics aren't the service's. */
function elsewhere({ hosts }: Series, host: string, made: boolean): Finding[] {
  // A script of the service's own may call another of its ports, such as that of gRPC.
  const own = (name: string) => name === host || (!made && hostname(name) === hostname(host))
  const others = Object.entries(hosts).filter(([name]) => !own(name) && isKnown(name))
  const listed = others.map(([name, { requests }]) => `${name} (${requests} requests)`).join(", ")
  const named = hosts[UNKNOWN_HOST]
  const notes =
    named === undefined
      ? []
      : [
          fault(
            "host",
            `k6 doesn't say where ${named.requests} requests went: the script names them, or its systemTags leave url out`,
            true,
          ),
        ]
  if (others.length === 0) return notes
  if (!Object.keys(hosts).some(own) && named === undefined)
    return [fault("host", `nothing went to ${host}, but to ${listed}`)]
  return made
    ? [fault("host", `it redirects to ${listed}, so these are not metrics of ${host}`)]
    : [...notes, fault("host", `the script, or a redirect, also led to ${listed}`, true)]
}

const hostname = (host: string): string => host.replace(/:\d+$/, "")

const fewIterations = ({ iterations }: Series, { iterations: least }: Profile): Finding[] =>
  iterations >= least
    ? []
    : [fault("iterations", `the script ran to its end ${iterations} times, and has to ${least} times`)]

function limits(series: Series, { p95, errors }: Profile): Finding[] {
  const share = (series.errors / Math.max(1, series.requests)) * 100
  return [
    ...(series.p95 !== undefined && series.p95 >= p95
      ? [
          fault(
            "p95",
            `95 of 100 requests took up to ${Math.round(series.p95)} ms, and must take less than ${p95} ms`,
          ),
        ]
      : []),
    ...(share >= errors
      ? [
          fault(
            "errors",
            `${percent(share)} % of the requests failed (${kinds(series)}), and fewer than ${errors} % may`,
          ),
        ]
      : []),
  ]
}

const percent = (share: number): number => Math.round(share * 10) / 10

/** Status codes that count as errors, most frequent first. */
const kinds = ({ statuses }: Series): string =>
  Object.entries(statuses)
    .filter(([status]) => Number(status) === 0 || Number(status) >= 400)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 4)
    .map(([status, count]) => `${status === "0" ? "no answer" : status}: ${count}`)
    .join(", ") || "by the script's own rules"

const handlesMinimum = (found: BreakingPoint | undefined, { minimumUsers: least }: Profile): Finding[] =>
  found === undefined
    ? []
    : least !== undefined && found.users <= least
      ? [fault("bears", `it breaks at ${found.users} users, and must handle ${least}: ${found.why}`)]
      : [fault("break", `it breaks at ${found.users} users, after ${found.at} s: ${found.why}`, true)]

/** Findings for thresholds that the script itself defines. */
function own(ran: Ran): Finding[] {
  if (ran.exitCode === MARKED) return [fault("script", `the script says that it failed: ${complaint(ran)}`)]
  if (ran.exitCode !== THRESHOLDS) return []
  const crossed = saidOf(ran.said).find(({ message }) => /^thresholds on metrics /.test(message))
  const message = crossed?.message ?? "thresholds of the script have been crossed"
  return [fault("thresholds", `the script's own: ${oneLine(message)}`)]
}

/** Summary of a run in one line. */
const measure = (series: Series): string => {
  if (series.requests === 0 && series.sessions !== undefined)
    return `${series.sessions} sessions of WebSocket or requests of a browser, by up to ${most(series)} users`
  const share = percent((series.errors / Math.max(1, series.requests)) * 100)
  return `${series.requests} requests, ${share} % failed, 95 of 100 within ${series.p95 === undefined ? "?" : Math.round(series.p95)} ms, by up to ${most(series)} users`
}
