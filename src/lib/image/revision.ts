/** What is known of the sources that an image is made of; empty where it isn't. */
export interface ImageRevision {
  /** The commit. */
  sha: string
  /** Its date, RFC 3339. */
  committed: string
  /** The web address of the repository. */
  origin: string
  /** The version that is released, without a `v`. */
  version: string
}

/** The first time that every archive can hold: what has no time of its own gets it. */
export const NO_TIME = "1980-01-01T00:00:00Z"

const TIME =
  /^(\d{4}-\d{2}-\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/** True for a whole time as RFC 3339 has it, with date and zone, which is all that regctl takes. */
export function isTime(text: string): boolean {
  const midnight = `${TIME.exec(text)?.[1]}T00:00:00.000Z`
  const date = new Date(midnight)
  return !Number.isNaN(date.getTime()) && date.toISOString() === midnight // 30 February is 2 March
}

/** The labels by which an image tells where it comes from, as the OCI's image specification names them. */
export function labels(
  name: string | undefined,
  { sha, committed, origin, version }: ImageRevision,
): Record<string, string> {
  const all = { title: name ?? "", revision: sha, source: origin, version, created: committed }
  const known = Object.entries(all).filter(([, value]) => value !== "")
  return Object.fromEntries(known.map(([key, value]) => [`org.opencontainers.image.${key}`, value]))
}

/**
 * A git remote's address for a browser: without credentials, and with https in place of git's own way of writing. Empty
 * for what is none: folders, drives of Windows, and helpers such as `ext::`.
 *
 * @example webAddress("git@github.com:team/service.git") // "https://github.com/team/service"
 */
export function webAddress(remote: string): string {
  const scp = /^(?:[^@/]+@)?([^/:]{2,}):(?!\/\/|:)\/?(.+)$/.exec(remote)
  const text = scp ? `https://${scp[1]}/${scp[2]}` : remote.replace(/^(ssh|git):\/\//, "https://")
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return ""
  const { protocol, host, hostname, pathname } = new URL(text)
  // The port of git's own protocols is not that of the pages.
  const at = text === remote ? host : hostname
  return `${protocol}//${at}${pathname.replace(/(\.git)?\/?$/, "")}`
}
