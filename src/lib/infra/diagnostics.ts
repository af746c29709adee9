import { stripVTControlCharacters } from "node:util"
import { type ExitCode as Code, ExitCode } from "../errors/catalogue.js"
import type { Finding } from "../run/finding.js"
import { fields, objects, parseJson, text as said } from "../text/json.js"
import { finding } from "../run/outcome.js"
import { oneLine } from "../text/words.js"
import { lockReason, lostLock } from "./locks.js"
import { textErrors } from "./textErrors.js"
import { versionAdvice } from "./tools.js"
import { normalisePath } from "./roots.js"

/** Diagnostic of the tool, as in its machine-readable output. */
export interface Diagnostic {
  severity: "error" | "warning"
  summary: string
  detail: string
  /** Relative to the root that the tool was run in. */
  file?: string
  line?: number
  column?: number
  /** Address of the affected resource. */
  address?: string
}

/** Line of `plan -json` or `apply -json`. Providers write to the same stream, so no field is certain. */
interface Message {
  "@message"?: unknown
  "@timestamp"?: unknown
  type?: unknown
  diagnostic?: unknown
  hook?: unknown
}

/** Diagnostics of `validate -json`; undefined for any other text. */
export function validateDiagnostics(text: string): Diagnostic[] | undefined {
  const { valid, diagnostics } = fields(parseJson(text))
  return typeof valid === "boolean" ? objects(diagnostics).map(read) : undefined
}

/** Diagnostics of `plan -json` and `apply -json`, which print one object per line. */
export const streamDiagnostics = (text: string): Diagnostic[] =>
  messages(text).flatMap(({ type, diagnostic }) => (type === "diagnostic" ? [read(diagnostic)] : []))

/** Output of `plan -json` and `apply -json` for people: one message per line, with details of errors. */
export const readable = (text: string): string =>
  text
    .split("\n")
    .map((line) => {
      const message = messageOf(line)
      if (typeof message?.["@message"] !== "string") return line
      const { detail, ...where } = read(message.diagnostic)
      const more = [placeText(where), detail].filter((part) => part !== "").join("\n")
      return more === "" ? message["@message"] : `${message["@message"]}\n${more}`.replaceAll("\n", "\n  ")
    })
    .join("\n")

const placeText = ({ file, line, address }: Omit<Diagnostic, "detail">): string =>
  [
    ...(address === undefined ? [] : [`with ${address}`]),
    ...(file === undefined ? [] : [`on ${file}${line === undefined ? "" : ` line ${line}`}`]),
  ].join(", ")

