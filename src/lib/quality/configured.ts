import { posix } from "node:path"
import { fields } from "../text/json.js"
import { iniKeys, type Keys } from "../text/sections.js"
import { hasTable, readToml, valueAt } from "../text/toml.js"
import type { ToolName } from "./tool.js"

/** Files in the source's root that may configure a tool. */
type ConfigFile =
  | "pyproject.toml"
  | "setup.cfg"
  | "tox.ini"
  | ".flake8"
  | ".isort.cfg"
  | ".editorconfig"
  | "mypy.ini"
  | ".mypy.ini"
  | ".bandit"
  | "bandit.yaml"
  | "bandit.yml"

/** Configuration files that each tool reads: an edit to another must not run it again. */
export const READS: Record<ToolName, readonly ConfigFile[]> = {
  black: ["pyproject.toml"],
  isort: ["pyproject.toml", "setup.cfg", "tox.ini", ".isort.cfg", ".editorconfig"],
  flake8: ["setup.cfg", "tox.ini", ".flake8"],
  mypy: ["pyproject.toml", "setup.cfg", "mypy.ini", ".mypy.ini"],
  bandit: ["pyproject.toml", ".bandit", "bandit.yaml", "bandit.yml"],
}

/** Texts of the configuration files that exist. */
export type ConfigTexts = Partial<Record<ConfigFile, string>>

/** Result of the search for a tool's configuration. */
interface Configuration {
  configured: boolean
  /** Configuration file that the tool doesn't find by itself, from the folder in which it runs. */
  configFile?: string
  /** True if the configuration names the paths to check, so that the command must not. */
  targets: boolean
  /** True if plug-ins of the tool may read any file of the source. */
  readsSource?: boolean
}

/** Finds a tool's configuration in the files that the tool itself would read. */
export function configuration(tool: ToolName, files: ConfigTexts): Configuration {
  return readers[tool](files)
}

/**
 * Finds a tool's configuration in a folder above the service, as the tool itself finds it there or by name. The paths to
 * check stay the service's. Undefined without one.
 *
 * @param folder The folder, from the service's: `../..`.
 */
export function inheritedConfiguration(
  tool: ToolName,
  files: ConfigTexts,
  folder: string,
): Configuration | undefined {
  const found = configuration(tool, files)
  const named = found.configFile ?? (tool === "mypy" ? mypyFile(files) : undefined)
  // Bandit looks for a file of its own only beside the code.
  if (!found.configured || (tool === "bandit" && named === undefined)) return undefined
  return { ...found, targets: false, ...(named !== undefined && { configFile: posix.join(folder, named) }) }
}

/** Mypy reads the first of these that there is, and no other. */
const mypyFile = (files: ConfigTexts): ConfigFile =>
  (["mypy.ini", ".mypy.ini"] as const).find((name) => files[name] !== undefined) ??
  (inPyproject(files, "mypy") ? "pyproject.toml" : "setup.cfg")

const NONE: Configuration = { configured: false, targets: false }
const found = (configured: boolean): Configuration => ({ configured, targets: false })

const ini = (files: ConfigTexts, name: ConfigFile): Keys => iniKeys(files[name] ?? "")
const inPyproject = (files: ConfigTexts, tool: ToolName): boolean =>
  hasTable(files["pyproject.toml"] ?? "", "tool", tool)
const hasAny = (keys: Keys, ...names: string[]): boolean => names.some((name) => keys.has(name))

/** Matches keys in .editorconfig that only isort uses. */
const ISORT_ONLY =
  /^[ \t]*(profile|multi_line_output|force_\w+|known_\w+|sections|include_trailing_comma)[ \t]*=/m

const readers: Record<ToolName, (files: ConfigTexts) => Configuration> = {
  black: (files) => found(inPyproject(files, "black")),

  isort: (files) =>
    found(
      files[".isort.cfg"] !== undefined ||
        inPyproject(files, "isort") ||
        hasAny(ini(files, "setup.cfg"), "isort", "tool:isort") ||
        hasAny(ini(files, "tox.ini"), "isort", "tool:isort") ||
        ISORT_ONLY.test(files[".editorconfig"] ?? ""),
    ),

  flake8: (files) =>
    found(
      // Which only a plug-in reads, without which the file isn't here.
      inPyproject(files, "flake8") ||
        (["setup.cfg", "tox.ini", ".flake8"] as const).some((name) =>
          hasAny(ini(files, name), "flake8", "flake8:local-plugins"),
        ),
    ),

  mypy(files) {
    const name = mypyFile(files)
    if (name === "pyproject.toml") {
      const table = valueAt(readToml(files["pyproject.toml"] ?? "").data, "tool", "mypy")
      const { plugins, ...keys } = fields(table)
      const targets = MYPY_TARGETS.some((key) => keys[key] !== undefined)
      return { configured: true, targets, readsSource: readsSource([plugins].flat().join(",")) }
    }
    const settings = files[name] ?? ""
    return name !== "setup.cfg" || iniKeys(settings).has("mypy") ? iniMypy(settings) : NONE
  },

  bandit(files) {
    // `.bandit` is found by bandit itself if it is INI; the YAML that many keep under that name must be pointed at.
    const own = files[".bandit"]
    const isIni = own !== undefined && iniKeys(own).has("bandit")
    const pointed = (["bandit.yaml", "bandit.yml"] as const).find((name) => files[name] !== undefined)
    if (inPyproject(files, "bandit")) return { ...found(true), configFile: "pyproject.toml" }
    if (pointed !== undefined) return { ...found(true), configFile: pointed }
    if (own === undefined) return NONE
    return isIni ? found(true) : { ...found(true), configFile: ".bandit" }
  },
}

/** The keys by which mypy's configuration names what to check. */
const MYPY_TARGETS = ["files", "packages", "modules"]

const iniMypy = (text: string): Configuration => {
  const keys = iniKeys(text)
  const targets = MYPY_TARGETS.some((key) => keys.has(`mypy.${key}`))
  const [, plugins = ""] = /^plugins[ \t]*[=:]((?:.*\n[ \t])*.*)/m.exec(text) ?? []
  return { configured: true, targets, readsSource: readsSource(plugins) }
}

/** Plug-ins of mypy that are known to read no files. Others import the service's code, such as settings that read some. */
const PURE_PLUGINS =
  /^(?:pydantic(?:\.v1)?\.mypy|sqlalchemy\.ext\.mypy\.plugin|sqlmypy|numpy\.typing\.mypy_plugin)$/

const readsSource = (plugins: string): boolean =>
  plugins.split(/[\s,]+/).some((name) => name !== "" && !name.startsWith("#") && !PURE_PLUGINS.test(name))

/** Plug-ins of Flake8 that read the settings of other tools, by what `flake8 --version` lists. */
export const flake8Reads = (version: string): readonly ConfigFile[] =>
  /flake8[-_](?:pyproject|isort|black)\b/i.test(version)
    ? ["pyproject.toml", ".isort.cfg", ".editorconfig"]
    : []
