import { CHECKS, SCANS, SUITES } from "../config/config.js"
import { INFRA_CHECKS } from "../config/infra.js"
import { STEPS } from "../deploy/steps.js"

/** The stages of each group, in the order in which reports list them. */
export const STAGES = {
  quality: CHECKS,
  security: SCANS,
  tests: [...SUITES, "coverage"],
  infra: INFRA_CHECKS,
  plan: ["plan"],
  drift: ["drift"],
  apply: ["apply"],
  image: ["build", "scan"],
  release: ["publish", "sign", "attest", "verify", "tag"],
  deploy: STEPS,
  load: ["load"],
  stress: ["stress"],
  dast: ["baseline"],
  cleanup: ["registry", "cluster", "records"],
  tell: ["notify", "annotate"],
} as const

export type Group = keyof typeof STAGES
export type StageName = (typeof STAGES)[Group][number]

export const GROUPS = Object.keys(STAGES) as Group[]
export const STAGE_NAMES: readonly StageName[] = Object.values(STAGES).flat()

/** Whether a group has a stage of this name. */
export const hasStage = <G extends Group>(group: G, name: string): name is (typeof STAGES)[G][number] =>
  STAGES[group].some((known) => known === name)

/** What takes longest begins first. */
const FIRST: readonly StageName[] = [
  "build",
  "integration",
  "plan",
  "drift",
  "unit",
  "vulnerabilities",
  "mypy",
]
/** What needs the results of others would only keep a place while it waits. */
const LAST: readonly StageName[] = ["suppressions", "coverage", "scan"]

/** Sorts stages so that a few at a time come to their end soonest. */
export function inRunOrder<T extends { name: StageName }>(stages: readonly T[]): T[] {
  const rank = ({ name }: T): number =>
    FIRST.includes(name) ? FIRST.indexOf(name) - FIRST.length : LAST.indexOf(name) + 1
  return [...stages].sort((a, b) => rank(a) - rank(b))
}

/** Groups that change something outside of the run: they are repeated only where somebody asks for just that. */
export const EFFECTS: readonly Group[] = [
  "apply",
  "release",
  "deploy",
  "load",
  "stress",
  "dast",
  "cleanup",
  "tell",
]

/** Groups without a container to look into. */
const CLOSED: readonly Group[] = ["cleanup", "tell"]

/** The stages with a container to look into. */
export const DEBUGGABLE: readonly StageName[] = GROUPS.filter((group) => !CLOSED.includes(group)).flatMap(
  (group): readonly StageName[] => STAGES[group],
)

/** The group of a stage. */
export const groupOf = (name: string): Group | undefined => GROUPS.find((group) => hasStage(group, name))

/** Whether a stage is meant, where groups and stages are named; where none is, all are. */
export const wanted = (only: readonly string[], { name }: { name: StageName }): boolean =>
  only.length === 0 || only.includes(name) || only.includes(groupOf(name) ?? "")

/** Groups that reach an environment, in the order of their work. */
export const DELIVERED: readonly Group[] = ["deploy", "load", "stress", "dast", "tell", "cleanup"]

/** What is published has passed these. */
export const PUBLISHED: readonly Group[] = ["quality", "security", "tests", "infra", "image", "release"]
