import { eventOfIncident, type Incident } from "./incidents.js"
import type { DeploymentEvent, LedgerFailure, Timeline } from "./timeline.js"

/** A period in which a deployment degraded the service. */
export interface ChangeFailure extends Omit<LedgerFailure, "cause"> {
  cause: LedgerFailure["cause"] | "incident"
  /** Ids of the incidents that report it. */
  incidents: readonly string[]
}

/**
 * All failures of an environment: those that incidents report, else those in the ledger.
 *
 * Overlapping incidents of one deployment are one failure. An incident that matches no deployment of this environment is in
 * the notes and counts in no metric.
 */
export function changeFailures(
  { events, failures }: Timeline,
  incidents: readonly Incident[],
  environment: string,
  until: number,
): { failures: ChangeFailure[]; notes: string[] } {
  const known = incidents
    .filter((incident) => incident.started <= until)
    .map((incident) => ({ incident, event: eventOfIncident(incident, events) }))
  const notes = known
    .filter(({ event }) => event === undefined)
    .map(({ incident }) => unmatchedNote(incident, environment))
  const causes = new Set(known.flatMap(({ event }) => event ?? []))
  const reported = [...causes].flatMap((event) => {
    const own = known.flatMap((each) => (each.event === event ? [each.incident] : []))
    const setback = failures.find((each) => each.event === event)
    return mergeOverlapping(own.map((incident) => failureOf(event, incident, setback, until)))
  })
  const unreported = failures
    .filter(({ event }) => !causes.has(event))
    .map((setback) => ({ ...setback, incidents: [] }))
  return { failures: [...reported, ...unreported].sort((a, b) => a.started - b.started), notes }
}

/** An unresolved incident ends when its deployment is rolled back. */
function failureOf(
  event: DeploymentEvent,
  { id, started, resolved }: Incident,
  setback: LedgerFailure | undefined,
  until: number,
): ChangeFailure {
  const over = resolved !== undefined && resolved <= until ? resolved : undefined
  const back = setback?.restored !== undefined && setback.restored >= started ? setback.restored : undefined
  const by = over !== undefined ? id : back !== undefined ? (setback?.by ?? "") : ""
  return { event, cause: "incident", incidents: [id], started, restored: over ?? back, by }
}

/** Merges overlapping failures into one, from the first start to the last end. */
function mergeOverlapping(failures: readonly ChangeFailure[]): ChangeFailure[] {
  const sorted = failures.toSorted((a, b) => a.started - b.started)
  return sorted.reduce<ChangeFailure[]>((found, next) => {
    const last = found.at(-1)
    if (last === undefined || (last.restored ?? Infinity) < next.started) return [...found, next]
    const later = (next.restored ?? Infinity) > (last.restored ?? Infinity) ? next : last
    const incidents = [...last.incidents, ...next.incidents]
    return [...found.slice(0, -1), { ...last, incidents, restored: later.restored, by: later.by }]
  }, [])
}

const unmatchedNote = ({ id, deployment, version, line }: Incident, environment: string): string =>
  deployment === ""
    ? `incident ${id} (line ${line}) counts in no metric: ${version} was not deployed to ${environment} before it`
    : `incident ${id} (line ${line}) counts in no metric: no entry of ${environment} begins with ${deployment}`
