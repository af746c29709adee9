import { ADOPTION_FILE } from "../adoption/entries.js"
import type { Finding } from "../run/finding.js"
import { blocks } from "../run/outcome.js"
import { testName } from "../testing/outcome.js"
import type { TestCase } from "../run/testCase.js"
import type { StageReport } from "../run/verdict.js"
import { clip, visible, xml } from "../text/escape.js"
import { count } from "../text/words.js"
import { logPath, place } from "./place.js"

const NAME_LENGTH = 500
const TEXT_LENGTH = 4000
/** Limit on tests, and on findings, with a text of their own: hosts refuse very large files. */
const DETAILED = 200
/** Limit on a file, which 100,000 tests with ordinary names reach. */
export const JUNIT_BYTES = 30_000_000

/** A test case with its result. */
interface Case {
  name: string
  classname: string
  file?: string | undefined
  line?: number | undefined
  time?: string
  result?: { element: "failure" | "error" | "skipped"; message: string; type?: string; text?: string }
  /** Failures before it passed. */
  flaky?: { times: number; message: string }
}

/**
 * JUnit report: a suite per stage with a case per test or finding, or one for the stage.
 *
 * Of more than a host reads, those that passed are left out first; a case says how many.
 */
export function junit(stages: readonly StageReport[]): string {
  const suites = stages.map((stage) => suite(stage, JUNIT_BYTES / stages.length - FRAME_BYTES))
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites name="slipway">',
    ...suites,
    "</testsuites>",
    "",
  ].join("\n")
}

/** Left for a suite's own element and the note of what is left out. */
const FRAME_BYTES = 5_000

function suite(stage: StageReport, room: number): string {
  const { cases, written } = fitting([...casesOf(stage), ...knownCase(stage)], stage, room)
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
  return [`  <${open}>`, written.join("\n"), "  </testsuite>"].join("\n")
}

/** The cases that fit into a number of bytes, in their order: those without a result are left out first. */
function fitting(all: readonly Case[], stage: StageReport, room: number) {
  const weight = ({ result }: Case) => (result === undefined ? 2 : result.element === "skipped" ? 1 : 0)
  const order = [...all.entries()].sort(([, a], [, b]) => weight(a) - weight(b))
  const written = new Map<number, string>()
  let left = room
  for (const [index, each] of order) {
    const text = element(each)
    left -= Buffer.byteLength(text) + 1
    if (left < 0) break
    written.set(index, text)
  }
  const kept = [...all.entries()].filter(([index]) => written.has(index))
  const cases = [...kept.map(([, each]) => each), ...leftOut(all.length - kept.length, stage)]
  return { cases, written: cases.map((each, at) => written.get(kept[at]?.[0] ?? -1) ?? element(each)) }
}

/** A case that says how many findings the service's baseline knows. */
function knownCase({ group, known }: StageReport): Case[] {
  const number = known?.findings.length ?? 0
  const message = `known to ${ADOPTION_FILE}`
  return number === 0
    ? []
    : [{ name: count(number, "known finding"), classname: group, result: { element: "skipped", message } }]
}

/** A case that says how many others are left out. */
function leftOut(hidden: number, stage: StageReport): Case[] {
  const message = `left out of this file; see ${logPath(stage)}`
  return hidden === 0
    ? []
    : [{ name: `… and ${hidden} more`, classname: stage.group, result: { element: "skipped", message } }]
}

function casesOf(stage: StageReport): Case[] {
  const tests = testCases(stage)
  const found = findingCases(stage)
  const bad = tests.some(({ result }) => result !== undefined && result.element !== "skipped")
  switch (stage.status) {
    case "passed":
      return tests.length > 0 ? tests : [{ name: stage.name, classname: stage.group }]
    case "skipped":
      return [stageCase(stage, "skipped"), ...tests]
    case "error":
      return [stageCase(stage, "error"), ...found, ...tests]
    case "failed":
      return bad || found.length > 0 ? [...found, ...tests] : [stageCase(stage, "failure"), ...tests]
  }
}

function testCases({ tests = [] }: StageReport): Case[] {
  let detailed = 0
  return tests.map((test) => {
    const bad = test.status === "failed" || test.status === "error"
    return testCase(test, bad && ++detailed <= DETAILED)
  })
}

