import type { NewsKind } from "../config/notify.js"
import { duration } from "../report/place.js"
import type { Changes } from "./changes.js"

export interface Link {
  name: string
  url: string
}

/** What people are told of a deployment, through whatever channel. Nothing in it is to be trusted as text. */
export interface News {
  kind: NewsKind
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
  failure: Failure | undefined
  /** What else there is to say, in a line; empty for nothing. */
  note: string
}

/** The stage that failed. */
export interface Failure {
  stage: string
  reason: string
  /** The one command that repeats it. */
  repro: string
}

/** What it is about, in a line. */
export function titleOf({ kind, service, version, environment }: News): string {
  const what = `${service} ${version}`.trim()
  switch (kind) {
    case "started":
      return `Deploying ${what} to ${environment}`
    case "succeeded":
      return `Deployed ${what} to ${environment}`
    case "failed":
      return `Failed to deploy ${what} to ${environment}`
    case "rolled-back":
      return `Rolled back ${what} in ${environment}`
    case "held":
      return `Held ${what} in ${environment}: somebody has to decide`
    case "alert":
      return `Alert: ${what} in ${environment}`
  }
}

/** What is known of it, by name. */
export const detailsOf = (news: News): [name: string, value: string][] =>
  (
    [
      ["Environment", news.environment],
      ["Version", news.version],
      ["Before", news.previous],
      ["Who", news.who],
      ["Duration", news.milliseconds === undefined ? "" : duration(news.milliseconds)],
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

/** Fills a link's pattern; what stands for something in it can't lead elsewhere. */
export const linkTo = (pattern: string, values: Readonly<Record<string, string>>): string =>
  pattern.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ""))
