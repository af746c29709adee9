import { iniKeys, tomlKeys } from "../text/sections.js"

/** The files in the source's root that may configure coverage.py. */
export const COVERAGE_CONFIG = [
  ".coveragerc",
  ".coveragerc.toml",
  "pyproject.toml",
  "setup.cfg",
  "tox.ini",
] as const

type Texts = Readonly<Partial<Record<(typeof COVERAGE_CONFIG)[number], string>>>

/** How coverage is measured. */
export interface Measurement {
  /** Arguments of pytest. */
  arguments: string[]
  /** Our own configuration is to be used; otherwise coverage.py finds the service's. */
  ours: boolean
  /** Patterns of files that the report leaves out, where the service's configuration doesn't say. */
  omit: readonly string[]
}

/** Where our own configuration is put. */
export const COVERAGE_RC = "/slipway/coveragerc"

/** What is no code of the service, though it lies in its folder. */
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

/** Our configuration: a file that no test imports counts, also in a folder without `__init__.py`. */
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
 * Tells how to measure. The service's own configuration of coverage.py is respected; where neither it nor `sources` of
 * `slipway.yaml` names the code that counts, all does that isn't tests or the like.
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

/** coverage.py takes the first of these files that there is, or that has such a section. */
function coverageConfiguration(texts: Texts): { configured: boolean; namesSource: boolean } {
  const candidates = [
    { name: ".coveragerc", keys: iniKeys(texts[".coveragerc"] ?? ""), prefix: "", always: true },
    {
      name: ".coveragerc.toml",
      keys: tomlKeys(texts[".coveragerc.toml"] ?? ""),
      prefix: "tool.coverage.",
      always: true,
    },
    { name: "setup.cfg", keys: iniKeys(texts["setup.cfg"] ?? ""), prefix: "coverage:", always: false },
    { name: "tox.ini", keys: iniKeys(texts["tox.ini"] ?? ""), prefix: "coverage:", always: false },
    {
      name: "pyproject.toml",
      keys: tomlKeys(texts["pyproject.toml"] ?? ""),
      prefix: "tool.coverage.",
      always: false,
    },
  ] as const
  const used = candidates.find(
    ({ name, keys, prefix, always }) =>
      texts[name] !== undefined &&
      (always || ["run", "report", "paths"].some((section) => keys.has(`${prefix}${section}`))),
  )
  if (used === undefined) return { configured: false, namesSource: false }
  const namesSource = ["source", "source_pkgs", "source_dirs", "include"].some((key) =>
    used.keys.has(`${used.prefix}run.${key}`),
  )
  return { configured: true, namesSource }
}