/** Number of changes that an apply made before it ended, by kind. */
export function applied(text: string): Record<string, number> {
  const done = messages(text).filter(({ type }) => type === "apply_complete")
  const counts = new Map<string, number>()
  for (const { hook } of done) {
    const kind = said(fields(hook).action) || "change"
    // Reading data is not a change.
    if (kind !== "read") counts.set(kind, (counts.get(kind) ?? 0) + 1)
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Lines that are JSON objects, without output of providers. */
const messages = (text: string): Message[] =>
  text.split("\n").flatMap((line) => {
    const message = messageOf(line)
    return message === undefined ? [] : [message]
  })

function messageOf(line: string): Message | undefined {
  const value = line.startsWith("{") ? parseJson(line) : undefined
  return value === undefined ? undefined : fields(value)
}

function read(diagnostic: unknown): Diagnostic {
  const { severity, summary, detail, address, range } = fields(diagnostic)
  const { filename, start } = fields(range)
  const { line, column } = fields(start)
  const place = {
    ...(typeof filename === "string" && filename !== "" && { file: filename }),
    ...(typeof line === "number" && { line }),
    ...(typeof column === "number" && { column }),
  }
  const about = typeof address === "string" && address !== "" ? { address } : {}
  const level = severity === "warning" ? "warning" : "error"
  return { severity: level, summary: said(summary), detail: said(detail), ...place, ...about }
}

/** A diagnostic as a finding, with its file by the path in the source. */
export function diagnosticFinding(tool: string, root: string, diagnostic: Diagnostic): Finding {
  const { severity, summary, detail, file, address, ...place } = diagnostic
  const about = address === undefined ? "" : `${address}: `
  const own = isOwn(diagnostic)
  const foreign = own || file === undefined ? "" : `${file}: `
  const made = finding({
    tool,
    rule: rule(summary),
    level: severity,
    ...(own && { file: pathOf(root, diagnostic.file), ...place }),
    message:
      foreign + about + [summary, versionAdvice(summary, detail)].filter((part) => part !== "").join(": "),
  })
  return severity === "warning" ? { ...made, advisory: true } : made
}

/** True for a diagnostic about a file of the source; files of passed variables are elsewhere. */
const isOwn = (diagnostic: Diagnostic): diagnostic is Diagnostic & { file: string } =>
  diagnostic.file !== undefined && !diagnostic.file.startsWith("/")

/** Path of a file in the source: tools print those of modules with `..`. */
const pathOf = (root: string, file: string): string => normalisePath(`${root}/${file}`)

const rule = (summary: string): string =>
  summary
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 60)
    .replace(/-$/, "") || "error"

/** Cause of a failed run, with the exit code that it results in. */
export interface FailureCause {
  reason: string
  exitCode: Code
  findings: Finding[]
}

type Known = Omit<FailureCause, "findings">

/** Finds the cause of a failed `init`, plan or apply. `log` is the output for people, `stream` that for machines. */
export function failureCause(
  tool: string,
  root: string,
  { step, log, stream }: { step: string; log: string; stream: string },
): FailureCause {
  const streamed = streamDiagnostics(stream).filter(({ severity }) => severity === "error")
  const errors = streamed.length > 0 ? streamed : textErrors(log)
  const findings = errors.map((error) => diagnosticFinding(tool, root, error))
  const context = { tool, root, errors, begun: begunAt(stream) }
  // The first one that says more than that something failed; worst of all is a change that no state has.
  const unsaved = errors.filter(({ summary }) => UNSAVED.test(summary))
  for (const error of [...unsaved, ...errors]) {
    const cause = knownCause(error, context) ?? placedCause(error, root)
    if (cause !== undefined) return { ...cause, reason: oneLine(cause.reason), findings }
  }
  const [first] = errors
  const words =
    first === undefined
      ? `${tool} ${step} failed: ${stripVTControlCharacters(log).trim().split("\n").at(-1) ?? ""}`
      : `${tool} ${step} failed: ${wordsOf(first)}`
  return { reason: oneLine(words), exitCode: ExitCode.infrastructure, findings }
}

/** Cause for a diagnostic with a file: the service's own, a passed one, or infrastructure if it is about a resource. */
function placedCause(error: Diagnostic, root: string): Known | undefined {
  const { file, line, address } = error
  if (file === undefined) return undefined
  const own = isOwn(error)
  const place = `${own ? pathOf(root, file) : file}${line === undefined ? "" : `:${line}`}`
  const reason = `${place}: ${wordsOf(error)}`
  if (address !== undefined) return { reason, exitCode: ExitCode.infrastructure }
  return { reason, exitCode: own ? ExitCode.gateFailed : ExitCode.badInput }
}

const wordsOf = ({ summary, detail }: Pick<Diagnostic, "summary" | "detail">): string =>
  [summary.replace(/:$/, ""), versionAdvice(summary, detail)].filter((part) => part !== "").join(": ")

/** Start of a run in milliseconds, from its first line. */
function begunAt(stream: string): number | undefined {
  const time = Date.parse(said(messages(stream)[0]?.["@timestamp"]))
  return Number.isNaN(time) ? undefined : time
}

interface Context {
  tool: string
  root: string
  errors: readonly Diagnostic[]
  begun: number | undefined
}

/** Known causes, with better messages than those of the tool. */
function knownCause(error: Diagnostic, context: Context): Known | undefined {
  const { root, errors } = context
  const { summary, detail, file, address } = error
  if (NO_VALUE.test(summary)) return { reason: noValues(root, errors), exitCode: ExitCode.badInput }
  const lacks = MODULE.test(summary) || (file === undefined && address === undefined)
  if (lacks && LOCK_FILE.test(`${summary}\n${detail}`))
    return { reason: `${within(root)}${LOCK_FILE_REASON}`, exitCode: ExitCode.gateFailed }
  if (lacks && DOWNLOAD.test(`${summary}\n${detail}`)) {
    const reason = `a provider or module can't be downloaded: ${(detail || summary).replace(/ Get\s"[^"]*":/, "")}`
    return { reason, exitCode: ExitCode.infrastructure }
  }
  // Messages of a provider, or of the service's own rules, are left as they are.
  return file === undefined && address === undefined ? stateCause(error, context) : undefined
}

/** Causes in a state, its lock or a plan. */
function stateCause(error: Diagnostic, { tool, begun }: Context): Known | undefined {
  const { summary, detail } = error
  const whole = wordsOf(error)
  const workspace = /^Workspace "([^"\n]*)" doesn't exist/.exec(summary)?.[1]
  if (workspace !== undefined)
    return {
      reason: `the workspace "${workspace}" doesn't exist yet: a plan makes it`,
      exitCode: ExitCode.badInput,
    }
  if (/saved plan is stale/i.test(summary))
    return { reason: "the plan is not applied: the state has changed since", exitCode: ExitCode.gateFailed }
  if (UNSAVED.test(summary))
    return {
      reason: `the state can't be saved: ${lostLock(detail) ?? detail}`,
      exitCode: ExitCode.infrastructure,
    }
  if (OTHER_VERSION.test(whole)) return { reason: stateProblem(error), exitCode: ExitCode.badInput }
  if (NO_PLAN.test(whole)) return { reason: whole, exitCode: ExitCode.badInput }
  if (STATE.test(whole))
    return { reason: `the state can't be read: ${stateProblem(error)}`, exitCode: ExitCode.infrastructure }
  if (LOCKING.test(summary))
    return { reason: lockReason(detail, begun, tool), exitCode: ExitCode.infrastructure }
  return undefined
}

