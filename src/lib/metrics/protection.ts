import type { Reply } from "../forge/host.js"
import { BranchAnswers } from "../forge/repository.js"
import { fields, objects, strings, text } from "../text/json.js"
import { count } from "../text/words.js"

/** A protection that a branch must have. */
export type BranchRequirement = "pull request approval" | "status checks"

/** Result of checking one requirement on a branch. */
export interface Protection {
  branch: string
  demand: BranchRequirement
  status: "passed" | "failed" | "unknown"
  /** What enforces it, or why nothing does. */
  reason: string
}

/** The protections that the pipeline requires on its two branches. */
export const requirementsOf = (
  main: string,
  develop: string,
): [branch: string, demands: BranchRequirement[]][] => [
  [main, ["pull request approval", "status checks"]],
  [develop, ["status checks"]],
]

/** GitHub's message for a branch without a protection rule. */
const UNPROTECTED = "Branch not protected"
const NO_BRANCH = "Branch not found"

/**
 * Checks the requirements on a branch. A branch protection rule or a ruleset is enough.
 *
 * Unknown if neither enforces a requirement and one of them can't be read.
 */
export function judgeBranch(
  branch: string,
  demands: readonly BranchRequirement[],
  { protection, rules }: BranchAnswers,
): Protection[] {
  const own = readOwn(protection)
  const ruled = rules.kind === "done" ? readRules(rules.value) : rules.reason
  return demands.map((demand) => {
    const has = [own, ruled].map((each) => (typeof each === "string" ? undefined : each[demand]))
    const good = has.find((by) => by !== undefined)
    if (good !== undefined) return { branch, demand, status: "passed", reason: good }
    const unasked = [own, ruled].filter((each) => typeof each === "string")
    return unasked.length > 0
      ? { branch, demand, status: "unknown", reason: unasked.join("; ") }
      : { branch, demand, status: "failed", reason: missingReason(branch, demand, protection) }
  })
}

type MetBy = Partial<Record<BranchRequirement, string>>

function readOwn(protection: Reply<unknown>): MetBy | string {
  if (protection.kind === "done") return readProtection(protection.value)
  return [UNPROTECTED, NO_BRANCH].includes(protection.said ?? "") ? {} : protection.reason
}

function missingReason(branch: string, demand: BranchRequirement, protection: Reply<unknown>): string {
  const gone = protection.kind !== "done" && protection.said === NO_BRANCH
  if (gone) return `there is no branch ${branch}`
  return demand === "status checks"
    ? "no status check is required before a merge"
    : "changes can be merged without an approval"
}

/** https://docs.github.com/en/rest/branches/branch-protection#get-branch-protection */
function readProtection(value: unknown): MetBy {
  const { required_pull_request_reviews: reviews, required_status_checks: checks } = fields(value)
  const approvals = Number(fields(reviews).required_approving_review_count ?? 0)
  const { contexts, checks: named } = fields(checks)
  const names = [...new Set([...strings(contexts), ...objects(named).map(({ context }) => text(context))])]
  return metBy(approvals, names.filter(Boolean), "the branch protection rule")
}

/** https://docs.github.com/en/rest/repos/rules#get-rules-for-a-branch: only active rules. */
function readRules(value: unknown): MetBy {
  const rules = objects(value)
  const of = (type: string) => rules.filter((rule) => rule.type === type)
  const approvals = of("pull_request").map(({ parameters }) =>
    Number(fields(parameters).required_approving_review_count ?? 0),
  )
  const names = of("required_status_checks").flatMap(({ parameters }) =>
    objects(fields(parameters).required_status_checks).map(({ context }) => text(context)),
  )
  const sources = [...new Set(rules.map((rule) => text(rule.ruleset_source)))].filter(Boolean)
  const by = `rules of ${sources.join(", ") || "a ruleset"}`
  return metBy(Math.max(0, ...approvals), [...new Set(names)].filter(Boolean), by)
}

const metBy = (approvals: number, checks: readonly string[], by: string): MetBy => ({
  ...(approvals > 0 && { "pull request approval": `${count(approvals, "approval")}, by ${by}` }),
  ...(checks.length > 0 && { "status checks": `${checks.slice(0, 10).join(", ")}, by ${by}` }),
})
