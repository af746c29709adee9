import type { Config } from "../config/config.js"
import { jsonDigest } from "../text/digest.js"
import { fields } from "../text/json.js"
import { KEY_RULES, ruleOf } from "./keys.js"

/** A value of `slipway.yaml`; a ramp as it is written there: `60s:10`. */
export type PolicySetting = string | number | boolean | readonly (string | number | boolean)[]

/** What the sources say about gates, beside `slipway.yaml`. */
export interface SourceFacts {
  /** Entries of `.slipway/`'s files: `.slipway/suppressions.yaml: trivy CVE-2024-1 in src/a.py` with their number. */
  readonly exceptions: Readonly<Record<string, number>>
  /** Comments in the code that silence a tool or coverage, by kind: `noqa`, `nosec`, `type: ignore`. */
  readonly markers: Readonly<Record<string, number>>
  /** The tools' own settings: `mypy ignore_errors` with the value as text, and lists item by item. */
  readonly tools: Readonly<Record<string, string | readonly string[]>>
  /** Numbers of test files, of tests in them, and of marks by which tests are skipped or may fail. */
  readonly tests: Readonly<{ files: number; tests: number; skips: number }>
  /** Digests of files that call Slipway, or that `slipway.yaml` names as a key, a database or a script: `sha256:…`. */
  readonly files: Readonly<Record<string, string>>
}

/**
 * All that decides whether a run passes, as plain JSON: what `slipway.yaml` asks for, with its defaults, and what the
 * sources exempt from it.
 *
 * Two policies are compared by `weakened`; an organisation's floor is compared in the same way.
 */
export interface EffectivePolicy extends SourceFacts {
  readonly schema: 1
  /**
   * The keys of `slipway.yaml` that decide what passes, with their effective values: checks that run
   * (`quality.checks`), thresholds (`tests.coverage.above`), paths, trust, images in the place of Slipway's own
   * (`images.replace.trivy`). Durations are in seconds. Absent: no limit, or everything.
   */
  readonly settings: Readonly<Record<string, PolicySetting>>
}

/** A source without exceptions, settings of tools and tests. */
export const NO_FACTS: SourceFacts = {
  exceptions: {},
  markers: {},
  tools: {},
  tests: { files: 0, tests: 0, skips: 0 },
  files: {},
}

/** Returns the policy that a service's configuration and sources give. */
export function effectivePolicy(config: Config, facts: SourceFacts = NO_FACTS): EffectivePolicy {
  const { exceptions, markers, tools, tests, files } = facts
  const absent = Object.entries(KEY_RULES).flatMap(([key, rule]): [string, PolicySetting][] =>
    rule.kind === "order" && rule.absent !== undefined && !key.endsWith(".*") ? [[key, rule.absent]] : [],
  )
  // How a service runs decides nothing, but whether it does.
  const compared = { ...config, tests: { ...config.tests, services: Object.keys(config.tests.services) } }
  const written = leaves(compared).filter(([key]) => ruleOf(key) !== undefined)
  const settings = Object.fromEntries([...absent, ...written])
  return { schema: 1, settings, exceptions, markers, tools, tests, files }
}

/** The keys and values of a configuration, sections and maps resolved to dotted keys. */
function leaves(section: unknown, path = ""): [string, PolicySetting][] {
  return Object.entries(fields(section)).flatMap(([name, value]): [string, PolicySetting][] => {
    const key = path === "" ? name : `${path}.${name}`
    if (Array.isArray(value)) return [[key, value.map(item)]]
    if (typeof value === "object") return leaves(value, key)
    return isPlain(value) ? [[key, value]] : []
  })
}

function item(value: unknown): string | number | boolean {
  if (isPlain(value)) return value
  const { seconds, users } = fields(value)
  return `${String(seconds)}s:${String(users)}`
}

const isPlain = (value: unknown): value is string | number | boolean =>
  ["string", "number", "boolean"].includes(typeof value)

/** The digest of a policy, as `sha256:…`. */
export const policyDigest = (policy: EffectivePolicy): string => `sha256:${jsonDigest(policy)}`
