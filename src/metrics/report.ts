import { dag, Directory, func, object } from "@dagger.io/dagger"
import { ExitCode, exitCodeOf } from "../lib/errors/catalogue.js"
import { fenced } from "../lib/text/escape.js"
import { create } from "../stage/create.js"
import { messageOf } from "../lib/run/execError.js"
import { jsonText } from "../lib/text/json.js"

/** Report on metrics, an audit or branch protection. */
@object()
export class MetricsReport {
  /**
   * `passed`, `failed`, `unknown` or `error`.
   *
   * `unknown` if something could not be checked, `error` if the report could not be made; `text` says why.
   */
  @func()
  verdict!: string
  /** Exit code of the `slipway` command. */
  @func()
  exitCode!: number
  /** The report as text for a terminal. */
  @func()
  text!: string
  /** The report as Markdown for reviewers. */
  @func()
  markdown!: string
  /** The report as JSON; `schema` is the version of its format. */
  @func()
  json!: string
  /** The report as files below `metrics/`, with verdict and exit code in `verdict.json`. */
  @func()
  files!: Directory
}

/** A report in all formats, with additional files. */
export interface ReportFormats {
  verdict: "passed" | "failed" | "unknown" | "error"
  text: string
  markdown: string
  /** Content of the JSON. */
  value: unknown
  more?: Readonly<Record<string, string>>
}

const EXIT_CODES: Record<ReportFormats["verdict"], ExitCode> = {
  passed: ExitCode.passed,
  failed: ExitCode.gateFailed,
  unknown: ExitCode.badInput,
  error: ExitCode.infrastructure,
}

/** Makes a report with files of this name; an error becomes the report. */
export async function metricsReport(
  name: string,
  work: () => Promise<ReportFormats>,
): Promise<MetricsReport> {
  try {
    const formats = await work()
    return reportOf(name, formats, EXIT_CODES[formats.verdict])
  } catch (error) {
    const problem = messageOf(error)
    const exitCode = exitCodeOf(error)
    const value = { schema: 1, problem, exitCode }
    const formats = {
      verdict: "error",
      text: `${problem}\n`,
      markdown: fenced(problem, "text"),
      value,
    } as const
    return reportOf(name, formats, exitCode)
  }
}

function reportOf(name: string, formats: ReportFormats, exitCode: ExitCode): MetricsReport {
  const { verdict, text, markdown, value, more = {} } = formats
  const json = jsonText(value)
  const files = {
    [`${name}.txt`]: text,
    [`${name}.md`]: markdown,
    [`${name}.json`]: json,
    ...more,
    "verdict.json": jsonText({ schema: 1, report: name, verdict, exitCode }),
  }
  const folder = Object.entries(files).reduce(
    (made, [file, content]) => made.withNewFile(`metrics/${file}`, content),
    dag.directory(),
  )
  return create(MetricsReport, { verdict, exitCode, text, markdown, json, files: folder })
}
