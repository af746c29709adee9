import type { Finding } from "../finding.js"
import type { StageReport } from "../verdict.js"
import { clip, visible, xml } from "./escape.js"
import { place } from "./place.js"

const NAME_LENGTH = 500
const TEXT_LENGTH = 4000

/** A testcase and what became of it. */
interface Case {
  name: string
  classname: string
  file?: string | undefined
  line?: number | undefined
  result?: { element: "failure" | "error" | "skipped"; message: string; type?: string; text?: string }
}

/** Returns a JUnit report: a suite for each stage, in it a case for each finding, or one for the whole stage. */
export function junit(stages: readonly StageReport[]): string {
  const suites = stages.map(suite)
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites name="slipway">',
    ...suites,
    "</testsuites>",
    "",
  ].join("\n")
}

function suite(stage: StageReport): string {
  const cases = casesOf(stage)
  const number = (element: string): number => cases.filter(({ result }) => result?.element === element).length
  const open = tag("testsuite", {
    name: `${stage.group}.${stage.name}`,
    tests: cases.length,
    failures: number("failure"),
    errors: number("error"),
    skipped: number("skipped"),
    time: (stage.milliseconds / 1000).toFixed(3),
  })
  // The suite's time is the tool's; it isn't known by finding.
  return [`  <${open}>`, ...cases.map(element), "  </testsuite>"].join("\n")
}

function casesOf(stage: StageReport): Case[] {
  const found = stage.findings
    .filter(({ level }) => level !== "note")
    .map((finding) => findingCase(finding, stage))
  switch (stage.status) {
    case "passed":
      return [{ name: stage.name, classname: stage.group }]
    case "skipped":
      return [stageCase(stage, "skipped")]
    case "error":
      return [stageCase(stage, "error"), ...found]
    case "failed":
      return found.length > 0 ? found : [stageCase(stage, "failure")]
  }
}

function stageCase(stage: StageReport, element: "failure" | "error" | "skipped"): Case {
  const result = { element, message: stage.reason }
  return {
    name: stage.name,
    classname: stage.group,
    result: element === "skipped" ? result : { ...result, type: stage.status, text: repeat(stage) },
  }
}

function findingCase(finding: Finding, stage: StageReport): Case {
  const where = [finding.file, finding.file === undefined ? undefined : finding.line]
    .filter((part) => part !== undefined)
    .join(":")
  return {
    name: [finding.rule, where].filter(Boolean).join(" "),
    classname: finding.tool,
    file: finding.file,
    line: finding.line,
    result: {
      element: "failure",
      message: finding.message,
      type: finding.rule,
      text: `${visible(clip(place(finding), NAME_LENGTH))}: ${finding.message}\n${repeat(stage)}`,
    },
  }
}

const repeat = ({ repro }: StageReport): string => `repeat: ${repro}`

function element({ result, ...attributes }: Case): string {
  const open = `    <${tag("testcase", { ...attributes })}`
  if (result === undefined) return `${open}/>`
  const inner = tag(result.element, { message: result.message, type: result.type })
  const body =
    result.text === undefined ? `<${inner}/>` : `<${inner}>${text(result.text)}</${result.element}>`
  return `${open}>\n      ${body}\n    </testcase>`
}

/** Elements keep their line breaks as such. */
const text = (content: string): string => xml(clip(content, TEXT_LENGTH)).replaceAll("&#10;", "\n")

function tag(name: string, attributes: Record<string, string | number | undefined>): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${xml(clip(String(value), NAME_LENGTH))}"`)
  return name + written.join("")
}
