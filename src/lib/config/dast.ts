import { ENVIRONMENTS } from "./deploy.js"
import { duration, headerName, seconds, urlPath } from "./rules.js"

/** How bad an alert can be, as ZAP counts: its place here is its risk code. */
export const RISKS = ["informational", "low", "medium", "high"] as const

export type Risk = (typeof RISKS)[number]

/** In which header a scan says who it is. */
export const headerOf = ({ header = "Authorization" }: { header?: string | undefined }): string => header

const time = (doc: string, value: string) =>
  ({ kind: "text", doc, rules: [duration], convert: seconds, default: value }) as const

const paths = (doc: string) =>
  ({ kind: "list", doc, item: { kind: "text", rules: [urlPath] }, default: [] }) as const

/** How a deployed service is scanned with ZAP. */
export const dast = {
  kind: "section",
  doc: "How a deployed service is scanned with ZAP.",
  fields: {
    active: {
      kind: "map",
      doc: "Attack an environment, which changes its data, instead of only inspecting it.",
      keys: ENVIRONMENTS,
      item: { kind: "choice", values: [true, false] },
      default: {},
    },
    risk: {
      kind: "choice",
      doc: "The risk from which on an alert fails the scan.",
      values: RISKS,
      // What ZAP's own example has for its job exitStatus. Headers alone come to medium at most.
      default: "high",
    },
    openapi: {
      kind: "text",
      doc: "Where the service tells its OpenAPI document, if it does.",
      rules: [urlPath],
      default: "/openapi.json",
    },
    include: paths('The paths that are scanned, such as "/api/**". Left out, all of them.'),
    exclude: paths('Paths that are left out, such as "/logout".'),
    header: {
      kind: "text",
      doc: "The header that every request carries the secret DAST_AUTH_HEADER in, where there is one. Named here, wrappers bring that secret along, and doctor misses it. Left out, Authorization.",
      rules: [headerName],
    },
    spider: time("How long links are followed; ZAP counts in minutes.", "2m"),
    timeout: time("How long all of it may take.", "30m"),
  },
} as const
