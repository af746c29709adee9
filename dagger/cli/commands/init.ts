import { existsSync, lstatSync, readFileSync, statSync } from "node:fs"
import { join, posix } from "node:path"
import { jsonSchema, SCHEMA_FILE } from "../../../src/lib/config/jsonSchema.js"
import { checkConfig, parseConfig } from "../../../src/lib/config/parse.js"
import { ExitCode, fail } from "../../../src/lib/errors/catalogue.js"
import {
  type InitFile,
  type InitialSettings,
  initialSettings,
} from "../../../src/lib/init/initialSettings.js"
import { settingsBeside, initText } from "../../../src/lib/init/render.js"
import { INIT_FILES, type InitSource } from "../../../src/lib/init/source.js"
import { glob } from "../../../src/lib/security/glob.js"
import { visible } from "../../../src/lib/text/escape.js"
import { fromFork } from "../hosts/fork.js"
import { planRun, runPlanText } from "./plan.js"
import { writeSourceFile } from "./sourceFile.js"
import { absoluteSource, defaultBranchOf, gitStateOf, isAddress, sourceFiles } from "./sourceFolder.js"
import { jsonText } from "../../../src/lib/text/json.js"

export interface InitOptions {
  source: string
  print?: boolean
}

/** Writes or prints the settings of a service, and says what would run. Returns the exit code. */
export async function runInit({ source: given, print }: InitOptions): Promise<number> {
  const folder = absoluteSource(given)
  if (isAddress(folder)) throw fail("NO_SOURCE", [given])
  const { origin, ref } = await gitStateOf(folder)
  const found = initialSettings(await readInitSource(folder, origin))
  if (print) {
    const files = found.files
      .map((file) => addedTo(folder, file))
      .filter(({ settings }) => settings.length > 0)
    process.stdout.write(files.map((file) => printed(file, files.length > 1)).join("\n"))
    process.stderr.write(saidAfter(folder, { ...found, files }, ref))
    return ExitCode.passed
  }
  const paths = new Set(["slipway.yaml", ...found.files.map(({ path }) => path)])
  const existing = [...paths].filter((path) => lstatSync(join(folder, path), { throwIfNoEntry: false }))
  if (existing.length > 0) throw fail("SETTINGS_EXIST", [existing])
  // The schema first: settings would be in the way of another attempt.
  if (found.files.length > 0) writeSourceFile(folder, SCHEMA_FILE, jsonText(jsonSchema()))
  for (const file of found.files) writeSourceFile(folder, file.path, writtenFile(file))
  process.stdout.write(writtenText(found) + saidAfter(folder, found, ref))
  return ExitCode.passed
}

/** Files that are longer say nothing about settings, such as data of tests. */
const LONGEST_FILE = 1_000_000

/** Reads what a folder's files say, of a repository at this address. Fails with NOT_PYTHON if it has no Python file. */
async function readInitSource(folder: string, origin: string): Promise<InitSource> {
  const patterns = INIT_FILES.map(glob)
  const paths = (await sourceFiles(folder)).filter((path) => isFile(join(folder, path)))
  if (!paths.some((path) => path.endsWith(".py")))
    throw fail("NOT_PYTHON", [[...new Set(paths.map((path) => path.split("/")[0] ?? ""))].slice(0, 10)])
  const read = paths.filter((path) => patterns.some((matches) => matches(path)))
  const defaultBranch = await defaultBranchOf(folder)
  return {
    paths,
    texts: Object.fromEntries(read.map((path) => [path, readFileSync(join(folder, path), "utf8")])),
    origin,
    ...(defaultBranch !== undefined && { defaultBranch }),
  }
}

const isFile = (path: string): boolean => {
  const entry = statSync(path, { throwIfNoEntry: false })
  return entry !== undefined && entry.isFile() && entry.size <= LONGEST_FILE
}

/** What a file lacks that is there already. */
function addedTo(folder: string, { path, settings }: InitFile): InitFile {
  const file = join(folder, path)
  return {
    path,
    settings: existsSync(file) ? settingsBeside(readFileSync(file, "utf8"), settings) : settings,
  }
}

const printed = ({ path, settings }: InitFile, isNamed: boolean): string =>
  `${isNamed ? `# ${visible(path)}\n` : ""}${initText(settings)}`

/**
 * The text of a file that is written, with a first line by which editors find the schema.
 *
 * That is left in the repository: Slipway lies elsewhere on each machine of a team, and an address on the web would say
 * nothing offline.
 */
const writtenFile = ({ path, settings }: InitFile): string =>
  initText(settings, posix.relative(posix.dirname(path), SCHEMA_FILE))

function writtenText({ files }: InitialSettings): string {
  if (files.length === 0) return "no slipway.yaml is needed: nothing here differs from the defaults\n"
  const texts = files.map((file) => `wrote ${visible(file.path)}:\n\n${writtenFile(file)}`)
  return [...texts, `wrote ${SCHEMA_FILE}, by which editors know the keys\n`].join("\n")
}

/** The questions that are left, and what would run with these settings on the branch that is checked out, if any. */
function saidAfter(folder: string, { files, questions }: InitialSettings, checkedOut: string): string {
  const asked = questions.map(({ key, text }) => `? ${key}: ${visible(text)}\n`).join("")
  const file = join(folder, "slipway.yaml")
  const text = existsSync(file)
    ? readFileSync(file, "utf8")
    : initText(files.find(({ path }) => path === "slipway.yaml")?.settings ?? [])
  const config = checkConfig(text).config ?? parseConfig(undefined)
  const ref = checkedOut || `refs/heads/${config.branches.main}`
  const fork = fromFork(process.env)
  const plans = ["local", "push"].map((event) => runPlanText(planRun({ event, ref, fork }, config)))
  return [
    ...(asked === "" ? [] : ["", `to decide, in slipway.yaml:\n${asked.trimEnd()}`]),
    "",
    ...plans,
  ].join("\n")
}
