/** Output of `slipway_sql.py` for one text: the effects of its statements, in order. */
export interface ParsedSql {
  /** The revisions in Alembic's output, in order. */
  revisions: string[]
  operations: SqlOperation[]
}

/** An effect of one statement on one table or object. */
export type SqlOperation = SqlChange & {
  /** Alembic's revision; absent before the first. */
  revision?: string
  /** Line of the SQL, counted from 1. */
  line: number
  /** The statement on one line, without the contents of its strings. */
  text: string
}

/** Name of a table or another object, with its schema unless that is `public`. */
interface Named {
  table: string
}

interface Built extends Named {
  concurrently: boolean
}

interface InTable extends Named {
  column: string
}

export type SqlChange =
  | (Named & { kind: "create-table" | "truncate" | "lock" | "vacuum-full" | "cluster" | "rewrite-table" })
  | (Built & { kind: "create-index" | "reindex" | "refresh" | "attach-partition" })
  | (Built & { kind: "drop"; object: string })
  | (Named & { kind: "rename"; object: string; column?: string; to: string })
  | (Named & { kind: "delete" | "update"; conditional: boolean })
  | (InTable & { kind: "drop-column" | "drop-default" })
  | (InTable & { kind: "set-not-null" })
  | (InTable & { kind: "change-type"; type: string })
  | AddedColumn
  | (Named & { kind: "add-constraint"; constraint: Constraint; checked: boolean })
  | { kind: "unparsed"; reason: string }

export interface AddedColumn extends InTable {
  kind: "add-column"
  /** Source of the values of existing rows. */
  value: "none" | "default" | "serial" | "identity" | "stored" | "virtual"
  /** Functions that the default calls. */
  functions: string[]
  required: boolean
  unique: boolean
  check: boolean
  references: boolean
}

export type Constraint = "check" | "foreign-key" | "unique" | "primary-key" | "exclude" | "not-null" | "other"

/** Parses a line of `slipway_sql.py`. */
export const readParsedSql = (line: string): ParsedSql => JSON.parse(line) as ParsedSql
