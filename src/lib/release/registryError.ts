import { ExitCode, fail, type SlipwayError } from "../errors/catalogue.js"
import type { ToolRun } from "../run/finding.js"
import { TIMED_OUT } from "../run/command.js"
import { fields, objects, parseJson, text } from "../text/json.js"
import { oneLine } from "../text/words.js"
import { missingRight } from "./registryRight.js"

/** The kinds of failures of a request to a registry. */
export type RegistryProblem =
  | "denied"
  | "forbidden"
  | "unsupported"
  | "missing"
  | "noPlatform"
  | "immutable"
  | "invalid"
  | "unknownHost"
  | "unreachable"
  | "certificate"
  | "protocol"
  | "rateLimited"
  | "unavailable"
  | "interrupted"
  | "tooLong"
  | "other"

export interface RegistryFailure {
  kind: RegistryProblem
  /** The reason on one line, without secrets. */
  reason: string
  remedy: string
  /** True for a transient failure, which outlasted regctl's own retries. */
  retry: boolean
  exitCode: ExitCode
}

type Failure = Pick<RegistryFailure, "kind" | "reason">

/** Classifies a failed run of regctl. Texts of v0.11. */
export function registryFailure({ exitCode, stderr }: Pick<ToolRun, "exitCode" | "stderr">): RegistryFailure {
  const output = stderr.replace(/^time=.*$/gm, "").trim()
  const failure =
    exitCode === TIMED_OUT
      ? { kind: "tooLong" as const, reason: "the registry took too long" }
      : (byStatus(output) ?? byText(output))
  const { kind } = failure
  const right = kind === "denied" || kind === "forbidden" ? missingRight(output) : undefined
  return {
    kind,
    reason: right?.certain ? `${failure.reason}: the right ${right.name} is missing` : failure.reason,
    remedy: right === undefined ? REMEDIES[kind] : `${right.remedy}; otherwise ${REMEDIES[kind]}`,
    retry: PASSING.includes(kind),
    exitCode: OURS.includes(kind) ? ExitCode.badInput : ExitCode.infrastructure,
  }
}

/** Creates the error for a failed run of regctl on a reference. */
export function registryError(
  run: Pick<ToolRun, "exitCode" | "stderr">,
  reference: string,
  options?: ErrorOptions,
): SlipwayError {
  const { reason, remedy, exitCode } = registryFailure(run)
  return fail("REGISTRY", [reference, reason, remedy, exitCode], options)
}

const PASSING: readonly RegistryProblem[] = ["rateLimited", "unavailable", "unreachable", "interrupted"]
const OURS: readonly RegistryProblem[] = ["missing", "noPlatform", "immutable", "invalid"]

const LATER = "try again later; the registry's own status page or log may say more"
const CREDENTIALS =
  "give the user name and password of somebody who may do this there; for Azure those of a token, or a service principal's client id and secret"

const REMEDIES: Record<RegistryProblem, string> = {
  denied: CREDENTIALS,
  forbidden: CREDENTIALS,
  unsupported:
    "have whoever runs the registry allow it (for deletion, the reference registry has storage.delete.enabled), or use the registry's own rules in its place",
  missing: "see whether registry, repository and digest are the right ones",
  noPlatform: "publish the image for this platform, or ask for another",
  immutable: "give the release a version of its own",
  invalid: "write it as registry.example.com/repository:tag, or with @sha256:… in place of the tag",
  unknownHost: "see whether the registry's name is right, and known to the engine's name server",
  unreachable: "see whether the registry runs, and can be reached from the engine",
  certificate: "renew the registry's certificate, or give the authority that vouches for it",
  protocol: "say whether the registry speaks plain HTTP or TLS as it does",
  rateLimited: LATER,
  unavailable: LATER,
  interrupted: LATER,
  tooLong: LATER,
  other: LATER,
}

