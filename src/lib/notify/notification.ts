import type { NotificationKind } from "../config/notify.js"
import { formatDuration } from "../report/place.js"
import type { Changes } from "./changes.js"

export interface Link {
  name: string
  url: string
}

/** A notification of a deployment for any channel. All texts are untrusted. */
export interface Notification {
  kind: NotificationKind
  service: string
  environment: string
  version: string
  /** The previous version; empty if unknown or none. */
  previous: string
  /** The user who deploys; empty if unknown. */
  who: string
  run: string
  /** The commit. */
  sha: string
  /** RFC 3339, UTC. */
  startedAt: string
  /** Duration; undefined at the start. */
  milliseconds: number | undefined
  changes: Changes
  links: Link[]
  failure: FailedStage | undefined
  /** An additional line; empty for none. */
  note: string
}

/** The stage that failed. */
export interface FailedStage {
  stage: string
  reason: string
  /** The command that repeats it. */
  repro: string
}

/** The subject of an alert, since a run may raise several: the stage that failed, else the note. */
export const alertSubject = ({ failure, note }: Pick<Notification, "failure" | "note">): string =>
  failure?.stage ?? note

/** Title of a notification, one line. */
export const titleOf = ({ kind, service, version, environment }: Notification): string =>
  TITLES[kind](`${service} ${version}`.trim(), environment)

const TITLES: Record<NotificationKind, (what: string, where: string) => string> = {
  started: (what, where) => `Deploying ${what} to ${where}`,
  succeeded: (what, where) => `Deployed ${what} to ${where}`,
  failed: (what, where) => `Failed to deploy ${what} to ${where}`,
  "rolled-back": (what, where) => `Rolled back to ${what} in ${where}`,
  held: (what, where) => `On hold: ${what} in ${where}, waiting for a decision`,
  alert: (what, where) => `Alert: ${what} in ${where}`,
}

/** Known details by label. */
export const detailsOf = (news: Notification): [name: string, value: string][] =>
  (
    [
      ["Environment", news.environment],
      ["Version", news.version],
      ["Previous", news.previous],
      ["Triggered by", news.who],
      ["Duration", news.milliseconds === undefined ? "" : formatDuration(news.milliseconds)],
      ["Commit", news.sha.slice(0, 12)],
      ["Run", news.run],
    ] satisfies [string, string][]
  ).filter(([, value]) => value !== "")

/** Heading and lines of the changes. */
export function changesText({ subjects, more, back, problem }: Changes): {
  heading: string
  lines: string[]
} {
  const total = subjects.length + more
  if (total === 0) return { heading: problem, lines: [] }
  const what = `${total} ${total === 1 ? "change" : "changes"}`
  return {
    heading: back ? `Reverted: ${what}` : `${what} since the last deployment`,
    lines: [...subjects, ...(more > 0 ? [`… and ${more} more`] : [])],
  }
}
