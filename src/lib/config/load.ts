import { httpUrl, noCredentials, path, seconds, urlPath } from "./rules.js"
import type { TextRule } from "./spec.js"

const rampRule: TextRule = {
  expected: 'a duration and how many users there are at its end, such as "5m:20"',
  pattern: /^([1-9][0-9]{0,3}[sm]|[1-9][0-9]?h):(0|[1-9][0-9]{0,3})$/,
}

const ramp = (text: string): Ramp => {
  const [length = "", users = ""] = text.split(":")
  return { seconds: seconds(length), users: Number(users) }
}

/** What both profiles have; the figures are those of the pipeline that Slipway takes the place of. */
const limits = (ramps: readonly string[]) =>
  ({
    ramps: {
      kind: "list",
      mayRepeat: true,
      doc: 'How the number of users changes: duration and users at its end, one after the other, such as "5m:20".',
      item: { kind: "text", rules: [rampRule], convert: ramp },
      nonEmpty: true,
      default: ramps,
    },
    p95: {
      kind: "integer",
      doc: "The milliseconds within which 95 of 100 requests have to be answered.",
      minimum: 1,
      maximum: 600_000,
      default: 2_000,
    },
    errors: {
      kind: "integer",
      doc: "Per cent of the requests; fewer than this must fail.",
      minimum: 1,
      maximum: 100,
      default: 10,
    },
  }) as const

/** How the deployed service is put under load. */
export const load = {
  kind: "section",
  doc: "How the deployed service is put under load, and what it has to bear.",
  fields: {
    script: {
      kind: "text",
      doc: "A k6 script for both profiles, which finds the service at BASE_URL in __ENV; the profile's ramps take the place of its own. Left out, one is made of the OpenAPI document.",
      rules: path,
    },
    openapi: {
      kind: "text",
      doc: "The OpenAPI document in the source. Left out, openapi.json, openapi.yaml or docs/openapi.json, else what the service answers.",
      rules: path,
    },
    document: {
      kind: "text",
      doc: "Where the service answers with its OpenAPI document.",
      rules: [urlPath],
      default: "/openapi.json",
    },
    paths: {
      kind: "list",
      doc: "What is asked where there is neither a script nor an OpenAPI document.",
      item: { kind: "text", rules: [urlPath] },
      nonEmpty: true,
      default: ["/"],
    },
    pause: {
      kind: "integer",
      doc: "The milliseconds that a user waits between two requests of the script that is made.",
      minimum: 0,
      maximum: 600_000,
      default: 1_000,
    },
    iterations: {
      kind: "integer",
      doc: "How often the script must have run to its end at least; a shortened profile needs its share of it.",
      minimum: 1,
      maximum: 1_000_000,
      default: 100,
    },
    load: {
      kind: "section",
      doc: "Everyday traffic.",
      fields: limits(["1m:10", "5m:10", "1m:20", "4m:20", "1m:0"]),
    },
    stress: {
      kind: "section",
      doc: "Ever more users, to find where the service breaks: where 95 of 100 requests take longer, or more fail, than this.",
      fields: {
        ...limits(["2m:100", "2m:200", "2m:300", "2m:400", "3m:400", "1m:0"]),
        minimumUsers: {
          kind: "integer",
          doc: "The number of users that it must handle before it breaks. Left out, the breaking point is reported and fails nothing.",
          minimum: 1,
          maximum: 9_999,
        },
      },
    },
    influxdb: {
      kind: "text",
      doc: "Where the figures are written by InfluxDB's line protocol, with database or bucket: http://host:8086/api/v2/write?org=team&bucket=load. INFLUXDB_TOKEN is its token.",
      rules: [noCredentials, httpUrl],
    },
    prometheus: {
      kind: "text",
      doc: "Where the figures are sent by Prometheus' remote write: http://host:9090/api/v1/write. PROMETHEUS_TOKEN is a bearer token for it.",
      rules: [noCredentials, httpUrl],
    },
  },
} as const

/** Reaches so many users, evenly, in so many seconds. */
export interface Ramp {
  seconds: number
  users: number
}
