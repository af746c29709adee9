import { fields } from "../text/json.js"
import { readToml, valueAt } from "../text/toml.js"
import { readIni } from "../text/ini.js"
import { yamlMap } from "../text/yaml.js"
import { type ConfiguredTool, toolRule } from "./toolRules.js"

/** Files in a source's root that configure tools. */
export const TOOL_FILES = [
  "pyproject.toml",
  "setup.cfg",
  "tox.ini",
  ".flake8",
  ".isort.cfg",
  "mypy.ini",
  ".mypy.ini",
  ".bandit",
  "bandit.yaml",
  "bandit.yml",
  "pytest.ini",
  ".pytest.ini",
  "pytest.toml",
  ".pytest.toml",
  ".coveragerc",
  ".coveragerc.toml",
] as const

type ToolFile = (typeof TOOL_FILES)[number]
type Settings = [name: string, value: unknown][]
type Reader = (text: string) => Settings | undefined

/** The settings of tools, with the file of each. */
export interface ToolSettings {
  /** Values by tool and setting, `mypy ignore_errors`; a tool with settings has its own name as a key too. */
  values: Record<string, string | readonly string[]>
  places: Record<string, string>
}

/**
 * The settings of each tool: of the first of its files that has any, as the tool itself chooses, and of those that only
 * some versions or plug-ins of it read.
 */
export function toolSettings(texts: Readonly<Partial<Record<string, string>>>): ToolSettings {
  const found: ToolSettings = { values: {}, places: {} }
  const read = ([file, reader]: Candidate): [ToolFile, Settings] | undefined => {
    const settings = texts[file] === undefined ? undefined : reader(texts[file])
    return settings && [file, settings]
  }
  for (const [tool, candidates] of Object.entries(CANDIDATES) as [ConfiguredTool, Candidate[]][]) {
    const [first] = defined(candidates.map(read))
    const others = defined((SOMETIMES[tool] ?? []).map(read)).map(([file, settings]) => {
      const prefixed = settings.map(([name, value]): Settings[number] => [`[${file}] ${name}`, value])
      return [file, prefixed] as const
    })
    for (const [file, settings] of [...(first ? [first] : []), ...others]) {
      found.values[tool] ??= `configured in ${file}`
      found.places[tool] ??= file
      for (const [name, value] of settings) {
        const key = `${tool} ${name}`
        found.values[key] = valueOf(tool, name, value)
        found.places[key] = file
      }
    }
  }
  return found
}

const defined = <T>(items: readonly (T | undefined)[]): T[] => items.filter((item) => item !== undefined)

type Candidate = readonly [ToolFile, Reader]

/** Settings in sections of an INI file; other sections' settings begin with the name that `named` gives them. */
const ini =
  (named: (section: string) => string | undefined): Reader =>
  (text) => {
    const sections = [...readIni(text)].flatMap(([section, keys]) => {
      const prefix = named(section)
      return prefix === undefined ? [] : [[prefix, keys] as const]
    })
    if (sections.length === 0) return undefined
    return sections.flatMap(([prefix, keys]) =>
      [...keys].map(([key, value]): [string, string] => [prefix + key, value]),
    )
  }

const only = (...names: string[]): Reader => ini((section) => (names.includes(section) ? "" : undefined))

/** mypy's sections: `[mypy-a.*]` holds for modules. */
const mypyIni = ini((section) =>
  section === "mypy" ? "" : section.startsWith("mypy-") ? `[${section.slice("mypy-".length)}] ` : undefined,
)

const coverageIni = (prefix: string): Reader =>
  ini((section) =>
    section.startsWith(prefix) && PARTS.includes(section.slice(prefix.length))
      ? `${section.slice(prefix.length)}.`
      : undefined,
  )
const PARTS = ["run", "report", "paths", "html", "xml", "json", "lcov"]

/** Settings in a table of a TOML file. */
const toml =
  (...path: string[]): Reader =>
  (text) => {
    const { data, problem } = readToml(text)
    if (problem !== undefined) return text.includes(path.join(".")) ? [["", "not readable"]] : undefined
    const table = valueAt(data, ...path)
    return table === undefined ? undefined : Object.entries(fields(table))
  }

function coverageToml(text: string): Settings | undefined {
  const settings = toml("tool", "coverage")(text)
  return settings?.flatMap(([part, table]) =>
    Object.entries(fields(table)).map(([key, value]): [string, unknown] => [`${part}.${key}`, value]),
  )
}

