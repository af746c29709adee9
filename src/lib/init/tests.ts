import { posix } from "node:path"
import { DEFAULTS } from "../config/config.js"
import { djangoManage } from "../testing/runner.js"
import { optionValues, pytestSettings } from "../testing/settings.js"
import { readIni } from "../text/ini.js"
import { readToml, valueAt } from "../text/toml.js"
import {
  asking,
  type InitFindings,
  joinFindings,
  lineWith,
  NOTHING,
  type PlacedText,
  placeText,
} from "./findings.js"
import type { FoundPlace } from "./places.js"
import type { DescribedRepository } from "./repositoryView.js"
import { commandWords, wordsAfter } from "./shell.js"
import type { FoundServices } from "./testServices.js"
import { type InitSource, sourceBelow } from "./source.js"

/** The project's own threshold of coverage, where it is lower than Slipway's. */
export function coverageSettings({ source, jobs }: DescribedRepository, { path }: FoundPlace): InitFindings {
  const own = sourceBelow(source, path)
  const commands = path === "" ? jobs.flatMap((job) => job.commands) : []
  const found = inCommands(commands) ?? inPytest(own, path) ?? inCoverage(own, path)
  if (found === undefined) return NOTHING
  const threshold = Number(found.text)
  const reason = `${placeText(found)}: the project's own threshold`
  const key = ["tests", "coverage", "above"]
  const { above } = DEFAULTS.tests.coverage
  if (!(threshold >= 0 && threshold <= 100) || threshold === above) return NOTHING
  if (threshold < above) return { settings: [{ key, value: Math.floor(threshold), reason }], questions: [] }
  const text = `${placeText(found)} asks for ${threshold} %, and Slipway for more than ${above} % of lines and branches: raise it?`
  return asking(key.join("."), text)
}

const OPTION = "--cov-fail-under"

/** The threshold in the commands of a CI host. */
function inCommands(commands: readonly PlacedText[]): PlacedText | undefined {
  const found = commands.flatMap((command) => {
    const words = commandWords(command.text)
    const isReport = words[0] === "coverage" && words[1] === "report"
    const [value] = wordsAfter(words, OPTION, ...(isReport ? ["--fail-under"] : []))
    return value === undefined || !/^\d/.test(value) ? [] : [{ ...command, text: value }]
  })
  return found.length === 1 ? found[0] : undefined
}

/** The threshold in the options of pytest's settings. */
function inPytest({ texts }: InitSource, folder: string): PlacedText | undefined {
  const settings = pytestSettings(texts)
  const text = optionValues(settings, OPTION).at(-1)
  const { file } = settings
  if (text === undefined || file === undefined) return undefined
  return { text, file: posix.join(folder, file), line: lineWith(texts[file] ?? "", OPTION) }
}

/** The threshold in the settings of coverage.py, of the first file that has any, as it chooses itself. */
function inCoverage({ texts }: InitSource, folder: string): PlacedText | undefined {
  for (const [file, prefix] of [
    [".coveragerc", ""],
    ["setup.cfg", "coverage:"],
    ["tox.ini", "coverage:"],
    ["pyproject.toml", ""],
  ] as const) {
    const content = texts[file]
    if (content === undefined) continue
    const value = file.endsWith(".toml")
      ? valueAt(readToml(content).data, "tool", "coverage", "report", "fail_under")
      : readIni(content).get(`${prefix}report`)?.get("fail_under")
    if (typeof value !== "number" && typeof value !== "string") continue
    return { text: String(value), file: posix.join(folder, file), line: lineWith(content, "fail_under") }
  }
  return undefined
}

/** A question where services are started for tests, and none of them is an integration test. */
export function integrationQuestion(
  { source }: DescribedRepository,
  { path }: FoundPlace,
  services: FoundServices,
): InitFindings {
  const [first] = services.started
  const { paths, texts } = sourceBelow(source, path)
  const python = paths.filter((name) => name.endsWith(".py"))
  const manage = python.filter((name) => posix.basename(name) === "manage.py" && name.split("/").length <= 3)
  const isDjango =
    djangoManage(Object.fromEntries(manage.map((name) => [name, texts[name] ?? ""]))) !== undefined
  const has = python.some(
    (name) => /(?:^|\/)integration\//.test(name) || /mark\.integration\b/.test(texts[name] ?? ""),
  )
  if (first === undefined || isDjango || has) return services
  const folder =
    ["tests", "test"].find((name) => paths.some((each) => each.startsWith(`${name}/`))) ?? "tests"
  const text = `${placeText(first)} starts services for the tests, and none is an integration test by its folder or its marker, so they would run without. Name those that need them: tests: { integration: { paths: [${folder}] } }`
  return joinFindings([services, asking("tests.integration.paths", text)])
}
