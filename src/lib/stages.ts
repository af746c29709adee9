import { CHECKS, SCANS, SUITES } from "./config/config.js"

/** The stages of each group, in the order in which reports list them. */
export const STAGES = {
  quality: CHECKS,
  security: SCANS,
  tests: [...SUITES, "coverage"],
  image: ["build", "scan"],
  release: ["publish", "sign", "attest", "verify", "tag"],
} as const

export type Group = keyof typeof STAGES
export type StageName = (typeof STAGES)[Group][number]

export const GROUPS = Object.keys(STAGES) as Group[]
export const STAGE_NAMES: readonly StageName[] = Object.values(STAGES).flat()

/** Whether a group has a stage of this name. */
export const hasStage = <G extends Group>(group: G, name: string): name is (typeof STAGES)[G][number] =>
  STAGES[group].some((known) => known === name)

/** What takes longest begins first. */
const FIRST: readonly StageName[] = ["build", "integration", "unit", "vulnerabilities", "mypy"]
/** What needs the results of others would only keep a place while it waits. */
const LAST: readonly StageName[] = ["suppressions", "coverage", "scan"]

/** Sorts stages so that a few at a time come to their end soonest. */
export function inRunOrder<T extends { name: StageName }>(stages: readonly T[]): T[] {
  const rank = ({ name }: T): number =>
    FIRST.includes(name) ? FIRST.indexOf(name) - FIRST.length : LAST.indexOf(name) + 1
  return [...stages].sort((a, b) => rank(a) - rank(b))
}
