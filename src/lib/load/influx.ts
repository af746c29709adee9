/** A run in InfluxDB's line protocol. https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/ */
import type { Labels, Timed } from "./metrics.js"

const escaped = (text: string): string =>
  text
    .replace(/[\r\n]+/g, " ")
    .replace(/\\+$/, "")
    .replace(/[,= ]/g, "\\$&")

/** A point for each second, with its time in nanoseconds. */
export function influxLines(timed: readonly Timed[], labels: Labels): string {
  const tags = Object.entries(labels)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `,${escaped(name)}=${escaped(value)}`)
    .join("")
  return timed
    .map(({ at, second }) => {
      const { users, requests, errors, p50, p95 } = second
      const fields = [
        `users=${users}i`,
        `requests=${requests}i`,
        `errors=${errors}i`,
        ...(p50 === undefined ? [] : [`p50=${p50}`]),
        ...(p95 === undefined ? [] : [`p95=${p95}`]),
      ]
      return `slipway_load${tags} ${fields.join(",")} ${at}000000\n`
    })
    .join("")
}
