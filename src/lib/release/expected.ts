import type { Config } from "../config/config.js"
import { type GateRequirement, judgeGates, refOfGates, shaOfGates } from "./gates.js"
import { commitsOfProvenance } from "./provenance.js"
import type { PredicateName } from "./verification.js"

/** The requirements on a release besides its signatures. */
export interface Expected {
  /** The platforms that its index must contain. */
  platforms: readonly string[]
  /** Returns the problem of each kind of predicate. */
  judge: (
    predicates: Partial<Record<PredicateName, readonly unknown[]>>,
  ) => Partial<Record<PredicateName, string>>
}

/** Facts about a release that are known before it is verified. */
export interface Known {
  /** The commit. */
  sha?: string
  /** The git reference; a version's tag must come from that version's run. */
  ref?: string
  /** True if it may lack a commit, as a trial release does. */
  anyCommit?: boolean
}

/** Test suites that a service needn't have. */
const OPTIONAL = ["integration"]

/** Returns the gates that a service's settings require of a release. */
export function requiredGates({ quality, security, tests, release }: Config): GateRequirement {
  const stages = {
    quality: quality.checks,
    security: security.checks,
    tests: [...tests.suites, "coverage"],
    image: ["build", "scan"],
  }
  return { stages: release.gates.flatMap((group) => [...stages[group]]), optional: OPTIONAL }
}

/** Returns the requirements that a service's settings place on its releases. */
export function expected(config: Config, known: Known = {}): Expected {
  const requirement = requiredGates(config)
  return {
    platforms: config.image.platforms,
    judge: ({ gates = [], provenance = [] }) => {
      const judged = gates.map((predicate) => problemsOf(predicate, requirement, known))
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

function problemsOf(
  predicate: unknown,
  requirement: GateRequirement,
  { sha, ref, anyCommit }: Known,
): string[] {
  const commit = shaOfGates(predicate)
  return [
    ...judgeGates(predicate, { ...requirement, ...(sha !== undefined && { sha }) }),
    ...(anyCommit || isCommit(commit) ? [] : ["it names no commit"]),
    ...(ref === undefined || refOfGates(predicate) === ref ? [] : [`it is not of ${ref}`]),
  ]
}

/** True for a full commit hash. */
export const isCommit = (sha: string): boolean => /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(sha)

/** Returns the shortest list of problems: several runs may have published an image, and the best one counts. */
const fewest = (all: readonly string[][]): string =>
  (all.toSorted((a, b) => a.length - b.length)[0] ?? ["it says nothing"]).join(", ")
