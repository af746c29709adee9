/** Holder of a state's lock, as far as the backend reports it. */
export interface LockHolder {
  id: string
  operation: string
  who: string
  /** RFC 3339, UTC, to the second. */
  since: string
}

/**
 * Messages of backends for a held lock. Any other means that locking failed. Azure has two: the backend's own for a lease
 * that it sees, and the storage's, LeaseAlreadyPresent, if another run took it just then.
 */
const HELD =
  /already (?:been )?locked|LeaseAlreadyPresent|already a lease present|temporarily unavailable|locked a portion of the file|ConditionalCheckFailed|PreconditionFailed|conditionNotMet|Error 412/i

/**
 * Azure's codes for a blob whose lease is no longer the run's own, and all that Terraform says of them, up to 1.10 and
 * from 1.11 on, where the answer to a HEAD has no body that would name a code:
 * https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
 */
const LOST_LEASE =
  /\b(?:LeaseNotPresentWithBlobOperation|LeaseIdMismatchWithBlobOperation|LeaseLost|LeaseIdMissing|StatusCode=412|unexpected status 412)\b/

/** Reason why a state could not be written, if the run had lost its lock. */
export function lostLock(detail: string): string | undefined {
  const [code] = LOST_LEASE.exec(detail) ?? []
  return code && `somebody else freed its lock or took it while this run held it (${code})`
}

/**
 * Reason why a state could not be locked, and how to free it as far as the lock's id is known.
 *
 * @param begun Start of the refused run in milliseconds.
 * @param tool The tool's command.
 */
export function lockReason(detail: string, begun: number | undefined, tool: string): string {
  const [message = ""] = detail
    .replace(/^Error message: /, "")
    .split(/\n(?:Lock Info:|\n\S+ acquires a state lock)/)
  const holder = lockHolder(detail, begun)
  if (holder !== undefined) {
    const operation = holder.operation.replace(/^OperationType/, "").toLowerCase()
    const what = operation === "" ? "" : ` (${operation})`
    return `the state is locked by ${holder.who}${what} since ${holder.since}${freeing(holder.id, tool)}`
  }
  if (!HELD.test(message)) return `the state can't be locked: ${message}`
  const id = /\bID=([\w-]{1,100})/.exec(message)?.[1]
  return `the state is locked by another run${id === undefined ? "; the holder is unknown" : freeing(id, tool)}`
}

/** The lock's id, with the command that frees the lock of a run that was killed. */
const freeing = (id: string, tool: string): string =>
  id === ""
    ? ""
    : `; if that run was killed, \`${tool} force-unlock ${id}\` in the shell of \`debug --stage=plan\` frees it`

/**
 * Holder of a lock, from the details of a refusal.
 *
 * Some backends, `pg` among them, give the details of the refused run itself: its time shows that, and it is ignored.
 */
export function lockHolder(detail: string, begun: number | undefined): LockHolder | undefined {
  const lines = detail.split("\n").map((line) => line.trim())
  const field = (name: string) =>
    lines
      .find((line) => line.startsWith(`${name}:`) && line.length > name.length + 1)
      ?.slice(name.length + 1)
      .trim() ?? ""
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
