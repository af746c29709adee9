import { clip } from "../../../src/lib/text/escape.js"
import type { CiHost } from "../../../src/lib/config/wrappers.js"
import type { Annotation } from "./findings.js"

/** GitHub's limit of annotations of a level in a step: https://docs.github.com/actions/reference/limits. */
const OF_A_KIND = 10
const MESSAGE_LENGTH = 1000
const TITLE_LENGTH = 200

/** The lines that create annotations, for hosts that read them from a job's output. */
export function annotationLines(host: CiHost, annotations: readonly Annotation[]): string[] {
  const line = host === "github" ? githubLine : host === "azure" ? azureLine : undefined
  if (line === undefined) return []
  return (["error", "warning", "note"] as const).flatMap((level) =>
    annotations
      .filter((annotation) => annotation.level === level)
      .slice(0, OF_A_KIND)
      .map(line),
  )
}

/** Escapes a value like GitHub's toolkit, so that a test's name can't end or start a command. */
const data = (value: string): string =>
  value.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A")
const property = (value: string): string => data(value).replaceAll(":", "%3A").replaceAll(",", "%2C")

function githubLine({ level, title, message, file, line, column }: Annotation): string {
  const properties = Object.entries({ file, line, col: column, title: clip(title, TITLE_LENGTH) })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${property(String(value))}`)
  return `::${level === "note" ? "notice" : level} ${properties.join(",")}::${data(clip(message, MESSAGE_LENGTH))}`
}

/** Escapes a value for Azure's agent, which decodes %AZP25 to a percent sign. */
const azureData = (value: string): string =>
  value.replaceAll("%", "%AZP25").replaceAll("\r", "%0D").replaceAll("\n", "%0A")
const azureProperty = (value: string): string =>
  azureData(value).replaceAll("]", "%5D").replaceAll(";", "%3B")

function azureLine({ level, title, message, file, line, column }: Annotation): string {
  const properties = Object.entries({
    type: level === "error" ? "error" : "warning",
    sourcepath: file,
    linenumber: line,
    columnnumber: column,
    code: clip(title, TITLE_LENGTH),
  })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${azureProperty(String(value))}`)
  return `##vso[task.logissue ${properties.join(";")}]${azureData(clip(message, MESSAGE_LENGTH))}`
}

/** The line that adds Markdown to the summary of a run in Azure Pipelines. */
export const azureSummary = (file: string): string => `##vso[task.uploadsummary]${azureData(file)}`
