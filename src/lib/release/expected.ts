import type { Config } from "../config/config.js"
import { judgeGates } from "./gates.js"
import { commitsOfProvenance } from "./provenance.js"
import type { PredicateName } from "./verification.js"

/** What a release is held against beside its signatures. */
export interface Expected {
  /** The platforms that its index must have. */
  platforms: readonly string[]
  /** What is wrong with all predicates of one kind, if anything. */
  judges: Partial<Record<PredicateName, (predicates: readonly unknown[]) => string | undefined>>
}

/** Suites that a service may do without. */
const OPTIONAL = ["integration"]

/** What a service's settings demand of its releases; of a commit, if one is given. */
export function expected({ quality, security, tests, image }: Config, sha = ""): Expected {
  const stages = [...quality.checks, ...security.checks, ...tests.suites, "coverage", "build", "scan"]
  const demand = { stages, optional: OPTIONAL, ...(sha !== "" && { sha }) }
  const faults = (predicate: unknown) => judgeGates(predicate, demand)
  return {
    platforms: image.platforms,
    judges: {
      gates: (all) => best(all.map(faults))?.join(", "),
      provenance: (all) =>
        sha === "" || all.some((predicate) => commitsOfProvenance(predicate).includes(sha))
          ? undefined
          : `it is of another commit than ${sha}`,
    },
  }
}

/** An image may have passed the gates more than once: the best of all runs counts. Undefined for one without faults. */
function best(all: readonly string[][]): string[] | undefined {
  const [least = ["it says nothing"]] = all.toSorted((a, b) => a.length - b.length)
  return least.length === 0 ? undefined : least
}
