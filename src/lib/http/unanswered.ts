/** Requests without an answer: the reason in Slipway's own words, and whether the server may have carried them out. */

/** Request without an answer. Its reason never quotes the runtime, whose messages may contain a header. */
export interface Unanswered {
  kind: "unanswered"
  /** A clause about the server as "it". */
  reason: string
  /** `unsent`: it never reached the server; `uncertain`: it may have been carried out; `final`: no retry helps. */
  state: "unsent" | "uncertain" | "final"
  /** True if the server's certificate isn't accepted. */
  certificate: boolean
  /** True if a status was received, but not the rest of the answer. */
  answered: boolean
  /** True if it took too long. */
  late: boolean
}

/** Progress of a request before it failed. */
export interface RequestProgress {
  /** Undefined if the transport doesn't report it; the error's code decides then. */
  connected?: boolean
  answered: boolean
  timedOut: boolean
}

/** Code for an answer over the size limit. */
export const TOO_LARGE = "TOO_LARGE"

type CertificateReading = readonly [code: RegExp, reason: string]

/** Errors of certificates, by OpenSSL's codes. */
const CERTIFICATES: readonly CertificateReading[] = [
  [
    /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN)$/,
    "no authority that is known signed its certificate",
  ],
  [
    /^(?:UNABLE_TO_|CERT_UNTRUSTED|CERT_SIGNATURE_FAILURE|INVALID_CA)/,
    "another authority than the trusted ones signed its certificate",
  ],
  [/^CERT_HAS_EXPIRED$/, "its certificate has expired"],
  [/^CERT_NOT_YET_VALID$/, "its certificate isn't valid yet, or the clock here is slow"],
  [/^(?:CERT_|ERR_TLS)/, "its certificate isn't accepted"],
]

const PROTOCOL = /^(?:EPROTO|ERR_SSL|ERR_OSSL|HPE_)/

type ConnectionReading = readonly [code: RegExp, reason: string, state: Unanswered["state"]]

/**
 * Errors of connections, by the codes of Node and undici; the state applies if the transport doesn't report a
 * connection.
 */
const CONNECTIONS: readonly ConnectionReading[] = [
  [/^ENOTFOUND$/, "no host of its name is known", "unsent"],
  [/^EAI_AGAIN$/, "its name can't be resolved for now", "unsent"],
  [/^ECONNREFUSED$/, "nothing listens at its address", "unsent"],
  [/^(?:EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/, "its address can't be reached", "unsent"],
  [/^ETIMEDOUT$/, "its address can't be reached", "uncertain"],
  [
    /^(?:ECONNRESET|EPIPE|UND_ERR_SOCKET|ERR_STREAM_PREMATURE_CLOSE)$/,
    "the connection to it broke off",
    "uncertain",
  ],
]

/** Classifies the error of a request without an answer. */
export function unanswered(
  error: unknown,
  { connected, answered, timedOut }: RequestProgress = { answered: false, timedOut: false },
): Unanswered {
  const coded = codedError(error)
  const code = coded?.code ?? ""
  const late = timedOut || isTimeout(error) || (/TIMEOUT/.test(code) && !/CONNECT/.test(code))
  const result = (reason: string, state: Unanswered["state"], certificate = false): Unanswered => ({
    kind: "unanswered",
    reason,
    state,
    certificate,
    answered,
    late,
  })
  const lost = (state: Unanswered["state"]) =>
    connected === undefined ? state : connected ? "uncertain" : "unsent"
  if (late)
    return connected === false
      ? result("it can't be reached in time", "unsent")
      : result("it took too long to answer", "uncertain")
  if (code === TOO_LARGE) return result(coded?.message ?? "", "final")
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return result(otherName(coded?.message ?? ""), "final", true)
  const certificate = CERTIFICATES.find(([pattern]) => pattern.test(code))
  if (certificate !== undefined) return result(`${certificate[1]} (${code})`, "final", true)
  if (PROTOCOL.test(code))
    return result(
      `it speaks another protocol than its address says, or refuses the client's certificate (${code})`,
      "final",
    )
  const [, reason, state] = CONNECTIONS.find(([pattern]) => pattern.test(code)) ?? UNKNOWN
  return result(reason, lost(state))
}

const UNKNOWN = [/^/, "the connection to it failed", "uncertain"] as const

/** Extracts the requested name and the certificate's names from Node's message. */
function otherName(message: string): string {
  const names = message.replace(/^.*?altnames: (?:Host: )?/s, "").slice(0, 300)
  return `its certificate is of another name: ${names}`
}

const isTimeout = (error: unknown): boolean => error instanceof DOMException && error.name === "TimeoutError"

/** Returns the error that has a code: the one thrown, or its cause, as with fetch. */
function codedError(error: unknown): { code: string; message: string } | undefined {
  const cause = (error as { cause?: unknown } | null | undefined)?.cause
  for (const each of [error, cause])
    if (typeof each === "object" && each !== null && "code" in each && typeof each.code === "string")
      return { code: each.code, message: each instanceof Error ? each.message : "" }
  return undefined
}
