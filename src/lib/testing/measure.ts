import { iniKeys } from "../text/sections.js"
import { readToml, valueAt } from "../text/toml.js"

/** Files in the source's root that may configure coverage.py. */
export const COVERAGE_CONFIG = [
  ".coveragerc",
  ".coveragerc.toml",
  "pyproject.toml",
  "setup.cfg",
  "tox.ini",
] as const

type Texts = Readonly<Partial<Record<(typeof COVERAGE_CONFIG)[number], string>>>

/** Settings of the coverage measurement. */
export interface Measurement {
  /** Arguments of pytest. */
  arguments: string[]
  /** True if our own configuration is used; otherwise coverage.py finds the service's. */
  ours: boolean
  /** Patterns of files that the report omits, if the service's configuration names no sources. */
  omit: readonly string[]
}

/** Path of our own configuration. */
export const COVERAGE_RC = "/slipway/coveragerc"

/** Files in the service's folder that aren't its code. */
const NOT_MEASURED = [
  "tests/*",
  "test/*",
  "testing/*",
  "*/tests/*",
  "*/test/*",
  "*/conftest.py",
  "conftest.py",
  "test_*.py",
  "*/test_*.py",
  "*_test.py",
  "*/*_test.py",
  "setup.py",
  "noxfile.py",
  "tasks.py",
  "docs/*",
  "doc/*",
  "examples/*",
  "scripts/*",
  "alembic/*",
  "migrations/*",
  "build/*",
  "dist/*",
]

/** Our configuration. A file that no test imports counts, also in a folder without `__init__.py`. */
export const COVERAGE_RC_TEXT = [
  "[run]",
  "relative_files = true",
  "omit =",
  ...NOT_MEASURED.map((pattern) => `    ${pattern}`),
  "[report]",
  "include_namespace_packages = true",
  "",
].join("\n")

/**
 * Chooses how coverage is measured.
 *
 * The service's own configuration of coverage.py is respected. If neither it nor `sources` of `slipway.yaml` names the
 * code to measure, everything counts except for tests and the like.
 */
export function measurement(texts: Texts, hasSrc: boolean, sources?: readonly string[]): Measurement {
  const { configured, namesSource } = coverageConfiguration(texts)
  const measured = sources ?? (namesSource ? [] : [hasSrc ? "src" : "."])
  return {
    arguments: [
      ...(measured.length === 0 ? ["--cov"] : measured.map((path) => `--cov=${path}`)),
      "--cov-branch",
      "--cov-report=",
      "--cov-fail-under=0",
      ...(configured ? [] : [`--cov-config=${COVERAGE_RC}`]),
    ],
    ours: !configured,
    omit: configured && !namesSource && sources === undefined ? NOT_MEASURED : [],
  }
}

/** Asks a configuration file for a section of coverage.py's, or for a key in it. */
type Has = (section: string, key?: string) => boolean

function iniHas(text: string, prefix: string): Has {
  const keys = iniKeys(text)
  return (section, key) => keys.has([prefix + section, ...(key === undefined ? [] : [key])].join("."))
}

function tomlHas(text: string): Has {
  const { data } = readToml(text)
  return (section, key) =>
    valueAt(data, "tool", "coverage", section, ...(key === undefined ? [] : [key])) !== undefined
}

/** coverage.py takes the first of these files that is its own, or that has a section for it. */
const CANDIDATES: readonly { name: keyof Texts; isOwn: boolean; reader: (text: string) => Has }[] = [
  { name: ".coveragerc", isOwn: true, reader: (text) => iniHas(text, "") },
  { name: ".coveragerc.toml", isOwn: true, reader: tomlHas },
  { name: "setup.cfg", isOwn: false, reader: (text) => iniHas(text, "coverage:") },
  { name: "tox.ini", isOwn: false, reader: (text) => iniHas(text, "coverage:") },
  { name: "pyproject.toml", isOwn: false, reader: tomlHas },
]

function coverageConfiguration(texts: Texts): { configured: boolean; namesSource: boolean } {
  for (const { name, isOwn, reader } of CANDIDATES) {
    const text = texts[name]
    if (text === undefined) continue
    const has = reader(text)
    if (isOwn || ["run", "report", "paths"].some((section) => has(section)))
      return {
        configured: true,
        namesSource: ["source", "source_pkgs", "source_dirs", "include"].some((key) => has("run", key)),
      }
  }
  return { configured: false, namesSource: false }
}
