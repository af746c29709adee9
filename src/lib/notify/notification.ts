import type { NotificationKind } from "../config/notify.js"
import { formatDuration } from "../report/place.js"
import type { Changes } from "./changes.js"

export interface Link {
  name: string
  url: string
}

/** What people are told of a deployment, through whatever channel. Nothing in it is to be trusted as text. */
export interface Notification {
  kind: NotificationKind
  service: string
  environment: string
  version: string
  /** The version that was there before; empty where that isn't known or there was none. */
  previous: string
  /** Who deploys; empty where nobody says. */
  who: string
  run: string
  /** The commit. */
  sha: string
  /** RFC 3339, UTC. */
  startedAt: string
  /** How long it took; undefined of what has only begun. */
  milliseconds: number | undefined
  changes: Changes
  links: Link[]
  failure: FailedStage | undefined
  /** What else there is to say, in a line; empty for nothing. */
  note: string
}

/** The stage that failed. */
export interface FailedStage {
  stage: string
  reason: string
  /** The one command that repeats it. */
  repro: string
}

/** What it is about, in a line. */
export const titleOf = ({ kind, service, version, environment }: Notification): string =>
  TITLES[kind](`${service} ${version}`.trim(), environment)

const TITLES: Record<NotificationKind, (what: string, where: string) => string> = {
  started: (what, where) => `Deploying ${what} to ${where}`,
  succeeded: (what, where) => `Deployed ${what} to ${where}`,
  failed: (what, where) => `Failed to deploy ${what} to ${where}`,
  "rolled-back": (what, where) => `Rolled back to ${what} in ${where}`,
  held: (what, where) => `Held ${what} in ${where}: somebody has to decide`,
  alert: (what, where) => `Alert: ${what} in ${where}`,
}

/** What is known of it, by name. */
export const detailsOf = (news: Notification): [name: string, value: string][] =>
  (
    [
      ["Environment", news.environment],
      ["Version", news.version],
      ["Before", news.previous],
      ["Who", news.who],
      ["Duration", news.milliseconds === undefined ? "" : formatDuration(news.milliseconds)],
      ["Commit", news.sha.slice(0, 12)],
      ["Run", news.run],
    ] satisfies [string, string][]
  ).filter(([, value]) => value !== "")

/** The heading of the changes, and how they are put. */
export function changesText({ subjects, more, back, problem }: Changes): {
  heading: string
  lines: string[]
} {
  const total = subjects.length + more
  if (total === 0) return { heading: problem, lines: [] }
  const what = `${total} ${total === 1 ? "change" : "changes"}`
  return {
    heading: back ? `Taken back: ${what}` : `${what} since the last deployment`,
    lines: [...subjects, ...(more > 0 ? [`… and ${more} more`] : [])],
  }
}