/** mypy's table, its overrides by their modules. */
function mypyToml(text: string): Settings | undefined {
  return toml(
    "tool",
    "mypy",
  )(text)?.flatMap(([key, value]): Settings => {
    if (key !== "overrides" || !Array.isArray(value)) return [[key, value]]
    return value.flatMap((override) => {
      const { module, ...settings } = fields(override)
      const modules = list(module).sort().join(", ")
      return Object.entries(settings).map(([name, each]): [string, unknown] => [`[${modules}] ${name}`, each])
    })
  })
}

function yaml(text: string): Settings {
  const map = yamlMap(text)
  return map === undefined ? [["", "not readable"]] : Object.entries(map)
}

/** `.bandit` is INI, or YAML that many keep under that name. */
const dotBandit: Reader = (text) => only("bandit")(text) ?? yaml(text)

const ALWAYS: (reader: Reader) => Reader = (reader) => (text) => reader(text) ?? []

const CANDIDATES: Record<ConfiguredTool, readonly Candidate[]> = {
  black: [["pyproject.toml", toml("tool", "black")]],
  isort: [
    [".isort.cfg", ALWAYS(only("settings", "isort"))],
    ["pyproject.toml", toml("tool", "isort")],
    ["setup.cfg", only("isort", "tool:isort")],
    ["tox.ini", only("isort", "tool:isort")],
  ],
  flake8: [
    ["setup.cfg", only("flake8", "flake8:local-plugins")],
    ["tox.ini", only("flake8", "flake8:local-plugins")],
    [".flake8", only("flake8", "flake8:local-plugins")],
  ],
  mypy: [
    ["mypy.ini", ALWAYS(mypyIni)],
    [".mypy.ini", ALWAYS(mypyIni)],
    ["pyproject.toml", mypyToml],
    ["setup.cfg", mypyIni],
  ],
  bandit: [
    ["pyproject.toml", toml("tool", "bandit")],
    ["bandit.yaml", yaml],
    ["bandit.yml", yaml],
    [".bandit", dotBandit],
  ],
  pytest: [
    ["pytest.ini", ALWAYS(only("pytest"))],
    [".pytest.ini", ALWAYS(only("pytest"))],
    ["pyproject.toml", toml("tool", "pytest", "ini_options")],
    ["tox.ini", only("pytest")],
    ["setup.cfg", only("tool:pytest")],
  ],
  coverage: [
    [".coveragerc", ALWAYS(coverageIni(""))],
    [".coveragerc.toml", ALWAYS(coverageToml)],
    ["setup.cfg", coverageIni("coverage:")],
    ["tox.ini", coverageIni("coverage:")],
    ["pyproject.toml", coverageToml],
  ],
}

/** pytest's own table beside the one for its INI settings. */
const pytestToml: Reader = (text) => toml("tool", "pytest")(text)?.filter(([name]) => name !== "ini_options")

/**
 * Files that take precedence where the installed version or a plug-in reads them, and are ignored elsewhere: pytest from
 * 9.0 on (docs.pytest.org, "Configuration file formats"), Flake8 with Flake8-pyproject.
 */
const SOMETIMES: Partial<Record<ConfiguredTool, readonly Candidate[]>> = {
  flake8: [["pyproject.toml", toml("tool", "flake8")]],
  pytest: [
    ["pytest.toml", toml("pytest")],
    [".pytest.toml", toml("pytest")],
    ["pyproject.toml", pytestToml],
  ],
}

/** The longest value that is kept; of a longer one its length too, so that it differs. */
const MOST = 500

/** A setting's value as text; one that lists something as its items. */
function valueOf(tool: ConfiguredTool, name: string, value: unknown): string | readonly string[] {
  const rule = toolRule(tool, name.replace(/^\[[^\]]*\] /, ""))
  if (rule === "ignores" || rule === "restricts" || rule === "adds") return list(value).map(short)
  return short(typeof value === "string" ? value : JSON.stringify(value))
}

/** The items of a list, or of a text with one on each line or between commas. */
function list(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(list)
  if (typeof value !== "string") return value === undefined ? [] : [JSON.stringify(value)]
  return value
    .split(/[\n,]/)
    .map((item) => item.trim())
    .filter((item) => item !== "" && !item.startsWith("#"))
}

const short = (text: string): string =>
  text.length <= MOST ? text : `${text.slice(0, MOST)}… (${text.length} characters)`
