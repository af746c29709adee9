/** Refusals of a cluster, as errors of the catalogue. */
import { X509Certificate } from "node:crypto"
import { fail, SlipwayError } from "../errors/catalogue.js"
import type { Refused } from "../errors/kube.js"
import type { ClusterAccess } from "./access.js"

/** Body of an unsuccessful answer. */
export interface Status {
  reason?: string
  message: string
  causes: { field?: string; message?: string; reason?: string }[]
}

/** Parses a `Status`; undefined for any other body. */
export function statusOf(text: string): Status | undefined {
  // A pod's answer may be long, and isn't a status.
  if (!/"kind"\s*:\s*"Status"/.test(text.slice(0, 4_000))) return undefined
  try {
    const body = JSON.parse(text) as {
      kind?: unknown
      reason?: string
      message?: string
      details?: { causes?: Status["causes"] | null }
    }
    if (body.kind !== "Status") return undefined
    return { reason: body.reason, message: body.message ?? "", causes: body.details?.causes ?? [] }
  } catch {
    return undefined
  }
}

export interface ApiRefusal {
  status: number
  text: string
  /** The object of the request, such as `Deployment "api" in the namespace "staging"`. */
  what: string
  access: ClusterAccess
  now: number
  /** Removes secrets from the cluster's message. */
  hide?: (text: string) => string
}

/** Creates the error for a refusal. */
export function apiRefusal({
  status,
  text,
  what,
  access,
  now,
  hide = (each) => each,
}: ApiRefusal): SlipwayError {
  const said = statusOf(text)
  const message = hide(brief(said?.message ?? "")) || `it said no more than the status ${status}`
  const { server } = access
  if (status === 401) return fail("KUBE_UNAUTHORIZED", [server, unknownReason(access, now)])
  if (status === 403) return fail("KUBE_FORBIDDEN", [refusedOf(said?.message ?? "") ?? message])
  if (status === 409 && said?.reason === "AlreadyExists") return fail("KUBE_EXISTS", [what])
  if (status === 409) return fail("KUBE_CONFLICT", [what, message])
  if (status === 404) return fail("KUBE_MISSING", [what, message])
  if (status === 400 || status === 413 || status === 415 || status === 422)
    return fail("KUBE_INVALID", [what, causesOf(said, message, hide)])
  return fail("KUBE_FAILED", [what, status, message])
}

const brief = (text: string): string => {
  const line = text.replace(/\s+/g, " ").trim()
  return line.length > 500 ? `${line.slice(0, 500)}…` : line
}

function causesOf(said: Status | undefined, message: string, hide: (text: string) => string): string[] {
  const causes = (said?.causes ?? []).map(({ field, message: cause, reason }) =>
    [field, hide(brief(cause ?? reason ?? ""))]
      .filter((part) => part !== undefined && part !== "")
      .join(": "),
  )
  const some = causes.filter((cause) => cause !== "").slice(0, 10)
  if (some.length === 0) return [message]
  return causes.length > some.length ? [...some, `and ${causes.length - some.length} more`] : some
}

const FORBIDDEN =
  /User "([^"]*)" cannot (\S+) resource "([^"]*)"(?: in API group "([^"]*)")?(?: (?:in the namespace "([^"]*)"|at the cluster scope))?/
const FORBIDDEN_PATH = /User "([^"]*)" cannot (\S+) path "([^"]*)"/

/** Parses a refused permission; undefined for another refusal, such as a quota's. */
export function refusedOf(message: string): Refused | undefined {
  const [, user, verb, resource, group, namespace] = FORBIDDEN.exec(message) ?? []
  if (user !== undefined && verb !== undefined && resource !== undefined) {
    const [name, ...part] = resource.split("/")
    const full = [group ? `${name}.${group}` : name, ...part].join("/")
    return { user, verb, resource: full, ...(namespace === undefined ? {} : { namespace }) }
  }
  const [, whoever, act, path] = FORBIDDEN_PATH.exec(message) ?? []
  if (whoever === undefined || act === undefined || path === undefined) return undefined
  return { user: whoever, verb: act, resource: path }
}

/** Reason for refused credentials, as far as they show it themselves. */
function unknownReason(access: ClusterAccess, now: number): string {
  const expired = expiredCertificate(access, now) ?? expiredToken(access, now)
  if (expired !== undefined) return expired
  if (access.token !== undefined) return "it doesn't accept the kubeconfig's token"
  if (access.certificate === undefined) return "the kubeconfig has no credentials"
  return "it doesn't accept the kubeconfig's client certificate, which may be another cluster's"
}

/** Explains that the client's certificate has expired or isn't valid yet; undefined for a valid one. */
export function expiredCertificate({ certificate }: ClusterAccess, now: number): string | undefined {
  if (certificate === undefined) return undefined
  const { validFrom, validTo } = new X509Certificate(certificate)
  if (Date.parse(validTo) < now) return `its client certificate expired on ${date(Date.parse(validTo))}`
  // Clocks differ by minutes; the server's is decisive.
  return Date.parse(validFrom) > now + 3_600_000
    ? `its client certificate isn't valid before ${date(Date.parse(validFrom))}`
    : undefined
}

function expiredToken({ token }: ClusterAccess, now: number): string | undefined {
  const [, claims, signature] = token?.split(".") ?? []
  if (claims === undefined || signature === undefined) return undefined
  try {
    const { exp } = JSON.parse(Buffer.from(claims, "base64url").toString()) as { exp?: unknown }
    return typeof exp === "number" && exp * 1_000 < now
      ? `its token expired on ${date(exp * 1_000)}`
      : undefined
  } catch {
    return undefined
  }
}

const date = (milliseconds: number): string => new Date(milliseconds).toISOString().replace(".000", "")

/** True for an object that another client has changed, created or deleted meanwhile. */
export const isOvertaken = (error: unknown): boolean =>
  error instanceof SlipwayError && ["KUBE_CONFLICT", "KUBE_EXISTS"].includes(error.code)
