/** What keeps a server from answering, in words of ours. */

/** No answer. */
export interface Trouble {
  kind: "trouble"
  /** A clause about the server as "it". */
  reason: string
  /** Nothing was `unsent`, the server may have done it (`uncertain`), or no other try helps (`final`). */
  state: "unsent" | "uncertain" | "final"
  /** The connection isn't safe: what its certificate lacks is the reason. */
  certificate: boolean
  /** Whether a status came, and only the rest did not. */
  answered: boolean
  /** Whether it took too long. */
  late: boolean
}

export interface Progress {
  connected: boolean
  answered: boolean
  timedOut: boolean
}

type Reading = readonly [code: RegExp, reason: string]

/** By the codes of Node and of OpenSSL. */
const CERTIFICATES: readonly Reading[] = [
  [
    /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN)$/,
    "no authority that is known signed its certificate",
  ],
  [
    /^(?:UNABLE_TO_|CERT_UNTRUSTED|CERT_SIGNATURE_FAILURE|INVALID_CA)/,
    "another authority than the kubeconfig's signed its certificate",
  ],
  [/^CERT_HAS_EXPIRED$/, "its certificate has expired"],
  [/^CERT_NOT_YET_VALID$/, "its certificate isn't valid yet, or the clock here is slow"],
  [/^(?:CERT_|ERR_TLS_CERT)/, "its certificate isn't accepted"],
]

const CONNECTIONS: readonly Reading[] = [
  [/^ENOTFOUND$/, "no host of its name is known"],
  [/^EAI_AGAIN$/, "its name can't be resolved for now"],
  [/^ECONNREFUSED$/, "nothing listens at its address"],
  [/^(?:EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)$/, "its address can't be reached"],
]

export function troubleOf(error: unknown, { connected, answered, timedOut }: Progress): Trouble {
  const code = errorCode(error)
  const trouble = (reason: string, state: Trouble["state"], certificate = false): Trouble => ({
    kind: "trouble",
    reason,
    state,
    certificate,
    answered,
    late: timedOut,
  })
  const lost = connected ? "uncertain" : "unsent"
  if (timedOut) return trouble(connected ? "it took too long to answer" : "it can't be reached in time", lost)
  if (code === "TOO_LARGE") return trouble("its answer is too large", "final")
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return trouble(otherName(error), "final", true)
  const certificate = CERTIFICATES.find(([pattern]) => pattern.test(code))
  if (certificate !== undefined) return trouble(`${certificate[1]} (${code})`, "final", true)
  if (/^(?:EPROTO|ERR_SSL|ERR_OSSL|HPE_)/.test(code))
    return trouble(
      `it speaks another protocol than its address says, or refuses the client's certificate (${code})`,
      "final",
    )
  const reading = CONNECTIONS.find(([pattern]) => pattern.test(code))
  return trouble(reading?.[1] ?? "the connection to it broke off", lost)
}

/** Node's own words name both the name asked for and those that the certificate is for. */
function otherName(error: unknown): string {
  const message = error instanceof Error ? error.message : ""
  const names = message.replace(/^.*?altnames: (?:Host: )?/s, "").slice(0, 300)
  return `its certificate is of another name: ${names}`
}

export function errorCode(error: unknown): string {
  const code: unknown =
    typeof error === "object" && error !== null && "code" in error ? error.code : undefined
  return typeof code === "string" ? code : ""
}