/** Message without the tool's advice on locks, if no lock is involved. */
const stateProblem = ({ summary, detail }: Diagnostic): string =>
  LOCKING.test(summary)
    ? (detail.replace(/^Error message: /, "").split(/\n\n\S+ acquires a state lock/)[0] ?? "")
    : wordsOf({ summary, detail })

/** Reports all variables without a value at once. */
function noValues(root: string, errors: readonly Diagnostic[]): string {
  const names = errors
    .filter(({ summary }) => NO_VALUE.test(summary))
    .map(({ detail }) => /variable "([^"\n]+)"/.exec(detail)?.[1] ?? "?")
  const [first = ""] = names
  const secret = `or pass a secret such as TF_VAR_${first}`
  if (names.length === 1)
    return `${within(root)}the variable "${first}" has no value: set it in a file of variables, ${secret}`
  const list = names.map((name) => `"${name}"`).join(", ")
  return `${within(root)}these variables have no values: ${list}: set them in a file of variables, ${secret}`
}

const within = (root: string): string => (root === "." ? "" : `${root}: `)

const LOCK_FILE_REASON =
  ".terraform.lock.hcl is missing or doesn't fit the providers: run `providers lock -platform=linux_amd64 -platform=linux_arm64` there and commit it"

const NO_VALUE = /^no value for required variable/i
const LOCKING = /acquiring the state lock/i
/** Comes after an apply, with changes that the state doesn't have. */
const UNSAVED = /^failed to save state/i
const LOCK_FILE =
  /dependency changes detected|inconsistent dependency lock file|lock file is read-only|(?:doesn't|does not)\s+match any of the checksums|\block(?:ed)? provider\s(?:(?!lock(?:ed)? provider)[^\n])*\sdoes not match configured/i

/** Errors of modules, which are reported at the call. */
const MODULE = /^(?:failed to download module|error accessing remote module registry|module not found)/i
const DOWNLOAD =
  /failed to (?:query available provider packages|install provider|download module|resolve provider packages)|could not (?:query provider registry|retrieve the list of available versions)|error accessing remote module registry|module not found/i
const OTHER_VERSION =
  /(?:created|written) by (?:a newer|a different|OpenTofu|Terraform)\b|unsupported plan file format|plan files cannot be transferred/i
const NO_PLAN = /^failed to (?:load "[^"\n]*" as a plan file|read plan)/i
const STATE =
  /state (?:file|data|snapshot)|failed to (?:load|read|refresh|retrieve|get) (?:the )?(?:remote )?state|error (?:loading|refreshing) (?:the )?state/i
