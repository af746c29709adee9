/** Sends the figures of a run to what stores such. */
import { type Http, httpClient, type HttpRequest } from "../http/client.js"
import { influxLines } from "./influx.js"
import { type Labels, metricsOf, timed } from "./metrics.js"
import { REMOTE_WRITE_HEADERS, remoteWrite } from "./remoteWrite.js"
import type { Second } from "./series.js"

export interface Figures {
  seconds: readonly Second[]
  /** When the run began, in milliseconds since 1970. */
  begun: number
  labels: Labels
}

/** Where they go, and with which token. */
export interface Receivers {
  influxdb?: string
  influxdbToken?: string | undefined
  prometheus?: string
  prometheusToken?: string | undefined
}

/** Sends them to each. Returns what was refused, and by whom; throws for nothing. */
export async function sendFigures(
  figures: Figures,
  to: Receivers,
  http: () => Http = httpClient,
): Promise<string[]> {
  const told = await Promise.all(
    requestsOf(figures, to).map(async ([name, request]) => {
      // The same points once more are the same points.
      const result = await http().send({ ...request, repeatable: true })
      if (result.kind === "answer" && result.status < 300) return []
      const why =
        result.kind === "failure"
          ? result.reason
          : `it answered ${result.status}: ${result.text.trim().slice(0, 200)}`
      return [`the figures did not reach ${name}: ${why}`]
    }),
  )
  return told.flat()
}

function requestsOf({ seconds, begun, labels }: Figures, to: Receivers): [string, HttpRequest][] {
  const points = timed(seconds, begun)
  const { influxdb, prometheus } = to
  const requests: [string, HttpRequest][] = []
  if (influxdb !== undefined) {
    const headers = { "content-type": "text/plain; charset=utf-8", ...authorized("Token", to.influxdbToken) }
    const body = influxLines(points, labels)
    requests.push([`InfluxDB at ${influxdb}`, { method: "POST", url: influxdb, headers, body }])
  }
  if (prometheus !== undefined) {
    const headers = { ...REMOTE_WRITE_HEADERS, ...authorized("Bearer", to.prometheusToken) }
    const body = remoteWrite(metricsOf(points, labels))
    requests.push([`Prometheus at ${prometheus}`, { method: "POST", url: prometheus, headers, body }])
  }
  return requests
}

const authorized = (scheme: string, token = ""): Record<string, string> =>
  token.trim() === "" ? {} : { authorization: `${scheme} ${token.trim()}` }
