import { eventOfIncident, type Incident } from "./incidents.js"
import type { DeploymentEvent, LedgerFailure, Timeline } from "./timeline.js"

/** Some time in which a deployment did harm. */
export interface ChangeFailure extends Omit<LedgerFailure, "cause"> {
  cause: LedgerFailure["cause"] | "incident"
  /** The incidents that tell of it. */
  incidents: readonly string[]
}

/**
 * All failures: what incidents tell, those of one deployment that overlap as one; else what the ledger tells. An
 * incident that names no deployment of this environment is in the notes, and in no figure.
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
  const told = [...causes].flatMap((event) => {
    const own = known.flatMap((each) => (each.event === event ? [each.incident] : []))
    const setback = failures.find((each) => each.event === event)
    return mergeOverlapping(own.map((incident) => failureOf(event, incident, setback, until)))
  })
  const silent = failures
    .filter(({ event }) => !causes.has(event))
    .map((setback) => ({ ...setback, incidents: [] }))
  return { failures: [...told, ...silent].sort((a, b) => a.started - b.started), notes }
}

/** One that isn't over by itself is over once its deployment was taken back. */
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

/** Those that overlap, as one from the first beginning to the last end. */
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
    ? `incident ${id} (line ${line}) is in no figure: ${version} was not deployed to ${environment} before it`
    : `incident ${id} (line ${line}) is in no figure: no entry of ${environment} begins with ${deployment}`
