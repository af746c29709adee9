/** Events of a namespace, for people. */
import { countOf, lastSeen, problemLine } from "./findings.js"
import type { Event } from "./objects.js"

interface Group {
  newest: Event
  seen: number
  count: number
  objects: Set<string>
}

const MOST = 40

/** Formats events, one per line: warnings first, then newest first, repeated ones once with their number. */
export function eventsThatMatter(events: readonly Event[], most = MOST): string[] {
  const groups = new Map<string, Group>()
  for (const event of events) add(groups, event)
  const sorted = [...groups.values()].sort(
    (a, b) => severity(a.newest) - severity(b.newest) || b.seen - a.seen,
  )
  const lines = sorted.slice(0, most).map(line)
  const more = sorted.length - lines.length
  return more > 0 ? [...lines, `… and ${more} more`] : lines
}

const severity = ({ type }: Event): number => (type === "Warning" ? 0 : 1)

function add(groups: Map<string, Group>, event: Event): void {
  const key = JSON.stringify([event.type, event.involvedObject.kind, event.reason, normalisedMessage(event)])
  const seen = lastSeen(event)
  const group = groups.get(key) ?? { newest: event, seen, count: 0, objects: new Set<string>() }
  group.count += countOf(event)
  group.objects.add(event.involvedObject.name ?? "")
  if (seen > group.seen) Object.assign(group, { newest: event, seen })
  groups.set(key, group)
}

/** Message without the names and addresses that differ between pods of one kind. */
const normalisedMessage = ({ message = "", involvedObject: { name = "" } }: Event): string =>
  (name === "" ? message : message.replaceAll(name, "*"))
    .replace(/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, "*")
    .replace(/-[a-z0-9]{8,10}(?:-[a-z0-9]{5})?\b/g, "-*")

function line({ newest, seen, count, objects }: Group): string {
  const { type = "Normal", reason = "", message = "", involvedObject } = newest
  const time = seen === 0 ? "-" : new Date(seen).toISOString().replace(/\.\d+/, "")
  const others = objects.size > 1 ? ` and ${objects.size - 1} more` : ""
  const object = `${involvedObject.kind ?? "?"} ${involvedObject.name ?? "?"}${others}`
  return problemLine(`${time} ${type} ${object}: ${reason}${count > 1 ? ` ×${count}` : ""}: ${message}`, 400)
}
