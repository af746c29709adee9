/** Outputs of k6 that send its metrics elsewhere. https://grafana.com/docs/k6/latest/results-output/real-time/ */
import type { Config } from "../config/config.js"

export type Receivers = Pick<Config["load"], "influxdb" | "prometheus">

/** Arguments and environment variables for k6's outputs, none of them secret. */
export interface Outputs {
  arguments: string[]
  variables: Record<string, string>
}

/** Statistics of durations sent to Prometheus: `k6_http_req_duration_med` and `…_p95`, in seconds. */
const TREND_STATS = "med,p(95)"

/** Configures k6's outputs. Tags without a value are left out. */
export function k6Outputs(
  { influxdb, prometheus }: Receivers,
  tags: Readonly<Record<string, string>>,
): Outputs {
  if (influxdb === undefined && prometheus === undefined) return { arguments: [], variables: {} }
  const given = Object.entries(tags).filter(([, value]) => value !== "")
  return {
    arguments: [
      ...given.map(([name, value]) => `--tag=${name}=${value}`),
      ...(influxdb === undefined ? [] : [`--out=influxdb=${influxAddress(influxdb)}`]),
      ...(prometheus === undefined ? [] : ["--out=experimental-prometheus-rw"]),
    ],
    variables:
      prometheus === undefined
        ? {}
        : { K6_PROMETHEUS_RW_SERVER_URL: prometheus, K6_PROMETHEUS_RW_TREND_STATS: TREND_STATS },
  }
}

/**
 * Address of a database for k6, `http://host:8086/load`.
 *
 * Accepts that form or the URL of a write API. InfluxDB 2 also offers its buckets through the API of version 1, which
 * k6 uses.
 */
export function influxAddress(text: string): string {
  const url = new URL(text)
  const { searchParams, origin, pathname } = url
  const database = searchParams.get("db") ?? searchParams.get("bucket")
  const retention = searchParams.get("rp")
  const path = database === null ? pathname : `/${encodeURIComponent(database)}`
  return `${origin}${path}${retention === null ? "" : `?retention=${encodeURIComponent(retention)}`}`
}

/** User for an InfluxDB token, which authenticates with any user name. */
const TOKEN_USER = "slipway"

/** Splits `INFLUXDB_TOKEN` into InfluxDB 1's `user:password`; a token of InfluxDB 2 is the password of any user. */
export function influxLogin(token: string): { username: string; password: string } {
  const [, username = TOKEN_USER, password = ""] = /^(?:([^:]*):)?(.*)$/s.exec(token.trim()) ?? []
  return { username, password }
}

interface LogLine {
  level?: string
  msg?: string
  error?: string
  output?: string
}

/** Reads from k6's log which outputs failed to send metrics: a line for each, with its first reason. */
export function unsentMetrics(log: string): string[] {
  const failures = log.split("\n").flatMap((text): [string, string][] => {
    const { level, output, msg = "", error = msg } = logLine(text)
    return level === "error" && output !== undefined ? [[output, error]] : []
  })
  const first = new Map(failures.reverse())
  return [...first]
    .reverse()
    .map(([output, error]) => `metrics did not reach ${NAMES[output] ?? output}: ${error}`)
}

/** Display names of receivers by k6's names of outputs. */
const NAMES: Readonly<Record<string, string>> = {
  InfluxDBv1: "InfluxDB",
  "Prometheus remote write": "Prometheus",
}

function logLine(text: string): LogLine {
  if (!text.includes('"output"')) return {}
  try {
    return JSON.parse(text) as LogLine
  } catch {
    return {}
  }
}
