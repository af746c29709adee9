/** Types and helpers that the parts of a diagnosis share. */
import type { Event, Pod } from "./objects.js"

/** Causes that keep a pod from becoming ready; the most specific first. */
export const CAUSES = [
  "refused",
  "image",
  "configuration",
  "crash",
  "scheduling",
  "volume",
  "sandbox",
  "evicted",
  "liveness",
  "startup",
  "killed",
  "readiness",
  "node",
  "restarted",
  "waiting",
] as const

export type Cause = (typeof CAUSES)[number]

export interface RolloutProblem {
  cause: Cause
  /** The subject, such as `pod api-7d9f-x2x1z`. */
  subject: string
  text: string
}

const LONGEST = 300

/** Formats a message of the cluster as one line, without control sequences. */
export function problemLine(text: string, longest = LONGEST): string {
  const line = text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .trim()
    .replace(/(?<![. ])[. ]+$/, "")
  return line.length > longest ? `${line.slice(0, longest)}…` : line
}

/** Text for the number of times, if more than one. */
export const times = (count: number): string => (count > 1 ? ` (${count} times)` : "")

/** Time of an event's last occurrence, in milliseconds since 1970; 0 if unknown. */
export function lastSeen({ series, lastTimestamp, eventTime, firstTimestamp, metadata }: Event): number {
  const time =
    series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? firstTimestamp ?? metadata.creationTimestamp
  const milliseconds = Date.parse(time ?? "")
  return Number.isNaN(milliseconds) ? 0 : milliseconds
}

export const countOf = ({ series, count }: Event): number => Math.max(1, series?.count ?? count ?? 1)

/** Events of a pod, newest first. An earlier pod may have had the same name. */
export const eventsOf = ({ metadata }: Pod, events: readonly Event[]): Event[] =>
  events
    .filter(
      ({ involvedObject: { kind, name, uid } }) =>
        (kind ?? "Pod") === "Pod" &&
        name === metadata.name &&
        (uid === undefined || metadata.uid === undefined || uid === metadata.uid),
    )
    .sort((a, b) => lastSeen(b) - lastSeen(a))

/** Container of an event, whose path is `spec.containers{api}`. */
export const containerOf = ({ involvedObject: { fieldPath } }: Event): string | undefined =>
  /\{([^{}]+)\}$/.exec(fieldPath ?? "")?.[1]

export const isReady = ({ status }: Pod): boolean =>
  status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false
