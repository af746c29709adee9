import { CHECKS, SCANS, SUITES } from "./config/config.js"

/** The stages of each group, in the order in which reports list them. */
export const STAGES = {
  quality: CHECKS,
  security: SCANS,
  tests: [...SUITES, "coverage"],
} as const

export type Group = keyof typeof STAGES
export type StageName = (typeof STAGES)[Group][number]

export const GROUPS = Object.keys(STAGES) as Group[]
export const STAGE_NAMES: readonly StageName[] = Object.values(STAGES).flat()

/** Whether a group has a stage of this name. */
export const hasStage = <G extends Group>(group: G, name: string): name is (typeof STAGES)[G][number] =>
  STAGES[group].some((known) => known === name)
