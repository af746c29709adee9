/** Origin of the sources of an image; empty where unknown. */
export interface ImageRevision {
  /** The commit. */
  sha: string
  /** Its date, RFC 3339. */
  committed: string
  /** The web address of the repository. */
  origin: string
  /** The released version, without a `v`. */
  version: string
}

/** The earliest time that every archive format can hold, for files without a time. */
export const NO_TIME = "1980-01-01T00:00:00Z"

const TIME =
  /^(\d{4}-\d{2}-\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/** True for a complete RFC 3339 time with date and zone, the only form that regctl accepts. */
export function isTime(text: string): boolean {
  const midnight = `${TIME.exec(text)?.[1]}T00:00:00.000Z`
  const date = new Date(midnight)
  return !Number.isNaN(date.getTime()) && date.toISOString() === midnight // 30 February is 2 March
}

/** Returns the labels for an image's origin, by the names of the OCI's image specification. */
export function labels(
  name: string | undefined,
  { sha, committed, origin, version }: ImageRevision,
): Record<string, string> {
  const all = { title: name ?? "", revision: sha, source: origin, version, created: committed }
  const known = Object.entries(all).filter(([, value]) => value !== "")
  return Object.fromEntries(known.map(([key, value]) => [`org.opencontainers.image.${key}`, value]))
}

/**
 * Converts a git remote to a web address, without credentials.
 *
 * Git's own notation becomes https. Empty for folders, drives of Windows, helpers such as `ext::` and all else that has
 * no page.
 *
 * @example webAddress("git@github.com:team/service.git") // "https://github.com/team/service"
 */
export function webAddress(remote: string): string {
  const scp = /^(?:[^@/]+@)?([^/:]{2,}):(?!\/\/|:)\/?(.+)$/.exec(remote)
  const text = scp ? `https://${scp[1]}/${scp[2]}` : remote.replace(/^(ssh|git):\/\//, "https://")
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return ""
  const { protocol, host, hostname, pathname } = new URL(text)
  // The port of git's protocols is not that of the web pages.
  const at = text === remote ? host : hostname
  return `${protocol}//${at}${pathname.replace(/(\.git)?\/?$/, "")}`
}
