import { dag, Directory, func, object } from "@dagger.io/dagger"
import { ExitCode, exitCodeOf } from "../lib/errors/catalogue.js"
import { fenced } from "../lib/text/escape.js"
import { messageOf } from "../stage/stage.js"

/** A report of figures, of an audit, or of how branches are protected. */
@object()
export class MetricsReport {
  /**
   * `passed`; `failed`, where something is not as it has to be; `unknown`, where that can't be told; `error`, where
   * nothing could be looked at, and `text` says why.
   */
  @func()
  verdict: string
  /** What the `slipway` command ends with. */
  @func()
  exitCode: number
  /** For a terminal. */
  @func()
  text: string
  /** For reviewers. */
  @func()
  markdown: string
  /** For machines; `schema` is the version of its format. */
  @func()
  json: string
  /** All of it as files, below `metrics/`, with verdict and exit code in `verdict.json`. */
  @func()
  files: Directory

  constructor(
    verdict: string,
    exitCode: number,
    text: string,
    markdown: string,
    json: string,
    files: Directory,
  ) {
    this.verdict = verdict
    this.exitCode = exitCode
    this.text = text
    this.markdown = markdown
    this.json = json
    this.files = files
  }
}

/** A report in its forms, and further files. */
export interface Forms {
  verdict: "passed" | "failed" | "unknown" | "error"
  text: string
  markdown: string
  /** What JSON is made of. */
  value: unknown
  more?: Readonly<Record<string, string>>
}

const EXIT_CODES: Record<Forms["verdict"], ExitCode> = {
  passed: ExitCode.passed,
  failed: ExitCode.gateFailed,
  unknown: ExitCode.badInput,
  error: ExitCode.infrastructure,
}

/** Makes a report, whose files have this name. What keeps it from being made is the report. */
export async function metricsReport(name: string, work: () => Promise<Forms>): Promise<MetricsReport> {
  try {
    const forms = await work()
    return reportOf(name, forms, EXIT_CODES[forms.verdict])
  } catch (error) {
    const problem = messageOf(error)
    const exitCode = exitCodeOf(error)
    const value = { schema: 1, problem, exitCode }
    const forms = {
      verdict: "error",
      text: `${problem}\n`,
      markdown: fenced(problem, "text"),
      value,
    } as const
    return reportOf(name, forms, exitCode)
  }
}

function reportOf(name: string, forms: Forms, exitCode: ExitCode): MetricsReport {
  const { verdict, text, markdown, value, more = {} } = forms
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
  return new MetricsReport(verdict, exitCode, text, markdown, json, folder)
}

export const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
