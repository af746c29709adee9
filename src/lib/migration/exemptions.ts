import { exceptionFields, readEntries } from "../config/entries.js"
import { printableRule } from "../config/rules.js"
import type { SectionSpec, TextRule } from "../config/spec.js"
import type { Outcome } from "../run/finding.js"
import { RULE_NAMES, type RuleName } from "./rules.js"
import type { StatementFinding } from "./statements.js"

/** The file in the service's source that lists what migrations may do all the same. */
export const EXEMPTIONS_FILE = ".slipway/migrations.yaml"

/** One entry of that file. */
export interface Exemption {
  revision: string
  rule: RuleName
  /** Left out, it holds for all. */
  table?: string
  reason: string
  owner: string
  /** The last day on which it holds, YYYY-MM-DD, UTC; empty where it holds for good: a revision runs once. */
  expires: string
  /** Where it stands in its file, counted from 1. */
  line: number
}

/** A finding with the entry that allows it, if one does. */
export interface JudgedFinding extends StatementFinding {
  exemption?: Exemption
  /** Why the entry that would allow it doesn't. */
  fault?: string
}

/** Findings judged by the exemptions. */
export interface Judgement {
  findings: JudgedFinding[]
  /** Problems of entries, as lines for people. */
  problems: string[]
}

const short: TextRule = { expected: "1 to 200 characters", pattern: /^.{1,200}$/s }

const entry = {
  kind: "section",
  fields: {
    revision: { kind: "text", doc: "The migration's revision.", rules: [printableRule, short] },
    rule: { kind: "choice", doc: "What it may do.", values: RULE_NAMES },
    table: { kind: "text", doc: "The table. Left out, all.", rules: [printableRule, short] },
    ...exceptionFields("Why it may."),
  },
} as const satisfies SectionSpec

/** Reads the text of the file; undefined stands for a service without. The outcome is there when it can't be read. */
export function parseExemptions(text: string | undefined): { exemptions: Exemption[]; outcome?: Outcome } {
  const { entries, outcome } = readEntries<typeof entry, Exemption | undefined>(text, {
    file: EXEMPTIONS_FILE,
    list: "exemptions",
    entry,
    required: { revision: "", rule: "" },
    make: ({ revision, rule, table, reason = "", owner = "", expires = "" }, { line }) =>
      revision === undefined || rule === undefined
        ? undefined
        : {
            revision,
            rule,
            ...(table === undefined ? {} : { table }),
            reason: reason.replace(/\s+/g, " ").trim(),
            owner: owner.trim(),
            expires,
            line,
          },
  })
  return { exemptions: entries.filter((each) => each !== undefined), ...(outcome && { outcome }) }
}

/** Why an entry allows nothing, if so. */
function faultOf({ reason, owner, expires }: Exemption, now: Date): string | undefined {
  if (reason === "") return "gives no reason: say why it may"
  if (owner === "") return "has no owner: name who answers for it"
  if (expires !== "" && expires < now.toISOString().slice(0, 10)) return `expired on ${expires}`
  return undefined
}

const allows = (exemption: Exemption, { revision, rule, table }: StatementFinding): boolean =>
  exemption.revision === revision &&
  exemption.rule === rule &&
  (exemption.table === undefined || exemption.table === table)

/**
 * Holds findings against the exemptions. One whose revision has run already is left alone, as other environments may
 * still need it; one that allows nothing of its revision, or whose revision nobody has, is a problem.
 *
 * @param range The revisions that run now.
 * @param known All revisions of the service; left out, what isn't in the range is taken as known.
 */
export function judgeStatements(
  findings: readonly StatementFinding[],
  exemptions: readonly Exemption[],
  { now, range, known }: { now: Date; range: readonly string[]; known?: readonly string[] },
): Judgement {
  const judged = findings.map((finding): JudgedFinding => {
    const fitting = exemptions.filter((each) => allows(each, finding))
    const good = fitting.find((each) => faultOf(each, now) === undefined)
    const [first] = fitting
    if (good !== undefined) return { ...finding, exemption: good }
    return first === undefined
      ? finding
      : { ...finding, fault: whatIsWrong(first, faultOf(first, now) ?? "") }
  })
  const problems = exemptions.flatMap((each) => {
    const fault =
      known !== undefined && !known.includes(each.revision)
        ? `no migration has the revision "${each.revision}"`
        : !range.includes(each.revision)
          ? undefined
          : (faultOf(each, now) ?? (findings.some((finding) => allows(each, finding)) ? undefined : UNUSED))
    return fault === undefined ? [] : [whatIsWrong(each, fault)]
  })
  return { findings: judged, problems }
}

const UNUSED = "matches nothing that its revision does: remove it, or correct rule and table"

const whatIsWrong = ({ line, revision, rule }: Exemption, fault: string): string =>
  `${EXEMPTIONS_FILE}:${line}: the exemption of ${revision} from ${rule} ${fault}`

/** A finding as one line for people: where, what, why, and what to do instead. */
export function findingLine({
  revision,
  line,
  rule,
  table,
  column,
  why,
  instead,
  fault,
}: JudgedFinding): string {
  const where = revision === undefined ? `line ${line}` : `${revision}:${line}`
  const what = column === undefined ? table : `${table}.${column}`
  const remedy = fault ?? `${instead}; or exempt it in ${EXEMPTIONS_FILE}`
  return `${where}: ${`${rule} ${what}`.trimEnd()}: ${why}; ${remedy}`
}
