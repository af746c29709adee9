import { ENVIRONMENTS } from "./environments.js"
import { httpUrlRule, noCredentialsRule, pathRules, durationSeconds, urlPathRule } from "./rules.js"
import type { TextRule } from "./spec.js"

/** When a stress test runs by itself, from the least to the most often. */
export const STRESS_TIMES = ["never", "schedule", "deployment"] as const

const rampRule: TextRule = {
  noun: "duration:users",
  expected: 'a duration and the number of users at its end, such as "5m:20"',
  pattern: /^([1-9][0-9]{0,3}[sm]|[1-9][0-9]?h):(0|[1-9][0-9]{0,3})$/,
}

const ramp = (text: string): Ramp => {
  const [length = "", users = ""] = text.split(":")
  return { seconds: durationSeconds(length), users: Number(users) }
}

/** The keys of both profiles, with the limits of the pipeline that Slipway replaced. */
const limits = (ramps: readonly string[]) =>
  ({
    ramps: {
      kind: "list",
      mayRepeat: true,
      doc: 'The changes in the number of users, each a duration and the number at its end, such as "5m:20".',
      item: { kind: "text", rules: [rampRule], convert: ramp },
      nonEmpty: true,
      default: ramps,
    },
    p95: {
      kind: "integer",
      doc: "The maximum 95th percentile of response times, in milliseconds.",
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

/** The section `load`. */
export const loadSection = {
  kind: "section",
  doc: "The load and stress tests of a deployed service.",
  fields: {
    script: {
      kind: "text",
      doc: "A k6 script for both profiles, which finds the service at BASE_URL in __ENV; the profile's ramps replace its own. Default: a script generated from the OpenAPI document.",
      rules: pathRules,
    },
    openapi: {
      kind: "text",
      doc: "The OpenAPI document in the source. Default: openapi.json, openapi.yaml or docs/openapi.json, or what the service serves.",
      rules: pathRules,
    },
    document: {
      kind: "text",
      doc: "The path at which the service serves its OpenAPI document.",
      rules: [urlPathRule],
      default: "/openapi.json",
    },
    paths: {
      kind: "list",
      doc: "The paths to request without a script and an OpenAPI document.",
      item: { kind: "text", rules: [urlPathRule] },
      nonEmpty: true,
      default: ["/"],
    },
    pause: {
      kind: "integer",
      doc: "The pause of a user between two requests of the generated script, in milliseconds.",
      minimum: 0,
      maximum: 600_000,
      default: 1_000,
    },
    iterations: {
      kind: "integer",
      doc: "The minimum number of complete iterations of the script; proportionally fewer for a shortened profile.",
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
      doc: "A growing number of users, to find the breaking point: where p95 or errors exceed these limits.",
      fields: {
        ...limits(["2m:100", "2m:200", "2m:300", "2m:400", "3m:400", "1m:0"]),
        when: {
          kind: "map",
          doc: "When an environment's stress test runs by itself: after each deployment, in scheduled runs at deploy.url, or never.",
          keys: ENVIRONMENTS,
          item: { kind: "choice", values: STRESS_TIMES },
          default: { staging: "schedule", production: "deployment" },
        },
        percent: {
          kind: "map",
          doc: "Per cent of the ramps' users in an environment. In production by default a part that is safe beside its own traffic.",
          keys: ENVIRONMENTS,
          item: { kind: "integer", minimum: 1, maximum: 100 },
          default: { staging: 100, production: 25 },
        },
        minimumUsers: {
          kind: "integer",
          doc: "The number of users that it must handle before it breaks. Without it, the breaking point is reported and fails nothing.",
          minimum: 1,
          maximum: 9_999,
        },
      },
    },
    influxdb: {
      kind: "text",
      doc: "The URL of the InfluxDB that k6 sends its metrics to, with the database or bucket: http://host:8086/load. The secret INFLUXDB_TOKEN is its token, or user:password.",
      rules: [noCredentialsRule, httpUrlRule],
    },
    prometheus: {
      kind: "text",
      doc: "The URL that k6 sends its metrics to by Prometheus' remote write: http://host:9090/api/v1/write. The secret PROMETHEUS_TOKEN is its bearer token.",
      rules: [noCredentialsRule, httpUrlRule],
    },
  },
} as const

/** A linear change to a number of users. */
export interface Ramp {
  seconds: number
  users: number
}
