/** Effect of a statement on a database in use. */
export type Effect =
  /** Data is lost for good, also after a downgrade. */
  | "destroys"
  /** Others wait, for longer the larger the table is. */
  | "locks"
  /** The previous release, which is still running, no longer works. */
  | "breaks"
  /** Unknown. */
  | "unknown"

export interface Rule {
  effect: Effect
  why: string
  instead: string
}

const LATER =
  "stop using it in this release, and take it away in the next one, once no pod of this one needs it"
const NOT_VALID = "add it as NOT VALID, and VALIDATE CONSTRAINT in a transaction of its own"
const BATCHES = "do it in batches of some thousand rows, each in a transaction of its own"

/** All rules, by the names that exemptions use. */
export const RULES = {
  unparsed: {
    effect: "unknown",
    why: "PostgreSQL's parser rejects it, so its effect is unknown",
    instead: "correct it, or write it so that the parser of PostgreSQL 18 accepts it",
  },
  "drop-table": { effect: "destroys", why: "all its rows are lost", instead: LATER },
  "drop-column": {
    effect: "destroys",
    why: "what the column holds is lost, and the previous release still reads it",
    instead: LATER,
  },
  "drop-object": { effect: "breaks", why: "the previous release may still use it", instead: LATER },
  truncate: {
    effect: "destroys",
    why: "all its rows are lost, and nobody reads the table meanwhile",
    instead: "delete what is not needed, by a condition, in batches",
  },
  "delete-all": {
    effect: "destroys",
    why: "without a condition all rows are lost",
    instead: "give it a WHERE, or drop the table once nothing uses it",
  },
  "update-all": {
    effect: "locks",
    why: "without a condition every row is rewritten, and stays locked until the end of the transaction",
    instead: BATCHES,
  },
  "narrow-type": {
    effect: "destroys",
    why: "values that don't fit the new type are cut, or fail it, and the table is rewritten",
    instead: "add a column of the new type, fill it, use that, and drop the old one in a later release",
  },
  "change-type": {
    effect: "locks",
    why: "every row is rewritten unless the types are stored alike, and nobody reads the table meanwhile",
    instead:
      "add a column of the new type, fill it in batches, use that, and drop the old one in a later release",
  },
  "volatile-default": {
    effect: "locks",
    why: "a value that is computed for each row rewrites the table, and nobody reads it meanwhile",
    instead: "add the column without it, set the default, and fill the rows in batches",
  },
  "required-column": {
    effect: "breaks",
    why: "the previous release inserts rows without it, which fail, as it does itself where there are rows",
    instead: "give it a default, or let it be null until the previous release is gone",
  },
  "set-not-null": {
    effect: "locks",
    why: "the whole table is read, nobody writes meanwhile, and the previous release may still insert nulls",
    instead: `add CHECK (… IS NOT NULL) NOT VALID, VALIDATE CONSTRAINT, and set it then, which reads nothing`,
  },
  "drop-default": {
    effect: "breaks",
    why: "rows that the previous release inserts without a value have none",
    instead: "keep the default until the previous release is gone",
  },
  "create-index": {
    effect: "locks",
    why: "nobody writes to the table until it is built",
    instead: "CREATE INDEX CONCURRENTLY, outside of a transaction (op.get_context().autocommit_block())",
  },
  "drop-index": {
    effect: "locks",
    why: "it waits for all who read the table, and everybody else behind it",
    instead: "DROP INDEX CONCURRENTLY, outside of a transaction (op.get_context().autocommit_block())",
  },
  reindex: {
    effect: "locks",
    why: "nobody writes to the table until it is built",
    instead: "REINDEX CONCURRENTLY",
  },
  "add-constraint": {
    effect: "locks",
    why: "the whole table is read to check it, and nobody writes meanwhile",
    instead: NOT_VALID,
  },
  "add-foreign-key": {
    effect: "locks",
    why: "both tables are locked against writing until every row is checked",
    instead: NOT_VALID,
  },
  "add-unique": {
    effect: "locks",
    why: "its index is built while nobody reads or writes the table",
    instead: "CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … USING INDEX",
  },
  "attach-partition": {
    effect: "locks",
    why: "every row of the partition is read to check that it belongs there",
    instead: "add and validate a CHECK of the partition's bounds first, then attach; DETACH … CONCURRENTLY",
  },
  "rewrite-table": {
    effect: "locks",
    why: "the table is rewritten, and nobody reads it meanwhile",
    instead: "copy it into a new table in batches, or do it while the service is down",
  },
  "vacuum-full": {
    effect: "locks",
    why: "the table is rewritten, and nobody reads it meanwhile",
    instead: "VACUUM without FULL, or pg_repack",
  },
  cluster: {
    effect: "locks",
    why: "the table is rewritten, and nobody reads it meanwhile",
    instead: "pg_repack",
  },
  "lock-table": {
    effect: "locks",
    why: "others wait until the end of the transaction",
    instead: "leave it to each statement to lock what it needs",
  },
  "refresh-view": {
    effect: "locks",
    why: "nobody reads the view meanwhile",
    instead: "REFRESH MATERIALIZED VIEW CONCURRENTLY, which takes a unique index",
  },
  rename: {
    effect: "breaks",
    why: "the previous release knows it by its old name",
    instead: "add it under the new name, write to both, and drop the old one in a later release",
  },
} as const satisfies Record<string, Rule>

export type RuleName = keyof typeof RULES

export const RULE_NAMES = Object.keys(RULES) as RuleName[]
