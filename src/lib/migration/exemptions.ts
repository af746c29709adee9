import { exceptionFields, readEntries } from "../config/entries.js"
import { printableRule } from "../config/rules.js"
import type { SectionSpec, TextRule } from "../config/spec.js"
import type { Outcome } from "../run/finding.js"
import { RULE_NAMES, type RuleName } from "./rules.js"
import type { StatementFinding } from "./statements.js"

/** The file in the service's source that lists the allowed unsafe statements. */
export const EXEMPTIONS_FILE = ".slipway/migrations.yaml"

/** One entry of that file. */
export interface Exemption {
  revision: string
  rule: RuleName
  /** Absent for all tables. */
  table?: string
  reason: string
  owner: string
  /** Last day of validity, YYYY-MM-DD, UTC; empty for no limit, since a revision runs once. */
  expires: string
  /** Line of the file, counted from 1. */
  line: number
}

/** A finding with the exemption that allows it, if any. */
export interface JudgedFinding extends StatementFinding {
  exemption?: Exemption
  /** Why the matching exemption is not valid. */
  fault?: string
}

/** Findings judged by the exemptions. */
export interface Judgement {
  findings: JudgedFinding[]
  /** Problems of entries, one line each. */
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

/** Parses the file; undefined for a service without one. The outcome is set if it can't be parsed. */
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

/** Returns why an entry is not valid, if it isn't. */
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
 * Judges findings by the exemptions.
 *
 * An exemption of an earlier revision is ignored, as other environments may still need it. One that matches no
 * statement of its revision, or whose revision doesn't exist, is a problem.
 *
 * @param range The revisions that run now.
 * @param known All revisions of the service; if absent, all outside of the range are taken as known.
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

/** Renders a finding in one line: place, statement, reason, and a safe alternative. */
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