function testCase(test: TestCase, withDetails: boolean): Case {
  const { file, line, status, seconds, message = status, details = "", reruns = 0 } = test
  const text = withDetails ? { text: details === "" ? message : details } : {}
  return {
    ...names(test),
    file,
    line,
    time: seconds.toFixed(3),
    ...(status === "failed" ? { result: { element: "failure", message, type: "failed", ...text } } : {}),
    ...(status === "error" ? { result: { element: "error", message, type: "error", ...text } } : {}),
    ...(status === "skipped" ? { result: { element: "skipped", message } } : {}),
    ...(status === "passed" && reruns > 0 ? { flaky: { times: reruns, message: test.message ?? "" } } : {}),
  }
}

/** Splits a pytest id as pytest's own JUnit reports do; path and parameter may hold any character. */
function names({ id, file }: TestCase): Pick<Case, "name" | "classname"> {
  const end = id.startsWith(`${file}::`) ? file.length : id.indexOf("::")
  if (end < 0) return { name: id, classname: "" }
  const inFile = id.slice(end + 2)
  const bracket = inFile.indexOf("[")
  const [name = "", ...classes] = (bracket < 0 ? inFile : inFile.slice(0, bracket)).split("::").reverse()
  const parameter = bracket < 0 ? "" : inFile.slice(bracket)
  const module = id.slice(0, end).replace(/\.py$/, "").replaceAll("/", ".")
  return { name: name + parameter || id, classname: [module, ...classes.reverse()].join(".") }
}

/** A case per blocking finding, without those of failed tests. */
function findingCases(stage: StageReport): Case[] {
  const reported = new Set(stage.tests?.map(({ id, file }) => JSON.stringify([file, testName(id)])))
  return stage.findings
    .filter(blocks)
    .filter(({ file, rule }) => !reported.has(JSON.stringify([file, rule])))
    .map((finding, index) => findingCase(finding, stage, index < DETAILED))
}

function stageCase(stage: StageReport, element: "failure" | "error" | "skipped"): Case {
  const result = { element, message: stage.reason }
  return {
    name: stage.name,
    classname: stage.group,
    result: element === "skipped" ? result : { ...result, type: stage.status, text: repeat(stage) },
  }
}

function findingCase(finding: Finding, stage: StageReport, withDetails: boolean): Case {
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
      ...(withDetails && {
        text: `${visible(clip(place(finding), NAME_LENGTH))}: ${finding.message}\n${repeat(stage)}`,
      }),
    },
  }
}

const repeat = ({ repro }: StageReport): string => `repeat: ${repro}`

function element({ result, flaky, ...attributes }: Case): string {
  const open = `    <${tag("testcase", { ...attributes })}`
  const inner = result === undefined ? [] : [outcome(result)]
  if (flaky !== undefined) inner.push(...flakiness(flaky))
  return inner.length === 0
    ? `${open}/>`
    : `${open}>\n${inner.map((line) => `      ${line}\n`).join("")}    </testcase>`
}

function outcome({ element, message, type, text: content }: NonNullable<Case["result"]>): string {
  const inner = tag(element, { message, type })
  return content === undefined ? `<${inner}/>` : `<${inner}>${text(content)}</${element}>`
}

/**
 * Describes a flaky test by Maven Surefire's element.
 *
 * Hosts that don't know it show a passed test; every host shows system-out.
 */
function flakiness({ times, message }: NonNullable<Case["flaky"]>): string[] {
  const note = `flaky: failed ${times === 1 ? "once" : `${times} times`} before it passed${message === "" ? "" : `: ${message}`}`
  return [
    `<${tag("flakyFailure", { message: message === "" ? note : message, type: "flaky" })}/>`,
    `<system-out>${text(note)}</system-out>`,
  ]
}

/** Escapes element text, keeping line breaks. */
const text = (content: string): string => xml(clip(content, TEXT_LENGTH)).replaceAll("&#10;", "\n")

function tag(name: string, attributes: Record<string, string | number | undefined>): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${xml(clip(String(value), NAME_LENGTH))}"`)
  return name + written.join("")
}
