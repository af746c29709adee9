import { createHash } from "node:crypto"
import { CHECKS, SCANS, SEVERITIES } from "../config/config.js"
import { SUITES } from "../config/tests.js"
import { formatProblem, readYaml } from "../config/parse.js"
import { builderRule, patternRule } from "../config/rules.js"
import type { Value } from "../config/spec.js"
import { fail } from "../errors/catalogue.js"

/** Names with `*` for any text without a slash. */
const patterns = (doc: string) =>
  ({ kind: "list", doc, item: { kind: "text", rules: [patternRule] }, nonEmpty: true }) as const

/** What a release must have at least, whatever its service's own settings say: a file of an organisation's. */
export const floorSpec = {
  kind: "section",
  doc: "A floor: what every release must have, whatever its service's settings say. Every key is optional.",
  fields: {
    version: { kind: "choice", doc: "The version of this format.", values: [1], default: 1 },
    stages: {
      kind: "list",
      doc: "The stages that must have passed.",
      item: { kind: "choice", values: [...CHECKS, ...SCANS, ...SUITES, "coverage", "build", "scan"] },
      default: [],
    },
    coverage: {
      kind: "integer",
      doc: "The minimum coverage that was measured, in per cent.",
      minimum: 0,
      maximum: 100,
    },
    severity: {
      kind: "choice",
      doc: "The highest severity at which a release's own policy may begin to refuse vulnerabilities.",
      values: SEVERITIES,
    },
    suppressions: {
      kind: "integer",
      doc: "The maximum number of findings that were suppressed, or known to the baseline.",
      minimum: 0,
      maximum: 100_000,
    },
    images: patterns(
      "The images that it may be built from and tested with, with their host, each known by its digest: docker.io/library/*.",
    ),
    builders: {
      kind: "list",
      doc: "The builders that may have built it, by their id.",
      item: { kind: "text", rules: [builderRule] },
      nonEmpty: true,
    },
    sources: patterns("The repositories that it may be of: https://github.com/team/*."),
    refs: patterns("The git references that it may be of: refs/tags/v*."),
  },
} as const

/** What a release must have at least, and where that stands. */
export interface Floor extends Value<typeof floorSpec> {
  /** The digest of the file: `sha256:…`. */
  digest: string
}

/** Reads a floor. Fails with POLICY_INVALID, with every problem on a line of its own. */
export function parseFloor(text: string): Floor {
  const { value, problems } = readYaml(text, floorSpec)
  const lines = problems.slice(0, MOST_LISTED).map((problem) => formatProblem(problem, "policy"))
  if (value === undefined) throw fail("POLICY_INVALID", [lines])
  return { ...value, digest: `sha256:${createHash("sha256").update(text).digest("hex")}` }
}

/** The number of problems to list. */
const MOST_LISTED = 50