/** Classifies the first bad response, which regctl prints with its body. */
function byStatus(output: string): Failure | undefined {
  const match = /\[http (\d{3})\](?::\s*([\s\S]*))?$/.exec(output.slice(output.search(/\[http \d{3}\]/)))
  if (match === null) return undefined
  const [, digits = "", body = ""] = match
  const status = Number(digits)
  const message = messageOf(body)
  const reason = (words: string) => `the registry ${words}${message === "" ? "" : `: ${message}`}`
  if (/HTTP request to an HTTPS server/.test(body))
    return { kind: "protocol", reason: "the registry speaks TLS, and was asked without" }
  if (/immutable/i.test(body)) return { kind: "immutable", reason: reason("holds the tag to be immutable") }
  if (status === 401) return { kind: "denied", reason: DENIED }
  if (status === 403) return { kind: "forbidden", reason: reason("refuses this to the user") }
  if (status === 405) return { kind: "unsupported", reason: reason("doesn't do this (405)") }
  if (status === 404) return { kind: "missing", reason: reason("doesn't have it") }
  if (status === 429) return { kind: "rateLimited", reason: reason("takes no more requests for now (429)") }
  const transient = [408, 500, 502, 503, 504].includes(status)
  return { kind: transient ? "unavailable" : "other", reason: reason(`answered ${status}`) }
}

/** Returns the registry's message: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes. */
function messageOf(body: string): string {
  const [error] = objects(fields(parseJson(body)).errors)
  if (error !== undefined) return oneLine([error.code, error.message].map(text).filter(Boolean).join(", "))
  return /^\s*[<{]/.test(body) ? "" : oneLine(body)
}

const DENIED = "the registry refuses the user name and password"

type Reading = readonly [RegistryProblem, RegExp, (found: readonly string[]) => string]

/** regctl's messages without a response of the registry; the first match counts. */
const READINGS: readonly Reading[] = [
  [
    "denied",
    /no credentials available/,
    () => "the registry wants a user name and password, and none were given",
  ],
  ["denied", /: unauthorized\s*$/, () => DENIED],
  ["invalid", /invalid reference ".*"/, ([found = ""]) => oneLine(found)],
  ["noPlatform", /platform not found: (\S+)/, ([, name = ""]) => `the index has no image for ${name}`],
  [
    "unknownHost",
    /lookup (\S+?)(?: on \S+)?: no such host/,
    ([, name = ""]) => `no host of the name ${name} is known`,
  ],
  [
    "certificate",
    /x509: certificate has expired or is not yet valid: current time \S+ is (after|before) (\d{4}-\d\d-\d\d)/,
    ([, order, day = ""]) =>
      order === "after"
        ? `the registry's certificate expired on ${day}`
        : `the registry's certificate holds from ${day} on`,
  ],
  [
    "certificate",
    /x509: certificate signed by unknown authority/,
    () => "the registry's certificate is from an authority that isn't trusted",
  ],
  [
    "certificate",
    /x509: (?:certificate is valid for|cannot validate certificate for|certificate is not valid for any names)/,
    () => "the registry's certificate is for another host",
  ],
  [
    "certificate",
    /(?:x509|tls): .*/,
    ([found = ""]) => `no safe connection to the registry: ${oneLine(found)}`,
  ],
  [
    "protocol",
    /server gave HTTP response to HTTPS client/,
    () => "the registry speaks plain HTTP, and TLS was expected",
  ],
  ["unreachable", /dial tcp (\S+): connect: connection refused/, ([, at = ""]) => `nothing listens on ${at}`],
  [
    "unreachable",
    /i\/o timeout|deadline exceeded|no route to host|network is unreachable|server misbehaving/,
    ([found = ""]) => `the registry can't be reached: ${found}`,
  ],
  [
    "interrupted",
    /connection reset by peer|broken pipe|unexpected EOF|\bEOF\s*$|use of closed network connection/,
    () => "the connection to the registry broke off",
  ],
  [
    "rateLimited",
    /retry limit exceeded|backoff limit reached/,
    () => "the registry put every try off to a later time",
  ],
  ["tooLong", /context canceled/, () => "the registry took too long"],
]

function byText(output: string): Failure {
  for (const [kind, pattern, reason] of READINGS) {
    const found = pattern.exec(output)
    if (found !== null) return { kind, reason: reason(found) }
  }
  // Upload URLs carry a token in their query.
  const plain = oneLine(output.replace(/\?[^\s"]*/g, ""))
  return { kind: "other", reason: plain === "" ? "regctl failed and said nothing" : plain }
}
