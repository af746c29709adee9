import { type EntryPlace, readEntries } from "../config/entries.js"
import { ENVIRONMENTS, withEnvironments } from "../config/environments.js"
import { httpUrlRule, noCredentialsRule, printableRule } from "../config/rules.js"
import type { SectionSpec, TextRule } from "../config/spec.js"
import type { Outcome } from "../run/finding.js"
import { isTime } from "../image/revision.js"
import type { DeploymentEvent } from "./timeline.js"

/** The file in the service's repository that lists incidents. */
export const INCIDENTS_FILE = ".slipway/incidents.yaml"

/** An incident in an environment and the deployment that caused it. */
export interface Incident {
  id: string
  /** Hash of the deployment's ledger entry, or a prefix of it; empty if version and environment are given. */
  deployment: string
  version: string
  environment: string
  /** Milliseconds since 1970. */
  started: number
  /** Undefined while it is open. */
  resolved: number | undefined
  url: string
  /** Line in the file, from 1. */
  line: number
}

const short: TextRule = { expected: "1 to 200 characters", pattern: /^.{1,200}$/s }
const hash: TextRule = {
  expected: "the hash of a ledger entry, or at least its first 8 characters",
  pattern: /^[0-9a-f]{8,64}$/,
}
const time: TextRule = {
  expected: "a time with its zone, such as 2026-03-01T12:00:00Z or 2026-03-01T13:00:00+01:00",
  pattern: /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}(Z|[+-][0-9]{2}:[0-9]{2})$/,
}

const entry = {
  kind: "section",
  fields: {
    id: {
      kind: "text",
      doc: "Its id in the incident tracker, such as INC-42.",
      rules: [printableRule, short],
    },
    deployment: { kind: "text", doc: "The hash of the deployment's ledger entry.", rules: [hash] },
    version: { kind: "text", doc: "The version, instead of the hash.", rules: [printableRule, short] },
    environment: { kind: "choice", doc: "The environment, with a version.", values: ENVIRONMENTS },
    started: { kind: "text", doc: "When it began.", rules: [time] },
    resolved: { kind: "text", doc: "When it was resolved; left out while it is open.", rules: [time] },
    url: { kind: "text", doc: "Address of its description.", rules: [noCredentialsRule, httpUrlRule] },
  },
} as const satisfies SectionSpec

/** Parses the file; undefined for a service without one. `outcome` is set if the file is invalid. */
export function parseIncidents(
  text: string | undefined,
  environments = ENVIRONMENTS,
): { incidents: Incident[]; outcome?: Outcome } {
  const ids = new Set<string>()
  const { entries, outcome } = readEntries<typeof entry, Incident>(text, {
    file: INCIDENTS_FILE,
    list: "incidents",
    entry: withEnvironments(entry, environments),
    required: { id: "", started: "" },
    make: ({ id = "", deployment = "", version = "", environment, started, resolved, url = "" }, place) => {
      if (id !== "" && ids.has(id)) place.report("id", `duplicate incident ${JSON.stringify(id)}`)
      ids.add(id)
      if (place.has("deployment") ? place.has("version") : !place.has("version") || !place.has("environment"))
        place.report(
          "deployment",
          "expected the hash of the deployment's ledger entry, or version and environment",
        )
      const times = timesOf(started, resolved, place)
      return { id, deployment, version, environment: environment ?? "", url, ...times, line: place.line }
    },
  })
  return { incidents: entries, ...(outcome && { outcome }) }
}

function timesOf(started: string | undefined, resolved: string | undefined, { report }: EntryPlace) {
  const read = (key: string, text: string | undefined) => {
    if (text !== undefined && !isTime(text)) report(key, "expected a valid time")
    return text === undefined ? undefined : Date.parse(text)
  }
  const times = { started: read("started", started) ?? NaN, resolved: read("resolved", resolved) }
  if (times.resolved !== undefined && times.resolved < times.started)
    report("resolved", "expected a time after the start")
  return times
}

/** The deployment that an incident names; never guessed from the time alone. */
export function eventOfIncident(
  incident: Incident,
  events: readonly DeploymentEvent[],
): DeploymentEvent | undefined {
  if (incident.deployment !== "")
    return events.find(({ hashes }) => hashes.some((known) => known.startsWith(incident.deployment)))
  const bare = (text: string) => text.replace(/^v(?=\d)/, "")
  return events.findLast(
    ({ kind, version, started }) =>
      kind === "deploy" && bare(version) === bare(incident.version) && started <= incident.started,
  )
}
