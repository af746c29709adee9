import { ENVIRONMENTS } from "../config/environments.js"
import { RISKS } from "../config/dast.js"
import { STRESS_TIMES } from "../config/load.js"
import { WATCH_POLICIES } from "../config/monitoring.js"
import { SEVERITIES } from "../config/config.js"
import { UNFIXED_POLICIES } from "../config/supplyChain.js"

/** How a key of `slipway.yaml` decides what passes. */
export type KeyRule =
  /** A minimum: less is weaker, and so is none. */
  | { kind: "least"; unit?: string }
  /** A maximum: more is weaker, and so is none. */
  | { kind: "most"; unit?: string }
  /** A choice, the weakest value first; `absent` is what holds without the key. */
  | { kind: "order"; order: readonly (string | boolean)[]; absent?: string | boolean }
  /** What is checked: fewer entries are weaker. Absent, everything is; with `empty`, an empty list too. */
  | { kind: "covers"; empty?: true }
  /** What is left out, or accepted too: more entries are weaker. */
  | { kind: "excludes" }
  /** Changes of the number of users: less work is weaker. */
  | { kind: "ramps" }
  /** Something in the place of Slipway's own; absent is safe. */
  | { kind: "replaces" }
  /** Trust, or a source of measurements, whose strength can't be compared: any change counts. */
  | { kind: "fixed" }

const least: KeyRule = { kind: "least" }
const most: KeyRule = { kind: "most" }
const [leastSeconds, mostSeconds] = [
  { ...least, unit: "s" },
  { ...most, unit: "s" },
]
const [leastPercent, mostPercent] = [
  { ...least, unit: "%" },
  { ...most, unit: "%" },
]
const covers: KeyRule = { kind: "covers" }
const replaces: KeyRule = { kind: "replaces" }
const fixed: KeyRule = { kind: "fixed" }

const order = (
  values: readonly (string | boolean)[],
  absent: string | boolean | undefined = undefined,
): KeyRule => ({ kind: "order", order: values, ...(absent !== undefined && { absent }) })

/** The lowest value at which something fails: a high one lets more pass. */
const lowestThatFails = (values: readonly string[]): KeyRule => order([...values].reverse())

/** The keys of a map by environment; `key.*` is one of other names. */
const perEnvironment = (key: string, rule: KeyRule): Record<string, KeyRule> => ({
  ...Object.fromEntries(ENVIRONMENTS.map((environment) => [`${key}.${environment}`, rule])),
  ...forOthers(key, rule),
})

/** The rule of an environment with another name; what holds without the key depends on the others there are. */
const forOthers = (key: string, rule: KeyRule): Record<string, KeyRule> => ({
  [`${key}.*`]: rule.kind === "order" ? { kind: "order", order: rule.order } : rule,
})

/** The keys of a map by environment with another default in each of the default ones. */
const byDefault = (
  key: string,
  values: readonly string[],
  absent: readonly string[],
): Record<string, KeyRule> => ({
  ...Object.fromEntries(
    ENVIRONMENTS.map((environment, index) => [`${key}.${environment}`, order(values, absent[index])]),
  ),
  ...forOthers(key, order(values)),
})

const profile = (name: string): Record<string, KeyRule> => ({
  [`load.${name}.ramps`]: { kind: "ramps" },
  [`load.${name}.p95`]: { ...most, unit: "ms" },
  [`load.${name}.errors`]: mostPercent,
})

const CHECKED: Record<string, KeyRule> = {
  "python.index": replaces,
  "quality.checks": covers,
  "quality.paths": covers,
  "tests.runner": fixed,
  "tests.suites": covers,
  "tests.unit.paths": covers,
  "tests.unit.marker": replaces,
  "tests.integration.paths": covers,
  "tests.integration.marker": replaces,
  "tests.services": covers,
  "tests.testTimeout": mostSeconds,
  "tests.reruns": most,
  "tests.coverage.above": leastPercent,
  "tests.coverage.sources": covers,
  "security.checks": covers,
  "security.severity": lowestThatFails(SEVERITIES),
  "security.misconfiguration": lowestThatFails(SEVERITIES),
  "security.database.repository": replaces,
  "security.database.file": replaces,
  "security.database.maximumAge": mostSeconds,
  "image.platforms": covers,
  "image.unfixed": order(UNFIXED_POLICIES),
  "image.budget": { ...most, unit: "bytes" },
  "image.health": fixed,
  "infra.checks": covers,
  "infra.roots": covers,
  "infra.environments": covers,
}

const RELEASED: Record<string, KeyRule> = {
  "release.gates": covers,
  "release.source": fixed,
  "release.sources": { kind: "excludes" },
  "release.builders": { kind: "excludes" },
  "release.key": fixed,
  "release.identity": fixed,
  "release.issuer": fixed,
  "release.log": order([false, true]),
  "release.signingConfig": fixed,
  "release.trustedRoot": fixed,
  "wrappers.slipway": fixed,
  "wrappers.hotfixes": order([true, false]),
}

