import { fields, objects, text } from "../text/json.js"
import { oneLine } from "../text/words.js"
import type { Run, StageReport, StageStatus } from "../run/verdict.js"

/** Our own predicate: the verdict of the run that made an image. */
export const GATES_TYPE = "https://slipway.dev/attestations/gates/v1"

/** What became of a run, for everyone who gets the image to read. */
export interface Gates {
  /** Without its inputs: where a folder lies, and how secrets are called, is no business of those who get the image. */
  run: Omit<Run, "inputs">
  stages: Gate[]
  /** The tools' versions by their stages. */
  tools: Record<string, string>
}

interface Gate {
  name: string
  group: string
  status: StageStatus
  reason: string
}

type GateReport = Pick<StageReport, "name" | "group" | "status" | "reason" | "version">

/** Makes the predicate of a run's stages. */
export const gates = ({ id, event, ref, sha, startedAt }: Run, stages: readonly GateReport[]): Gates => ({
  run: { id, event, ref, sha, startedAt },
  stages: stages.map(({ name, group, status, reason }) => ({ name, group, status, reason: brief(reason) })),
  tools: Object.fromEntries(stages.map(({ name, version }) => [name, version])),
})

/** What is listed after a colon or in brackets, names of files or holes, is no business of those who get the image. */
const brief = (reason: string): string => oneLine(reason.split(/: | \(/)[0] ?? "")

/** What a verifier demands of a run. */
export interface GateRequirement {
  /** The commit; left out, any. */
  sha?: string
  /** The stages that must have passed. */
  stages: readonly string[]
  /** Those of them that may have had nothing to do. */
  optional?: readonly string[]
}

/** Says in plain words what keeps a predicate from being good enough; nothing if it is. */
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

/** The commit that a predicate is of; empty where it doesn't say. */
export const shaOfGates = (predicate: unknown): string => text(fields(fields(predicate).run).sha)

/** The git reference that a predicate is of; empty where it doesn't say. */
export const refOfGates = (predicate: unknown): string => text(fields(fields(predicate).run).ref)

/** Which run a predicate is of; empty where it doesn't say. */
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
