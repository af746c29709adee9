import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ADOPTION_FILE } from "../../../src/lib/adoption/entries.js"
import { parseAdoption } from "../../../src/lib/adoption/file.js"
import { parseConfig } from "../../../src/lib/config/parse.js"
import { ExitCode, fail } from "../../../src/lib/errors/catalogue.js"
import { fields, parseJson, strings } from "../../../src/lib/text/json.js"
import { visible } from "../../../src/lib/text/escape.js"
import { optionalArgument } from "../../module/arguments.js"
import { callModule, daggerWithProgress, serviceArguments } from "../../module/call.js"
import { indexArguments, type IndexOptions } from "./indexes.js"
import { reportNoVerdict } from "./runWithVerdict.js"
import { writeSourceFile } from "./sourceFile.js"
import { trackedArguments } from "./tracked.js"
import { absoluteSource, folderOf, isAddress, oneService, settingsOf } from "./sourceFolder.js"

export interface BaselineOptions extends IndexOptions {
  source: string
  /** A service of the source, by its name or folder. */
  service?: string
  /** Why it may grow. */
  grow?: string
  now?: string
}

/** Writes the service's baseline, and prints what changed. Returns the exit code. */
export async function writeBaseline(options: BaselineOptions): Promise<number> {
  const source = absoluteSource(options.source)
  if (isAddress(source)) throw fail("NO_SOURCE", [source])
  if (options.grow?.trim() === "") throw fail("BASELINE_REASON", [])
  // What is invalid is said at once, with the exit code of bad input.
  const service = oneService(source, options.service)
  parseConfig(settingsOf(source, service))
  const path = join(folderOf(source, service), ADOPTION_FILE)
  const file = join(source, path)
  if (existsSync(file)) parseAdoption(readFileSync(file, "utf8"))
  const made = mkdtempSync(join(tmpdir(), "slipway-baseline-"))
  const log = join(made, "dagger.log")
  const code = await daggerWithProgress(
    [
      ...baselineArguments({ ...options, source, ...(service !== undefined && { service }) }),
      "export",
      `--path=${join(made, "report")}`,
    ],
    log,
  )
  if (code === ExitCode.interrupted) return code
  if (code !== 0) return reportNoVerdict(log)
  const { lines, exitCode } = fields(parseJson(readFileSync(join(made, "report/summary.json"), "utf8")))
  const baseline = join(made, "report/baseline.json")
  writeSourceFile(source, path, existsSync(baseline) ? readFileSync(baseline) : undefined)
  process.stdout.write(`${strings(lines).map(visible).join("\n")}\n`)
  rmSync(made, { recursive: true, force: true })
  return typeof exitCode === "number" ? exitCode : ExitCode.infrastructure
}

/** The arguments of `dagger` for the report; `source` is an absolute path. */
export const baselineArguments = ({ source, service, grow, now, ...options }: BaselineOptions): string[] => [
  ...callModule(source, now),
  ...indexArguments(options, ["quality", "security", "tests"]),
  ...trackedArguments(source),
  ...serviceArguments(service),
  "baseline-report",
  ...optionalArgument("grow", grow),
]