const DEPLOYED: Record<string, KeyRule> = {
  "deploy.environments": covers,
  "deploy.commit.repository": fixed,
  ...perEnvironment("deploy.url", fixed),
  ...perEnvironment("deploy.verify", order(["warn", "enforce"], "enforce")),
  "deploy.entry.version": fixed,
  "deploy.promotion.*": order(["ignore", "warn", "enforce"], "enforce"),
  ...byDefault("deploy.drift", ["ignore", "warn", "enforce"], ["warn", "enforce"]),
  ...byDefault("deploy.review", ["ignore", "warn", "enforce"], ["ignore", "warn"]),
  ...byDefault("deploy.releases", ["any", "version"], ["any", "version"]),
  "deploy.health.path": fixed,
  "deploy.health.status": fixed,
  "deploy.health.body": fixed,
  "deploy.health.successes": least,
  "deploy.health.timeout": mostSeconds,
  "deploy.smoke.paths": covers,
  "deploy.smoke.requests": least,
  "deploy.smoke.command": fixed,
  "deploy.smoke.k6": fixed,
  "deploy.errors.maxPercent": mostPercent,
  "deploy.errors.samples": least,
  "deploy.errors.path": fixed,
  "deploy.errors.counter": fixed,
  "deploy.errors.histogram": fixed,
  "deploy.errors.prometheus": fixed,
  "deploy.errors.total": fixed,
  "deploy.errors.failed": fixed,
  "deploy.latencyP95": mostSeconds,
  "deploy.soak": leastSeconds,
  "deploy.migrate.command": fixed,
  ...perEnvironment("deploy.proof.required", order([false, true], false)),
  "deploy.proof.sample": fixed,
  "deploy.proof.paths": covers,
  "monitoring.alerts.errors": mostPercent,
  "monitoring.alerts.latency": mostSeconds,
  "monitoring.alerts.uptime": leastPercent,
  "monitoring.alerts.for": mostSeconds,
  "monitoring.watch.policy": order(WATCH_POLICIES),
  "monitoring.watch.duration": leastSeconds,
}

const TESTED: Record<string, KeyRule> = {
  "load.script": fixed,
  "load.openapi": fixed,
  "load.document": fixed,
  "load.paths": covers,
  "load.pause": { ...most, unit: "ms" },
  "load.iterations": least,
  ...profile("load"),
  ...profile("stress"),
  ...byDefault("load.stress.when", STRESS_TIMES, ["schedule", "deployment"]),
  ...perEnvironment("load.stress.percent", least),
  "load.stress.minimumUsers": least,
  ...perEnvironment("dast.active", order([false, true], false)),
  ...perEnvironment("dast.schedule", order([false, true], true)),
  "dast.risk": lowestThatFails(RISKS),
  "dast.openapi": fixed,
  "dast.include": { kind: "covers", empty: true },
  "dast.exclude": { kind: "excludes" },
  "dast.spider": leastSeconds,
}

/** The keys of `slipway.yaml` that decide what passes; `images.replace.*` stands for every role. */
export const KEY_RULES: Readonly<Record<string, KeyRule>> = {
  ...CHECKED,
  ...RELEASED,
  ...DEPLOYED,
  ...TESTED,
  "images.prefix": replaces,
  "images.replace.*": replaces,
}

/** Keys, or with `.*` sections, that decide nothing about what passes. */
export const UNGATED: readonly string[] = [
  "$schema",
  "version",
  "name",
  "services.*",
  "shared",
  "python.version",
  "python.requirements",
  "python.packages",
  "tests.unit.workers",
  "tests.integration.workers",
  "tests.environment.*",
  "tests.postgres.*",
  "tests.redis.*",
  "tests.migrate",
  "tests.startTimeout",
  "image.dockerfile",
  "image.target",
  "image.args",
  "image.command",
  "image.port",
  "image.context",
  "release.registry",
  "release.repository",
  "release.tags",
  "infra.tool",
  "infra.version",
  "infra.variables",
  "infra.backend",
  "infra.workspace",
  "branches.main",
  "branches.develop",
  "infra.lockTimeout",
  "deploy.entry.develop",
  "deploy.entry.prerelease",
  "deploy.overlay",
  "deploy.chart.*",
  "deploy.commit.branch",
  "deploy.commit.path",
  "deploy.commit.knownHosts",
  "deploy.commit.timeout",
  "deploy.preview.namespace",
  "deploy.preview.url",
  "deploy.deployment",
  "deploy.service",
  "deploy.namespace.*",
  "deploy.aks.*",
  "deploy.health.interval",
  "deploy.smoke.timeout",
  "deploy.hold",
  "deploy.readyTimeout",
  "deploy.finishTimeout",
  "deploy.lockTimeout",
  "deploy.migrate.variable",
  "deploy.migrate.timeout",
  "load.influxdb",
  "load.prometheus",
  "dast.header",
  "dast.timeout",
  "notify.*",
  "monitoring.grafana.*",
  "monitoring.dashboard",
  "monitoring.job",
  "monitoring.by",
  "monitoring.status",
  "monitoring.alerts.file",
  "monitoring.alerts.load",
  "monitoring.alerts.labels.*",
  "monitoring.probe.prober",
  "monitoring.probe.module",
  "monitoring.alerts.runbook",
  "wrappers.hosts",
  "wrappers.deployScript",
  "wrappers.secrets",
  "wrappers.schedule",
  "wrappers.connection",
  "cleanup.*",
  "parallel",
  "timeout",
]

/** Returns the rule of a key; undefined if it decides nothing. */
export const ruleOf = (key: string): KeyRule | undefined =>
  KEY_RULES[key] ?? KEY_RULES[key.replace(/(?<![^.])[^.]+$/, "*")]
