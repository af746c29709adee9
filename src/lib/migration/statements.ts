import { clip } from "../text/escape.js"
import { addedColumn, addedConstraint } from "./columns.js"
import type { SqlChange, ParsedSql } from "./operations.js"
import { type Effect, type RuleName, RULES } from "./rules.js"
import { typeChange } from "./types.js"

/** A statement that destroys data, blocks other sessions, or breaks the previous release. */
export interface StatementFinding {
  rule: RuleName
  effect: Effect
  /** Name of the table or other object, with its schema unless that is `public`; empty if it has none. */
  table: string
  column?: string
  /** Alembic's revision, if known. */
  revision?: string
  /** Line of the SQL, counted from 1. */
  line: number
  /** The statement without the contents of its strings. */
  statement: string
  why: string
  instead: string
}

/** A broken rule without its place. */
export interface Hit {
  rule: RuleName
  table: string
  column?: string
}

/** State of the tables as the statements change them. */
interface Scope {
  /** Tables that the same migrations created, which are not in use yet. */
  created: Set<string>
  /** Columns that they added, as `table.column`. */
  added: Set<string>
  /** Types of columns, as `table.column`. */
  types: Map<string, string>
}

const LONGEST = 200

/** Alembic's own tables. */
const BOOKKEEPING: readonly string[] = ["alembic_version"]

/**
 * Finds the statements that are unsafe for a service in use, in order.
 *
 * @param types The columns' previous types, as `table.column`, to see if a new type is narrower.
 */
export function findStatements(
  { operations }: ParsedSql,
  types: Readonly<Record<string, string>> = {},
): StatementFinding[] {
  const scope: Scope = { created: new Set(), added: new Set(), types: new Map(Object.entries(types)) }
  return operations.flatMap((operation) => {
    const { line, text, revision } = operation
    return hitsOf(operation, scope)
      .filter(({ table }) => !BOOKKEEPING.includes(table))
      .map((hit) => ({
        ...hit,
        ...(revision === undefined ? {} : { revision }),
        line,
        statement: clip(text, LONGEST),
        ...RULES[hit.rule],
        ...(operation.kind === "unparsed" && {
          why: `PostgreSQL's parser rejects it (${operation.reason}), so its effect is unknown`,
        }),
      }))
  })
}

/** Rules by kind of operation, unless the table is new or the operation runs concurrently. */
const ALWAYS = {
  truncate: "truncate",
  lock: "lock-table",
  "vacuum-full": "vacuum-full",
  cluster: "cluster",
  "rewrite-table": "rewrite-table",
  "create-index": "create-index",
  reindex: "reindex",
  refresh: "refresh-view",
  "attach-partition": "attach-partition",
  "set-not-null": "set-not-null",
} as const satisfies Partial<Record<SqlChange["kind"], RuleName>>

const isAlways = (kind: string): kind is keyof typeof ALWAYS => kind in ALWAYS

/** Rules that a statement breaks. */
function hitsOf(change: SqlChange, scope: Scope): Hit[] {
  if (change.kind === "unparsed") return [{ rule: "unparsed", table: "" }]
  // A table that was just created is not in use, but the change counts for the statements after it.
  const known = scope.created.has(change.table)
  const hits = brokenRules(change, scope)
  return known ? [] : hits
}

function brokenRules(change: Exclude<SqlChange, { kind: "unparsed" }>, scope: Scope): Hit[] {
  const { table } = change
  switch (change.kind) {
    case "create-table":
      scope.created.add(table)
      return []
    case "drop":
      return drop(change, scope)
    case "rename":
      return rename(change, scope)
    case "delete":
    case "update":
      return change.conditional ? [] : [{ rule: `${change.kind}-all`, table }]
    case "add-column":
      scope.added.add(`${table}.${change.column}`)
      return addedColumn(change)
    case "add-constraint":
      return addedConstraint(change)
    case "drop-column":
    case "drop-default":
      return columnLoss(change, scope)
    case "change-type":
      return changeType(change, scope)
    default: {
      if (!isAlways(change.kind) || ("concurrently" in change && change.concurrently)) return []
      return [{ rule: ALWAYS[change.kind], table, ...("column" in change && { column: change.column }) }]
    }
  }
}

type Of<Kind extends SqlChange["kind"]> = Extract<SqlChange, { kind: Kind }>

const TABLES: readonly string[] = ["table", "foreign_table", "schema", "database", "owned"]
const OBJECTS: readonly string[] = [
  "view",
  "matview",
  "sequence",
  "type",
  "domain",
  "function",
  "procedure",
  "routine",
  "aggregate",
]

function drop({ object, table, concurrently }: Of<"drop">, scope: Scope): Hit[] {
  scope.created.delete(table)
  if (object === "index") return concurrently ? [] : [{ rule: "drop-index", table }]
  if (TABLES.includes(object)) return [{ rule: "drop-table", table }]
  return OBJECTS.includes(object) ? [{ rule: "drop-object", table }] : []
}

const RENAMED: readonly string[] = [
  ...OBJECTS,
  "table",
  "foreign_table",
  "schema",
  "column",
  "attribute",
  "value",
]

function rename({ object, table, column, to }: Of<"rename">, scope: Scope): Hit[] {
  if (!RENAMED.includes(object)) return []
  if (column !== undefined && scope.added.delete(`${table}.${column}`)) {
    scope.added.add(`${table}.${to}`)
    return []
  }
  if (column === undefined && scope.created.delete(table)) scope.created.add(to)
  return [{ rule: "rename", table, ...(column !== undefined && { column }) }]
}

/** Rules for removed columns. The previous release doesn't use a column that the same migrations added. */
function columnLoss({ kind, table, column }: Of<"drop-column" | "drop-default">, scope: Scope): Hit[] {
  const place = `${table}.${column}`
  const isNew = kind === "drop-column" ? scope.added.delete(place) : scope.added.has(place)
  return isNew ? [] : [{ rule: kind, table, column }]
}

function changeType({ table, column, type }: Of<"change-type">, scope: Scope): Hit[] {
  const place = `${table}.${column}`
  const rule = typeChange(scope.types.get(place), type)
  scope.types.set(place, type)
  return rule === undefined ? [] : [{ rule, table, column }]
}
