import { type EffectivePolicy, policyDigest } from "../gates/effective.js"
import { percent } from "../run/coverage.js"
import type { Finding } from "../run/finding.js"
import { isAccepted } from "../security/severity.js"
import { fields, objects, text } from "../text/json.js"
import { oneLine } from "../text/words.js"
import type { Run, StageReport, StageStatus } from "../run/verdict.js"

/** The type of Slipway's own predicate: the verdict of the run that built an image. */
export const GATES_TYPE = "https://slipway.dev/attestations/gates/v1"

/** The result of a run, readable by everyone who can pull the image. */
export interface Gates {
  /** Without inputs, so that paths and names of secrets aren't published. */
  run: Omit<Run, "inputs">
  stages: Gate[]
  /** Tool versions by stage. */
  tools: Record<string, string>
  /** The policy that it was judged by, without the places of exceptions. */
  policy: PublicPolicy
  /** The digest of the whole policy. */
  policyDigest: string
  /** Lines and branches that tests ran, in per cent, rounded down; null if not measured. */
  coverage: number | null
  /** The suppressed findings by tool and rule. */
  suppressions: UsedSuppression[]
  /** The vulnerabilities that passed though they have no fix, by tool and rule. */
  unfixed: UsedSuppression[]
  /** The findings that the service's baseline knows, by tool and rule. */
  known: UsedSuppression[]
  /** The images of the tools that judged it. */
  images: ToolImage[]
}

interface UsedSuppression {
  tool: string
  rule: string
  count: number
}

/** An image of a tool; its digest is empty if the engine couldn't name it. */
export interface ToolImage {
  role: string
  reference: string
  digest: string
}

/** A policy for everybody who can pull the image: exceptions by their number alone, since they name files. */
type PublicPolicy = Omit<EffectivePolicy, "exceptions"> & { exceptions: number }

/** What a run was judged by. */
export interface JudgedBy {
  policy: EffectivePolicy
  images: readonly ToolImage[]
}

interface Gate {
  name: string
  group: string
  status: StageStatus
  reason: string
}

type GateReport = Pick<
  StageReport,
  "name" | "group" | "status" | "reason" | "findings" | "version" | "coverage" | "suppressed" | "known"
>

/** Builds the predicate from a run's stages. */
export function gates(
  { id, event, ref, sha, startedAt }: Run,
  stages: readonly GateReport[],
  { policy, images }: JudgedBy,
): Gates {
  const coverage = stages.find((stage) => stage.coverage !== undefined)?.coverage
  const { exceptions, ...rest } = policy
  return {
    run: { id, event, ref, sha, startedAt },
    stages: stages.map(({ name, group, status, reason }) => ({ name, group, status, reason: brief(reason) })),
    tools: Object.fromEntries(stages.map(({ name, version }) => [name, version])),
    policy: { ...rest, exceptions: Object.values(exceptions).reduce((all, count) => all + count, 0) },
    policyDigest: policyDigest(policy),
    coverage: coverage === undefined ? null : Number(percent(coverage)),
    suppressions: byRule(stages.flatMap(({ suppressed = [] }) => suppressed.map(({ finding }) => finding))),
    unfixed: byRule(stages.flatMap(({ findings }) => findings.filter(isAccepted))),
    known: byRule(stages.flatMap(({ known }) => known?.findings ?? [])),
    images: images.map(({ role, reference, digest }) => ({ role, reference, digest })),
  }
}

function byRule(findings: readonly Finding[]): UsedSuppression[] {
  const counts = new Map<string, UsedSuppression>()
  for (const { tool, rule } of findings) {
    const key = JSON.stringify([tool, rule])
    counts.set(key, { tool, rule, count: (counts.get(key)?.count ?? 0) + 1 })
  }
  return [...counts.values()].sort((a, b) => (`${a.tool} ${a.rule}` < `${b.tool} ${b.rule}` ? -1 : 1))
}

/** Cuts the details after a colon or in brackets, so that files and vulnerabilities aren't published. */
const brief = (reason: string): string => oneLine(reason.split(/: | \(/)[0] ?? "")

/** The requirements of a verifier on a run. */
export interface GateRequirement {
  /** The required commit; any if left out. */
  sha?: string
  /** The stages that must have passed. */
  stages: readonly string[]
  /** The ones among them that may have been skipped. */
  optional?: readonly string[]
}

/** Returns a predicate's problems in plain words; empty if it meets the requirements. */
export function judgeGates(predicate: unknown, { sha, stages, optional = [] }: GateRequirement): string[] {
  const { stages: held } = fields(predicate)
  const commit = shaOfGates(predicate)
  const wrongCommit =
    sha === undefined || sha === commit ? [] : [`it is of commit ${shown(commit)}, not of ${shown(sha)}`]
  return [
    ...wrongCommit,
    ...stages.flatMap((name) => gateProblems(name, objects(held), optional.includes(name))),
  ]
}

/** Returns the commit of a predicate; empty if it names none. */
export const shaOfGates = (predicate: unknown): string => text(fields(fields(predicate).run).sha)

/** Returns the git reference of a predicate; empty if it names none. */
export const refOfGates = (predicate: unknown): string => text(fields(fields(predicate).run).ref)

/** Returns the run id of a predicate; empty if it names none. */
export const runOfGates = (predicate: unknown): string => text(fields(fields(predicate).run).id)

function gateProblems(name: string, held: readonly Record<string, unknown>[], optional: boolean): string[] {
  const statuses = held.filter((stage) => stage.name === name).map(({ status }) => status)
  if (statuses.length === 0) return [`${name} was not run`]
  const bad = statuses.filter((status) => status !== "passed" && !(optional && status === "skipped"))
  return bad.slice(0, 1).map((status) => `${name} ${STATUS_TEXTS[text(status)] ?? "has no known outcome"}`)
}

const STATUS_TEXTS: Partial<Record<string, string>> = {
  failed: "failed",
  skipped: "was skipped",
  error: "could not do its work",
}

const shown = (sha: string): string => (sha === "" ? "none" : oneLine(sha))
