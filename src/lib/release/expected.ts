import type { Config } from "../config/config.js"
import type { Environment } from "../config/environments.js"
import { type GateRequirement, judgeGates, refOfGates, shaOfGates } from "./gates.js"
import { type OriginRequirement, originProblems } from "./origin.js"
import { fields, strings } from "../text/json.js"
import { gatesBelowFloor, provenanceBelowFloor } from "./floor.js"
import type { Floor } from "./floorSpec.js"
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
  /** The address of the service's repository, where the settings have none. */
  origin?: string
  /** The environment to deploy to. */
  environment?: Environment
  /** What it must have at least, from outside the service's repository. */
  floor?: Floor
  /** True if it may lack a commit and a source, as a trial release does. */
  trial?: boolean
}

/** Test suites that a service needn't have. */
const OPTIONAL = ["integration"]

const IMAGE_GATES = ["build", "scan"]

/** Returns the gates that a service's settings require of a release. */
export function requiredGates({ quality, security, tests, release }: Config): GateRequirement {
  const stages = {
    quality: quality.checks,
    security: security.checks,
    tests: [...tests.suites, "coverage"],
    image: IMAGE_GATES,
  }
  return { stages: release.gates.flatMap((group) => [...stages[group]]), optional: OPTIONAL }
}

/** Returns the requirements that a service's settings place on its releases. */
export function expected(config: Config, known: Known = {}): Expected {
  const requirement = requiredGates(config)
  const origin = originRequirement(config, known)
  return {
    platforms: config.image.platforms,
    judge: ({ gates = [], provenance = [] }) => {
      const judged = gates.map((predicate) => [
        ...problemsOf(predicate, ownRequirement(predicate, known) ?? requirement, known),
        ...gatesBelowFloor(predicate, known.floor),
      ])
      const good = gates.filter((_, index) => judged[index]?.length === 0)
      const passed = good.map((predicate) => ({ sha: shaOfGates(predicate), ref: refOfGates(predicate) }))
      const pairs = provenance.flatMap((predicate) =>
        (passed.length > 0 ? passed : [undefined]).map((gates) => [
          ...originProblems(predicate, { ...origin, ...(gates && { gates }) }),
          ...provenanceBelowFloor(predicate, known.floor),
        ]),
      )
      return {
        ...(good.length === 0 && { gates: fewest(judged) }),
        ...(!pairs.some((problems) => problems.length === 0) && { provenance: fewest(pairs) }),
      }
    },
  }
}

/** Returns the requirements on a release's provenance, but for the gates that it must match. */
export function originRequirement(
  { release, deploy }: Config,
  { origin = "", environment, trial = false }: Known,
): OriginRequirement {
  const versions = !trial && environment !== undefined && deploy.releases[environment] === "version"
  return {
    source: release.source ?? origin,
    sources: release.sources,
    builders: release.builders,
    ...(versions && { versionsFor: environment }),
    trial,
  }
}

/**
 * Returns the gates that a release's own policy required of it, for a verifier with a floor: later settings don't make
 * an old release bad. Without a floor there is none to rely on but the present settings.
 */
function ownRequirement(predicate: unknown, { floor }: Known): GateRequirement | undefined {
  const settings = fields(fields(fields(predicate).policy).settings)
  const groups = names(settings["release.gates"])
  if (floor === undefined || groups.length === 0) return undefined
  const stages: Record<string, readonly string[]> = {
    quality: names(settings["quality.checks"]),
    security: names(settings["security.checks"]),
    tests: [...names(settings["tests.suites"]), "coverage"],
    image: IMAGE_GATES,
  }
  return { stages: groups.flatMap((group) => stages[group] ?? []), optional: OPTIONAL }
}

const names = (value: unknown): string[] => strings(value).filter(Boolean)

function problemsOf(predicate: unknown, requirement: GateRequirement, { sha, ref, trial }: Known): string[] {
  const commit = shaOfGates(predicate)
  return [
    ...judgeGates(predicate, { ...requirement, ...(sha !== undefined && { sha }) }),
    ...(trial || isCommit(commit) ? [] : ["it names no commit"]),
    ...(ref === undefined || refOfGates(predicate) === ref ? [] : [`it is not of ${ref}`]),
  ]
}

/** True for a full commit hash. */
export const isCommit = (sha: string): boolean => /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(sha)

/** Returns the shortest list of problems: several runs may have published an image, and the best one counts. */
const fewest = (all: readonly string[][]): string =>
  (all.toSorted((a, b) => a.length - b.length)[0] ?? ["it says nothing"]).join(", ")
