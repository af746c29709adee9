import type {
  CoveredShare,
  RecordedFinding,
  RecordedKind,
  RecordedTest,
  RunRecord,
  StageRecord,
} from "../run/record.js"
import type { Run, StageStatus, Verdict } from "../run/verdict.js"
import { fields, isFields, objects, parseJson, strings, text } from "../text/json.js"

/** The parts of an earlier verdict that a run is compared with. */
export interface Previous {
  run: Pick<Run, "id" | "sha" | "startedAt">
  stages: ReadonlyMap<string, StageStatus>
  /** Undefined for a run that broke off, or of an earlier version. */
  record: RunRecord | undefined
}

/** Version of the verdicts that can be compared. */
const SCHEMA = 1

/** Reads the verdict of the last run of the same branch and folder; a text says why it can't be compared. */
export function readPrevious(content: string, now: Pick<Verdict, "run">): Previous | string {
  const parsed = parseJson(content)
  if (!isFields(parsed)) return "the file given as the last verdict is no verdict"
  const { schema, run, stages, record } = parsed
  if (schema !== SCHEMA)
    return `the last verdict has version ${JSON.stringify(schema) ?? "none"} of its format, and this one ${SCHEMA}`
  if (!isFields(run) || !Array.isArray(stages)) return "the file given as the last verdict is no verdict"
  const other = differentRun(run, now.run)
  if (other !== undefined) return other
  return {
    run: { id: text(run["id"]), sha: text(run["sha"]), startedAt: text(run["startedAt"]) },
    stages: new Map(
      objects(stages).flatMap(({ name, status }) => {
        const known = STATUSES.find((each) => each === status)
        return known === undefined ? [] : [[text(name), known] as const]
      }),
    ),
    record: isFields(record) ? readRecord(record) : undefined,
  }
}

const STATUSES: readonly StageStatus[] = ["passed", "failed", "skipped", "error"]

/** Why a run is of something else; undefined if it is of the same. */
function differentRun(run: Record<string, unknown>, now: Run): string | undefined {
  const ref = text(run["ref"])
  if (ref !== now.ref)
    return `the last verdict is of ${ref || "no branch"}, and this run of ${now.ref || "no branch"}`
  const [before, after] = [placeOf(run), placeOf({ ...now })]
  return before === after
    ? undefined
    : `the last verdict is of ${before || "the whole source"}, and this run of ${after || "the whole source"}`
}

/** The service or folder of a run. */
function placeOf({ inputs }: Record<string, unknown>): string {
  const { source, arguments: args } = fields(inputs)
  return text(fields(args)["service"]) || text(fields(source)["path"])
}

const readRecord = (record: Record<string, unknown>): RunRecord =>
  Object.fromEntries(Object.entries(record).map(([stage, of]) => [stage, readStage(fields(of))]))

const KINDS: readonly RecordedKind[] = ["findings", "tests"]

function readStage(of: Record<string, unknown>): StageRecord {
  const { findings, hidden, tests, coverage } = of
  const share = readShare(fields(coverage))
  const tooMany = KINDS.filter((kind) => strings(of["tooMany"]).includes(kind))
  return {
    ...(tooMany.length > 0 && { tooMany }),
    ...(Array.isArray(findings) && { findings: objects(findings).map(readFinding), hidden: strings(hidden) }),
    ...(Array.isArray(tests) && { tests: objects(tests).flatMap(readTest) }),
    ...(share && { coverage: share }),
  }
}

function readFinding(from: Record<string, unknown>): RecordedFinding {
  const { file, line, advisory } = from
  return {
    fingerprint: text(from["fingerprint"]),
    tool: text(from["tool"]),
    rule: text(from["rule"]),
    ...(typeof file === "string" && { file }),
    ...(typeof line === "number" && { line }),
    message: text(from["message"]),
    ...(advisory === true && { advisory }),
  }
}

const TEST_STATUSES: readonly RecordedTest["status"][] = ["passed", "failed", "error", "skipped"]

function readTest({ id, status, seconds }: Record<string, unknown>): RecordedTest[] {
  const known = TEST_STATUSES.find((each) => each === status)
  return known === undefined || typeof id !== "string" || typeof seconds !== "number"
    ? []
    : [{ id, status: known, seconds }]
}

const readShare = ({ covered, total }: Record<string, unknown>): CoveredShare | undefined =>
  typeof covered === "number" && typeof total === "number" ? { covered, total } : undefined
