import { readIni } from "../text/ini.js"
import { shellWords } from "../text/shellQuote.js"
import { strings } from "../text/json.js"
import { hasTable, readToml, valueAt } from "../text/toml.js"

/** Files in the source's root in which pytest may be configured. */
export const PYTEST_SETTINGS = [
  "pytest.toml",
  ".pytest.toml",
  "pytest.ini",
  ".pytest.ini",
  "pyproject.toml",
  "tox.ini",
  "setup.cfg",
] as const

/** What a service's own settings tell pytest. */
export interface PytestSettings {
  /** The file; undefined if pytest isn't configured. */
  file?: string
  /** The words of `addopts`. */
  options: readonly string[]
}

type Texts = Readonly<Partial<Record<string, string>>>

/** Reads the settings of pytest: of the first of its files that has any, as pytest itself chooses. */
export function pytestSettings(texts: Texts): PytestSettings {
  for (const file of PYTEST_SETTINGS) {
    const text = texts[file]
    const options = text === undefined ? undefined : optionsIn(file, text)
    if (options !== undefined) return { file, options }
  }
  return { options: [] }
}

/** The words of `addopts` in a file; undefined if it has no settings of pytest. */
function optionsIn(file: string, text: string): string[] | undefined {
  if (file.endsWith(".toml")) {
    const path = file === "pyproject.toml" ? ["tool", "pytest"] : ["pytest"]
    const { data } = readToml(text)
    const tables = [valueAt(data, ...path, "ini_options"), valueAt(data, ...path)]
    const table = tables.find((found) => found !== undefined)
    if (table === undefined) return hasTable(text, ...path) || file !== "pyproject.toml" ? [] : undefined
    const value = valueAt(table, "addopts")
    return typeof value === "string" ? words(value) : strings(value)
  }
  const section = readIni(text).get(file === "setup.cfg" ? "tool:pytest" : "pytest")
  if (section === undefined) return file.endsWith("pytest.ini") ? [] : undefined
  return words(section.get("addopts") ?? "")
}

const words = (text: string): string[] => shellWords(text.replace(/"/g, "'"))

/** Values of an option, in each of its spellings. */
export function optionValues({ options }: PytestSettings, ...names: readonly string[]): string[] {
  return options.flatMap((word, index) => {
    const [name = "", ...rest] = word.split("=")
    if (!names.includes(name)) {
      const short = names.find((known) => /^-\w$/.test(known) && word.startsWith(known) && word !== known)
      return short === undefined ? [] : [word.slice(short.length)]
    }
    if (rest.length > 0) return [rest.join("=")]
    const next = options[index + 1]
    return [next === undefined || next.startsWith("-") ? "" : next]
  })
}

/** True if the settings disable a plugin, by one of its names. */
export const disables = (settings: PytestSettings, ...names: readonly string[]): boolean =>
  optionValues(settings, "-p").some((value) => names.some((name) => value === `no:${name}`))
