import { iniKeys, tomlKeys, type Keys } from "../text/sections.js"
import type { ToolName } from "./tool.js"

/** The files in the source's root that a tool's configuration may stand in. */
export const CONFIG_FILES = [
  "pyproject.toml",
  "setup.cfg",
  "tox.ini",
  ".flake8",
  ".isort.cfg",
  ".editorconfig",
  "mypy.ini",
  ".mypy.ini",
  ".bandit",
  "bandit.yaml",
  "bandit.yml",
] as const

export type ConfigFile = (typeof CONFIG_FILES)[number]

/** Which of them a tool reads: an edit to another must not run it again. */
export const READS: Record<ToolName, readonly ConfigFile[]> = {
  black: ["pyproject.toml"],
  isort: ["pyproject.toml", "setup.cfg", "tox.ini", ".isort.cfg", ".editorconfig"],
  flake8: ["setup.cfg", "tox.ini", ".flake8"],
  mypy: ["pyproject.toml", "setup.cfg", "mypy.ini", ".mypy.ini"],
  bandit: ["pyproject.toml", ".bandit", "bandit.yaml", "bandit.yml"],
}

/** The texts of those files that the root has. */
export type ConfigTexts = Partial<Record<ConfigFile, string>>

/** Whether and where the service configures a tool. */
export interface Configuration {
  configured: boolean
  /** A configuration that the tool doesn't find by itself. */
  configFile?: ConfigFile
  /** The configuration names what to check, so the command must not. */
  targets: boolean
}

/** Tells how the service configures a tool, from the files that the tool itself would read. */
export function configuration(tool: ToolName, files: ConfigTexts): Configuration {
  return readers[tool](files)
}

const NONE: Configuration = { configured: false, targets: false }
const found = (configured: boolean): Configuration => ({ configured, targets: false })

const pyproject = (files: ConfigTexts): Keys => tomlKeys(files["pyproject.toml"] ?? "")
const ini = (files: ConfigTexts, name: ConfigFile): Keys => iniKeys(files[name] ?? "")
const hasAny = (keys: Keys, ...names: string[]): boolean => names.some((name) => keys.has(name))

/** Only keys that an editor has no use for say that the file is meant for isort. */
const ISORT_ONLY = /^\s*(profile|multi_line_output|force_\w+|known_\w+|sections|include_trailing_comma)\s*=/m

const readers: Record<ToolName, (files: ConfigTexts) => Configuration> = {
  black: (files) => found(pyproject(files).has("tool.black")),

  isort: (files) =>
    found(
      files[".isort.cfg"] !== undefined ||
        pyproject(files).has("tool.isort") ||
        hasAny(ini(files, "setup.cfg"), "isort", "tool:isort") ||
        hasAny(ini(files, "tox.ini"), "isort", "tool:isort") ||
        ISORT_ONLY.test(files[".editorconfig"] ?? ""),
    ),

  flake8: (files) =>
    found(
      (["setup.cfg", "tox.ini", ".flake8"] as const).some((name) =>
        hasAny(ini(files, name), "flake8", "flake8:local-plugins"),
      ),
    ),

  mypy(files) {
    // Mypy reads the first of these that there is, and no other.
    const name = (["mypy.ini", ".mypy.ini"] as const).find((file) => files[file] !== undefined)
    if (name !== undefined) return mypySection(ini(files, name), "mypy", true)
    const toml = pyproject(files)
    if (toml.has("tool.mypy")) return mypySection(toml, "tool.mypy", true)
    const setup = ini(files, "setup.cfg")
    return mypySection(setup, "mypy", setup.has("mypy"))
  },

  bandit(files) {
    // `.bandit` is found by bandit itself if it is INI; the YAML that many keep under that name must be pointed at.
    const own = files[".bandit"]
    const isIni = own !== undefined && iniKeys(own).has("bandit")
    const pointed = (["bandit.yaml", "bandit.yml"] as const).find((name) => files[name] !== undefined)
    if (pyproject(files).has("tool.bandit")) return { ...found(true), configFile: "pyproject.toml" }
    if (pointed !== undefined) return { ...found(true), configFile: pointed }
    if (own === undefined) return NONE
    return isIni ? found(true) : { ...found(true), configFile: ".bandit" }
  },
}

function mypySection(keys: Keys, section: string, configured: boolean): Configuration {
  const targets = ["files", "packages", "modules"].some((key) => keys.has(`${section}.${key}`))
  return { configured, targets: configured && targets }
}
