import { ENVIRONMENTS } from "./environments.js"
import { durationRule, headerNameRule, durationSeconds, urlPathRule } from "./rules.js"

/** ZAP's risks of an alert; the index of each is its risk code. */
export const RISKS = ["informational", "low", "medium", "high"] as const

export type Risk = (typeof RISKS)[number]

/** The header that authenticates the requests of a scan. */
export const headerOf = ({ header = "Authorization" }: { header?: string | undefined }): string => header

const time = (doc: string, value: string) =>
  ({ kind: "text", doc, rules: [durationRule], convert: durationSeconds, default: value }) as const

const paths = (doc: string) =>
  ({ kind: "list", doc, item: { kind: "text", rules: [urlPathRule] }, default: [] }) as const

/** The section `dast`. */
export const dastSection = {
  kind: "section",
  doc: "The scan of a deployed service with ZAP.",
  fields: {
    active: {
      kind: "map",
      doc: "Attack an environment, which changes its data, instead of only inspecting it.",
      keys: ENVIRONMENTS,
      item: { kind: "choice", values: [true, false] },
      default: {},
    },
    schedule: {
      kind: "map",
      doc: "Scan an environment in scheduled runs as well, from outside: at its deploy.url.",
      keys: ENVIRONMENTS,
      item: { kind: "choice", values: [true, false] },
      default: { staging: true, production: true },
    },
    risk: {
      kind: "choice",
      doc: "The lowest risk at which an alert fails the scan.",
      values: RISKS,
      // What ZAP's own example has for its job exitStatus. Missing headers alone are medium at most.
      default: "high",
    },
    openapi: {
      kind: "text",
      doc: "The path at which the service serves its OpenAPI document, if any.",
      rules: [urlPathRule],
      default: "/openapi.json",
    },
    include: paths('The paths to scan, such as "/api/**". Default: all.'),
    exclude: paths('The paths to leave out, such as "/logout".'),
    header: {
      kind: "text",
      doc: "The header in which every request carries the secret DAST_AUTH_HEADER, if there is one. If set, wrappers pass that secret on and doctor requires it. Default: Authorization.",
      rules: [headerNameRule],
    },
    spider: time("The time limit for following links, in whole minutes.", "2m"),
    timeout: time("The time limit of the whole scan.", "30m"),
  },
} as const
