import { ADOPTION_FILE, type AdoptionBaseline, sizeOf } from "../adoption/entries.js"
import { readAdoption } from "../adoption/file.js"
import { EXEMPTIONS_FILE, parseExemptions } from "../migration/exemptions.js"
import { BASELINE_FILE, parseBaseline } from "../infra/baseline.js"
import { SUPPRESSIONS_FILE } from "../security/suppressions.js"
import { parseSuppressions } from "../security/suppressionsFile.js"
import { fields, parseJson, strings, text } from "../text/json.js"
import type { Config } from "../config/config.js"
import { effectivePolicy, type EffectivePolicy } from "./effective.js"
import { TOOL_FILES, toolSettings } from "./tools.js"

/** The keys that may sign commits with trailers. */
const SIGNERS_FILE = ".slipway/allowed_signers"

/** The files of a source whose text the policy follows from, beside its code. */
export const POLICY_FILES: readonly string[] = [
  "slipway.yaml",
  SUPPRESSIONS_FILE,
  EXEMPTIONS_FILE,
  BASELINE_FILE,
  ADOPTION_FILE,
  SIGNERS_FILE,
  ...TOOL_FILES,
]

/** A policy with what reports need to say where something is. */
export interface PolicyReading {
  policy: EffectivePolicy
  /** Silencing comments by kind and file. */
  markers: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** Marks that skip tests, by file. */
  skips: Readonly<Record<string, number>>
  /** Tests by file: `TestCase::test_name`. */
  tests: Readonly<Record<string, readonly string[]>>
  /** The files of tools' settings. */
  places: Readonly<Record<string, string>>
  /** The findings that the baseline knows; undefined without one. */
  adoption: AdoptionBaseline | undefined
}

/** Returns the policy of a source: its configuration, the texts of its files, and the output of `slipway_gates.py`. */
export function readPolicy(
  config: Config,
  texts: Readonly<Partial<Record<string, string>>>,
  output: string,
): PolicyReading {
  const { values, places } = toolSettings(texts)
  const code = fields(parseJson(output))
  const markers = Object.fromEntries(
    Object.entries(fields(code.markers)).map(([kind, by]) => [kind, numbers(by)]),
  )
  const skips = numbers(code.skips)
  const tests = Object.fromEntries(
    Object.entries(fields(code.tests)).map(([file, names]) => [file, strings(names)]),
  )
  const baseline = adoptionIn(texts)
  const policy = effectivePolicy(config, {
    exceptions: { ...exceptionsIn(texts), ...knownIn(baseline) },
    markers: Object.fromEntries(Object.entries(markers).map(([kind, by]) => [kind, sum(by)])),
    tools: values,
    tests: {
      files: Object.keys(tests).length,
      tests: Object.values(tests).reduce((all, names) => all + names.length, 0),
      skips: sum(skips),
    },
    files: Object.fromEntries(
      Object.entries(fields(code.files)).flatMap(([file, digest]) =>
        text(digest) === "" ? [] : [[file, text(digest)]],
      ),
    ),
  })
  return { policy, markers, skips, tests, places, adoption: baseline.adoption }
}

/** The files by which CI hosts call Slipway, as `slipway wrappers` writes them. */
const CALLERS = [
  ".slipway/slipway",
  ".github/workflows/slipway.yml",
  ".gitlab-ci.yml",
  "azure-pipelines.yml",
  "Jenkinsfile",
  "Jenkinsfile.delivery",
  ".circleci/config.yml",
]

/** The files of a source that call Slipway, or that a configuration names as a key, a database or a script of a gate. */
export const trustedFiles = (config: Config): string[] => [...CALLERS, ...namedFiles(config)]

/** The files that a configuration names as a key, a database or a script of a gate. */
export function namedFiles({ release, security, load, deploy, wrappers }: Config): string[] {
  const named = [
    wrappers.deployScript,
    release.key,
    release.signingConfig,
    release.trustedRoot,
    security.database.file,
    load.script,
    load.openapi,
    deploy.smoke.k6,
    deploy.proof.sample,
  ]
  return named.filter((file) => file !== undefined)
}

const numbers = (value: unknown): Record<string, number> =>
  Object.fromEntries(
    Object.entries(fields(value)).filter((entry): entry is [string, number] => typeof entry[1] === "number"),
  )

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((all, count) => all + count, 0)

/** The entries of the files in `.slipway/`, each with its number. A date belongs to it: a renewal is a new one. */
function exceptionsIn(texts: Readonly<Partial<Record<string, string>>>): Record<string, number> {
  const suppressions = parseSuppressions(texts[SUPPRESSIONS_FILE])
  const exemptions = parseExemptions(texts[EXEMPTIONS_FILE])
  const drift = parseBaseline(texts[BASELINE_FILE])
  const all = [
    ...suppressions.suppressions.map(({ tool, rule, path, in: place, expires }) =>
      entry(SUPPRESSIONS_FILE, [tool, rule, of("in", path), of("of the", place), of("until", expires)]),
    ),
    ...exemptions.exemptions.map(({ revision, rule, table, expires }) =>
      entry(EXEMPTIONS_FILE, [rule, of("of", table), of("in", revision), of("until", expires)]),
    ),
    ...drift.baseline.map(({ environment, root, address, attribute, expires }) =>
      entry(BASELINE_FILE, [
        address,
        attribute,
        of("in", environment),
        of("below", root),
        of("until", expires),
      ]),
    ),
    ...[suppressions, exemptions, drift].flatMap(({ outcome }) =>
      outcome === undefined ? [] : [outcome.reason],
    ),
    ...(texts[SIGNERS_FILE] ?? "")
      .split("\n")
      .filter((line) => line.trim() !== "" && !line.startsWith("#"))
      .map((line) => entry(SIGNERS_FILE, [line.trim().slice(0, 200)])),
  ]
  const counts: Record<string, number> = {}
  for (const each of all) counts[each] = (counts[each] ?? 0) + 1
  return counts
}

const adoptionIn = (texts: Readonly<Partial<Record<string, string>>>): ReturnType<typeof readAdoption> => {
  const content = texts[ADOPTION_FILE]
  return content === undefined ? { problems: [] } : readAdoption(content)
}

/** The findings that the baseline knows, by stage. */
function knownIn({ adoption, problems }: ReturnType<typeof readAdoption>): Record<string, number> {
  return Object.fromEntries([
    ...[...(adoption?.findings ?? [])].map(([stage, entries]) => [
      entry(ADOPTION_FILE, [stage]),
      sizeOf(entries),
    ]),
    ...problems.slice(0, 1).map((problem) => [problem, 1]),
  ]) as Record<string, number>
}

const entry = (file: string, words: readonly string[]): string =>
  `${file}: ${words.filter((word) => word !== "").join(" ")}`

const of = (word: string, value: string | undefined): string =>
  value === undefined || value === "" ? "" : `${word} ${value}`
