import { readFileSync } from "node:fs"
import Ajv from "ajv"
import { describe, expect, test } from "vitest"
import { parse } from "yaml"
import { DEFAULTS } from "../../../src/lib/config/config.js"
import { jsonSchema, type JsonSchema } from "../../../src/lib/config/jsonSchema.js"
import { checkConfig } from "../../../src/lib/config/parse.js"
import { bad, good } from "./samples.js"
import { jsonText } from "../../../src/lib/text/json.js"

test("slipway.schema.json is up to date (npm run schema)", () => {
  const written = readFileSync(new URL("../../../slipway.schema.json", import.meta.url), "utf8")
  expect(written).toBe(jsonText(jsonSchema()))
})

describe("the schema and checkConfig agree", () => {
  // This ajv implements draft 7, which the schema is written in: it refuses another one.
  const validate = new Ajv().compile(jsonSchema())

  test.each(Object.entries(good))("on %s", (_, text) => {
    expect(validate(parse(text.replace("\uFEFF", "")))).toBe(true)
  })

  // A parsed value shows neither the 3.10 that a number was written as nor a duplicate key, and a schema no environments
  // that the same file names.
  const unseen = [
    "a duplicate key",
    "an environment that isn't known",
    "an environment that isn't known, to be asked",
    "an attack on what isn't known",
  ]
  test.each(Object.entries(bad).filter(([name]) => !unseen.includes(name)))("on %s", (_, [text]) => {
    expect(validate(parse(text, { logLevel: "error" }))).toBe(false)
  })
})

/** All parts of the schema for a key, with the key's path. */
function keys(schema: JsonSchema, path = ""): [path: string, schema: JsonSchema][] {
  return Object.entries((schema["properties"] ?? {}) as Record<string, JsonSchema>).flatMap(([key, part]) => {
    const here = path ? `${path}.${key}` : key
    return [[here, part] as [string, JsonSchema], ...keys(part, here)]
  })
}

describe("jsonSchema", () => {
  // An object whose keys are known in advance is described as a whole.
  const roles =
    /^(images\.replace|deploy\.(entry|url|namespace|aks|verify|drift|releases|review|proof\.required)|monitoring\.grafana|dast\.(active|schedule)|load\.stress\.(when|percent))\./

  test.each(keys(jsonSchema()).filter(([path]) => !roles.test(path)))("describes %s", (path, schema) => {
    expect(schema["title"]).toBe(path)
    expect(schema["description"]).toMatch(/\.$/)
  })

  test("has no additional properties", () => {
    expect(JSON.stringify(jsonSchema()).match(/"properties"/g)).toHaveLength(41)
    expect(JSON.stringify(jsonSchema()).match(/"additionalProperties":false/g)).toHaveLength(41)
  })

  test("has patterns that are valid with the flag u, as newer validators use it", () => {
    const patterns = [...JSON.stringify(jsonSchema()).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)]
    expect(patterns.length).toBeGreaterThan(10)
    for (const [, pattern] of patterns) new RegExp(JSON.parse(pattern ?? "") as string, "u")
  })

  test("states defaults that checkConfig accepts and that are the defaults", () => {
    const stated = keys(jsonSchema()).filter(([, schema]) => "default" in schema)
    expect(stated.map(([path]) => path)).toEqual([
      "version",
      "services",
      "shared",
      "python.packages",
      "quality.checks",
      "quality.paths",
      "tests.suites",
      "tests.unit.workers",
      "tests.integration.workers",
      "tests.services",
      "tests.environment",
      "tests.postgres.version",
      "tests.postgres.variable",
      "tests.postgres.scheme",
      "tests.redis.version",
      "tests.redis.variable",
      "tests.startTimeout",
      "tests.testTimeout",
      "tests.reruns",
      "tests.coverage.above",
      "security.checks",
      "security.severity",
      "security.misconfiguration",
      "security.database.maximumAge",
      "image.platforms",
      "image.args",
      "image.port",
      "image.health",
      "image.unfixed",
      "image.context",
      "release.sources",
      "release.builders",
      "release.tags",
      "release.gates",
      "release.log",
      "infra.tool",
      "infra.checks",
      "infra.lockTimeout",
      "deploy.environments",
      "deploy.entry",
      "deploy.promotion",
      "deploy.overlay",
      "deploy.chart.values",
      "deploy.commit.branch",
      "deploy.commit.path",
      "deploy.commit.timeout",
      "deploy.url",
      "deploy.namespace",
      "deploy.aks",
      "deploy.verify",
      "deploy.drift",
      "deploy.review",
      "deploy.releases",
      "deploy.health.status",
      "deploy.health.successes",
      "deploy.health.interval",
      "deploy.health.timeout",
      "deploy.smoke.paths",
      "deploy.smoke.requests",
      "deploy.smoke.timeout",
      "deploy.errors.maxPercent",
      "deploy.errors.samples",
      "deploy.errors.path",
      "deploy.errors.counter",
      "deploy.errors.histogram",
      "deploy.latencyP95",
      "deploy.soak",
      "deploy.hold",
      "deploy.readyTimeout",
      "deploy.finishTimeout",
      "deploy.lockTimeout",
      "deploy.migrate.variable",
      "deploy.migrate.timeout",
      "deploy.proof.required",
      ...["document", "paths", "pause", "iterations"].map((key) => `load.${key}`),
      ...["load", "stress"].flatMap((kind) => ["ramps", "p95", "errors"].map((key) => `load.${kind}.${key}`)),
      "load.stress.when",
      "load.stress.percent",
      "dast.active",
      "dast.schedule",
      "dast.risk",
      "dast.openapi",
      "dast.include",
      "dast.exclude",
      "dast.spider",
      "dast.timeout",
      "notify.events",
      "notify.environments",
      "monitoring.grafana",
      "monitoring.by",
      "monitoring.status",
      "monitoring.alerts.file",
      "monitoring.alerts.load",
      "monitoring.alerts.labels",
      "monitoring.alerts.uptime",
      "monitoring.alerts.for",
      "monitoring.probe.module",
      "monitoring.watch.policy",
      "monitoring.watch.duration",
      "branches.main",
      "branches.develop",
      "wrappers.hosts",
      "wrappers.secrets",
      "wrappers.schedule",
      "wrappers.hotfixes",
      ...["apply", "releases", "builds", "minimumAge", "protect", "rollbacks", "jobs"].map(inCleanup),
      ...["previews.pattern", "previews.age"].map(inCleanup),
      "parallel",
      "timeout",
      "images.replace",
    ])
    for (const [path, schema] of stated) {
      const nested = path
        .split(".")
        .reduceRight<unknown>((value, key) => ({ [key]: value }), schema["default"])
      expect(checkConfig(JSON.stringify(nested))).toEqual({ config: DEFAULTS, problems: [], warnings: [] })
    }
  })
})

const inCleanup = (key: string): string => `cleanup.${key}`
