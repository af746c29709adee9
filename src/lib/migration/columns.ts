import type { AddedColumn, SqlChange, Constraint } from "./operations.js"
import type { RuleName } from "./rules.js"
import type { Hit } from "./statements.js"

/** Functions with the same value for every row of a statement, which PostgreSQL then stores once. */
const STABLE = new Set(
  (
    "now transaction_timestamp statement_timestamp to_timestamp make_interval make_date make_timestamp date_trunc " +
    "timezone lower upper concat md5 abs round trunc length to_char to_date " +
    "json_build_object jsonb_build_object json_build_array jsonb_build_array to_json to_jsonb current_setting"
  ).split(" "),
)

/** Rules that an added column breaks. */
export function addedColumn(added: AddedColumn): Hit[] {
  const { table, column, value } = added
  const hit = (rule: RuleName, broken: boolean): Hit[] => (broken ? [{ rule, table, column }] : [])
  return [
    ...hit("volatile-default", isComputed(added)),
    ...hit("required-column", added.required && value === "none"),
    ...hit("add-unique", added.unique),
    ...hit("add-constraint", added.check),
    // Without a default all rows hold null, and PostgreSQL checks none.
    ...hit("add-foreign-key", added.references && value !== "none"),
  ]
}

/** True if each row gets its own value, so that every row is rewritten. An unknown function counts as volatile. */
const isComputed = ({ value, functions }: AddedColumn): boolean =>
  value === "default" ? functions.some((name) => !STABLE.has(name)) : value !== "none" && value !== "virtual"

const CONSTRAINTS: Readonly<Record<Exclude<Constraint, "other">, RuleName>> = {
  check: "add-constraint",
  "foreign-key": "add-foreign-key",
  unique: "add-unique",
  "primary-key": "add-unique",
  exclude: "add-unique",
  "not-null": "set-not-null",
}

/** Rule that an added constraint breaks. */
export function addedConstraint({
  table,
  constraint,
  checked,
}: Extract<SqlChange, { kind: "add-constraint" }>): Hit[] {
  return checked && constraint !== "other" ? [{ rule: CONSTRAINTS[constraint], table }] : []
}
