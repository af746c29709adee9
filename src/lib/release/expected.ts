import type { Config } from "../config/config.js"
import { type GateRequirement, judgeGates, refOfGates, shaOfGates } from "./gates.js"
import { commitsOfProvenance } from "./provenance.js"
import type { PredicateName } from "./verification.js"

/** What a release is held against beside its signatures. */
export interface Expected {
  /** The platforms that its index must have. */
  platforms: readonly string[]
  /** What is wrong with all predicates, by their kinds. */
  judge: (
    predicates: Partial<Record<PredicateName, readonly unknown[]>>,
  ) => Partial<Record<PredicateName, string>>
}

/** What is known beforehand of a release. */
export interface Known {
  /** The commit. */
  sha?: string
  /** The git reference: a version's tag must be of that version's run. */
  ref?: string
  /** It may be of no commit that is known: what is only tried out. */
  anyCommit?: boolean
}

/** Suites that a service may do without. */
const OPTIONAL = ["integration"]

/** The gates that a service's settings demand of a release. */
export function requiredGates({ quality, security, tests, release }: Config): GateRequirement {
  const stages = {
    quality: quality.checks,
    security: security.checks,
    tests: [...tests.suites, "coverage"],
    image: ["build", "scan"],
  }
  return { stages: release.gates.flatMap((group) => [...stages[group]]), optional: OPTIONAL }
}

/** What a service's settings demand of its releases. */
export function expected(config: Config, known: Known = {}): Expected {
  const demand = requiredGates(config)
  return {
    platforms: config.image.platforms,
    judge: ({ gates = [], provenance = [] }) => {
      const judged = gates.map((predicate) => problemsOf(predicate, demand, known))
      const commits = new Set(provenance.flatMap(commitsOfProvenance))
      const good = gates.filter((_, index) => judged[index]?.length === 0)
      const foreign =
        good.length > 0 && !known.anyCommit && !good.some((predicate) => commits.has(shaOfGates(predicate)))
      return {
        ...(good.length === 0 && { gates: fewest(judged) }),
        ...(foreign && { provenance: "it is of another commit than the gates" }),
      }
    },
  }
}

function problemsOf(predicate: unknown, demand: GateRequirement, { sha, ref, anyCommit }: Known): string[] {
  const commit = shaOfGates(predicate)
  return [
    ...judgeGates(predicate, { ...demand, ...(sha !== undefined && { sha }) }),
    ...(anyCommit || isCommit(commit) ? [] : ["it names no commit"]),
    ...(ref === undefined || refOfGates(predicate) === ref ? [] : [`it is not of ${ref}`]),
  ]
}

/** Whether this is the whole name of a commit. */
export const isCommit = (sha: string): boolean => /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(sha)

/** An image may have passed the gates more than once: the best of all runs counts. */
const fewest = (all: readonly string[][]): string =>
  (all.toSorted((a, b) => a.length - b.length)[0] ?? ["it says nothing"]).join(", ")
