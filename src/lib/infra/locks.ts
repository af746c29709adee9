/** Who holds a state's lock, as far as the backend tells. */
export interface LockHolder {
  id: string
  operation: string
  who: string
  /** RFC 3339, UTC, to the second. */
  since: string
}

/** What backends say of a lock that somebody holds. Anything else kept them from locking. */
const HELD =
  /already (?:been )?locked|temporarily unavailable|locked a portion of the file|ConditionalCheckFailed|PreconditionFailed|conditionNotMet|Error 412/i

/** Why a state could not be locked. `begun` is when the run began whose lock was refused, in milliseconds. */
export function lockReason(detail: string, begun: number | undefined): string {
  const [message = ""] = detail
    .replace(/^Error message: /, "")
    .split(/\n(?:Lock Info:|\n\S+ acquires a state lock)/)
  const holder = lockHolder(detail, begun)
  if (holder !== undefined) {
    const operation = holder.operation.replace(/^OperationType/, "").toLowerCase()
    const what = operation === "" ? "" : ` (${operation})`
    return `the state is locked by ${holder.who}${what} since ${holder.since}, lock ${holder.id}`
  }
  if (!HELD.test(message)) return `the state can't be locked: ${message}`
  const id = /\bID=([\w-]{1,100})/.exec(message)?.[1]
  return `the state is locked by another run${id === undefined ? "; the holder is unknown" : `, lock ${id}`}`
}

/**
 * Who holds a lock, by what a backend added to its refusal. Some, `pg` among them, add what they would have written
 * themselves: that is of the time of the refused run, and tells nothing.
 */
export function lockHolder(detail: string, begun: number | undefined): LockHolder | undefined {
  const field = (name: string) =>
    new RegExp(`^[ \\t]*${name}:[ \\t]*(\\S.*)$`, "m").exec(detail)?.[1]?.trim() ?? ""
  const [who, since] = [field("Who"), time(field("Created"))]
  if (who === "" || Number.isNaN(since) || begun === undefined || since >= begun) return undefined
  const at = new Date(since).toISOString().replace(/\.\d+Z$/, "Z")
  return { id: field("ID"), who, operation: field("Operation"), since: at }
}

/** Go's own form of a time in UTC, in milliseconds. */
function time(text: string): number {
  const [, day, clock] = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,3})?)\d* \+0000 UTC$/.exec(text) ?? []
  return Date.parse(`${day}T${clock}Z`)
}
