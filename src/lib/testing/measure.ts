import { readIni } from "../text/ini.js"
import { readToml, valueAt } from "../text/toml.js"
import { optionValues, type PytestSettings } from "./settings.js"

/** Files in the source's root that may configure coverage.py. */
export const COVERAGE_CONFIG = [
  ".coveragerc",
  ".coveragerc.toml",
  "pyproject.toml",
  "setup.cfg",
  "tox.ini",
] as const

type Texts = Readonly<Partial<Record<string, string>>>

/** Settings of the coverage measurement. */
export interface Measurement {
  /** Folders and packages to measure; empty if coverage.py's configuration names them. */
  sources: readonly string[]
  /** Path of the configuration to use; empty if coverage.py finds the service's. */
  config: string
  /** Patterns of files that the report omits, if the service's configuration names no sources. */
  omit: readonly string[]
  /** True if the data say which test ran a line, which pytest-cov refuses to measure in several processes. */
  dynamic: boolean
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
  "tests.py",
  "*/tests.py",
  "setup.py",
  "manage.py",
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

/** The configuration file that pytest's settings name with `--cov-config`; undefined if they don't. */
export const chosenConfig = (settings: PytestSettings): string | undefined =>
  optionValues(settings, "--cov-config").at(-1)

/**
 * Chooses how coverage is measured.
 *
 * The service's own configuration of coverage.py is respected, and the sources and the configuration that its settings
 * of pytest name. If neither they nor `sources` of `slipway.yaml` name the code to measure, everything counts except
 * for tests and the like.
 */
export function measurement(
  texts: Texts,
  hasSrc: boolean,
  { sources, settings = { options: [] } }: { sources?: readonly string[]; settings?: PytestSettings } = {},
): Measurement {
  const chosen = chosenConfig(settings)
  const { configured, namesSource, dynamic } = coverageConfiguration(texts, chosen)
  const named = optionValues(settings, "--cov").filter((value) => value !== "")
  const measured = sources ?? (namesSource ? [] : named.length > 0 ? named : [hasSrc ? "src" : "."])
  return {
    sources: measured,
    config: configured ? (chosen ?? "") : COVERAGE_RC,
    omit: configured && !namesSource && sources === undefined && named.length === 0 ? NOT_MEASURED : [],
    dynamic,
  }
}

/** Arguments of pytest with pytest-cov, whose own limit of the share doesn't count. */
export const pytestCovArguments = ({ sources, config }: Measurement): string[] => [
  ...(sources.length === 0 ? ["--cov"] : sources.map((path) => `--cov=${path}`)),
  "--cov-branch",
  "--cov-report=",
  "--cov-fail-under=0",
  ...(config === "" ? [] : [`--cov-config=${config}`]),
]

/** Beginning of a command that coverage.py itself measures, before the module to run. */
export const coverageRun = ({ sources, config }: Measurement): string[] => [
  "python",
  "-m",
  "coverage",
  "run",
  "--branch",
  ...(sources.length === 0 ? [] : [`--source=${sources.join(",")}`]),
  ...(config === "" ? [] : [`--rcfile=${config}`]),
]

/** Asks a configuration file for a section of coverage.py's, or for a key in it. */
type Has = (section: string, key?: string) => boolean

function iniHas(text: string, prefix: string): Has {
  const sections = readIni(text)
  return (section, key) => {
    const keys = sections.get(prefix + section)
    return key === undefined ? keys !== undefined : (keys?.has(key) ?? false)
  }
}

function tomlHas(text: string): Has {
  const { data } = readToml(text)
  return (section, key) =>
    valueAt(data, "tool", "coverage", section, ...(key === undefined ? [] : [key])) !== undefined
}

interface Candidate {
  name: string
  /** True for a file of coverage.py's alone. */
  isOwn: boolean
  reader: (text: string) => Has
}

const either =
  (...readers: readonly ((text: string) => Has)[]) =>
  (text: string): Has => {
    const all = readers.map((reader) => reader(text))
    return (section, key) => all.some((has) => has(section, key))
  }

const bare = (text: string): Has => iniHas(text, "")
const prefixed = (text: string): Has => iniHas(text, "coverage:")

/** coverage.py takes the first of these files that is its own, or that has a section for it. */
const CANDIDATES: readonly Candidate[] = [
  { name: ".coveragerc", isOwn: true, reader: either(bare, prefixed) },
  { name: ".coveragerc.toml", isOwn: true, reader: tomlHas },
  { name: "setup.cfg", isOwn: false, reader: prefixed },
  { name: "tox.ini", isOwn: false, reader: prefixed },
  { name: "pyproject.toml", isOwn: false, reader: tomlHas },
]

const chosenCandidate = (name: string): Candidate => ({
  name,
  isOwn: true,
  reader: name.endsWith(".toml") ? tomlHas : either(bare, prefixed),
})

function coverageConfiguration(texts: Texts, chosen: string | undefined) {
  for (const { name, isOwn, reader } of chosen === undefined ? CANDIDATES : [chosenCandidate(chosen)]) {
    const text = texts[name]
    if (text === undefined) continue
    const has = reader(text)
    if (isOwn || ["run", "report", "paths"].some((section) => has(section)))
      return {
        configured: true,
        namesSource: ["source", "source_pkgs", "source_dirs", "include"].some((key) => has("run", key)),
        dynamic: has("run", "dynamic_context"),
      }
  }
  return { configured: false, namesSource: false, dynamic: false }
}
