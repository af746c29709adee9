import { clip } from "../text/escape.js"
import { alterTable } from "./alterTable.js"
import { Cursor } from "./cursor.js"
import { type Effect, type RuleName, RULES } from "./rules.js"
import { depths, keyword, printed, type Statement, statementsOf, type Token } from "./sql.js"

/** A statement that destroys, keeps others waiting, or breaks the previous release. */
export interface StatementFinding {
  rule: RuleName
  effect: Effect
  /** With its schema, unless that is `public`; also the name of what is no table. */
  table: string
  column?: string
  /** Alembic's, where it is known. */
  revision?: string
  /** In the SQL, counted from 1. */
  line: number
  /** Without what its strings hold. */
  statement: string
  why: string
  instead: string
}

/** What one statement does, before it is known where it stands. */
export interface Hit {
  rule: RuleName
  table: string
  column?: string
}

/** What is known of the tables, as the statements change them. */
export interface Scope {
  /** Tables that the same statements made: nobody uses them yet. */
  created: Set<string>
  /** Columns that they added, as `table.column`. */
  added: Set<string>
  /** The types of columns, as `table.column`. */
  types: Map<string, string>
}

const LONGEST = 200
/** Alembic's own. */
const BOOKKEEPING: readonly string[] = ["alembic_version"]

/**
 * Returns the statements that must not run unseen beside a service in use, in the order of the SQL.
 *
 * @param types The columns' types before, as `table.column`: by these it is known whether a new type is narrower.
 */
export function findStatements(
  sql: string,
  types: Readonly<Record<string, string>> = {},
): StatementFinding[] {
  const scope: Scope = { created: new Set(), added: new Set(), types: new Map(Object.entries(types)) }
  return statementsOf(sql).flatMap((statement) =>
    inside(statement).flatMap(({ tokens, line }) =>
      hitsOf(tokens, scope)
        .filter(({ table }) => !BOOKKEEPING.includes(table))
        .map((hit) => ({
          ...hit,
          ...(statement.revision === undefined ? {} : { revision: statement.revision }),
          line,
          statement: clip(printed(tokens), LONGEST),
          ...RULES[hit.rule],
        })),
    ),
  )
}

/** The revisions that a text of Alembic's runs through, in their order. */
export const revisionsOf = (sql: string): string[] =>
  Array.from(sql.matchAll(/^-- Running upgrade [^\n]*?-> ([^\s,]+)/gm), ([, revision = ""]) => revision)

/** Where a statement of PL/pgSQL may begin. */
const BEGINNINGS: readonly string[] = ["begin", "then", "else", "loop", "declare"]

/** A statement, or those in a DO block and in what it executes. */
function inside({ tokens, line }: Statement): Pick<Statement, "tokens" | "line">[] {
  if (keyword(tokens[0]) !== "do") return [{ tokens, line }]
  return tokens.filter(({ kind }) => kind === "text").flatMap((token) => inBlock(token.value, token.line - 1))
}

function inBlock(body: string, before: number): Pick<Statement, "tokens" | "line">[] {
  return statementsOf(body).flatMap(({ tokens }) =>
    pieces(tokens).flatMap((piece) => {
      const executed = keyword(piece[0]) === "execute" ? piece.find(({ kind }) => kind === "text") : undefined
      if (executed !== undefined) return inBlock(executed.value, before + executed.line - 1)
      return [{ tokens: piece, line: before + (piece[0]?.line ?? 1) }]
    }),
  )
}

function pieces(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]]
  for (const token of tokens) {
    if (BEGINNINGS.includes(keyword(token))) parts.push([])
    else parts.at(-1)?.push(token)
  }
  return parts.filter((part) => part.length > 0)
}

/** What each kind of statement does, by its first words. */
const READERS: readonly [words: string[], read: (cursor: Cursor, scope: Scope) => Hit[]][] = [
  [["create"], create],
  [["drop"], drop],
  [["alter", "table"], (cursor, scope) => alterTable(cursor, scope)],
  [["alter", "foreign", "table"], (cursor, scope) => alterTable(cursor, scope)],
  [["alter"], alterOther],
  [["truncate"], truncate],
  [["reindex"], reindex],
  [["vacuum"], (cursor) => (cursor.ahead("full") ? [{ rule: "vacuum-full", table: last(cursor) }] : [])],
  [["cluster"], (cursor) => [{ rule: "cluster", table: (cursor.skip("verbose"), cursor.name()) }]],
  [["lock"], (cursor, scope) => lock(cursor, scope)],
  [["refresh", "materialized", "view"], refresh],
]

/** What a statement does that matters. */
function hitsOf(tokens: readonly Token[], scope: Scope): Hit[] {
  const cursor = new Cursor(tokens)
  const found = READERS.find(([words]) => cursor.skip(...words))
  return found === undefined ? rowsChanged(tokens, scope) : found[1](cursor, scope)
}

/** Rules for tables in use: one that was just made is nobody's yet. */
const unlessNew = (scope: Scope, hit: Hit): Hit[] => (scope.created.has(hit.table) ? [] : [hit])

function create(cursor: Cursor, scope: Scope): Hit[] {
  cursor.one("global", "local")
  cursor.one("temporary", "temp", "unlogged", "foreign")
  if (cursor.skip("table") || cursor.skip("materialized", "view")) {
    cursor.skipIf()
    scope.created.add(cursor.name())
    return []
  }
  cursor.skip("unique")
  if (!cursor.skip("index") || cursor.skip("concurrently")) return []
  if (!cursor.skip("on")) {
    cursor.skipIf()
    cursor.name()
    cursor.skip("on")
  }
  cursor.skip("only")
  return unlessNew(scope, { rule: "create-index", table: cursor.name() })
}

const OBJECTS = [
  "view",
  "sequence",
  "type",
  "domain",
  "function",
  "procedure",
  "aggregate",
  "schema",
  "database",
]

function drop(cursor: Cursor, scope: Scope): Hit[] {
  if (cursor.skip("table") || cursor.skip("foreign", "table")) {
    cursor.skipIf()
    return cursor.names().flatMap((table) => {
      const hits = unlessNew(scope, { rule: "drop-table", table })
      scope.created.delete(table)
      return hits
    })
  }
  if (cursor.skip("index")) {
    if (cursor.skip("concurrently")) return []
    cursor.skipIf()
    return cursor.names().map((table) => ({ rule: "drop-index", table }))
  }
  if (cursor.skip("owned", "by")) return [{ rule: "drop-table", table: cursor.name() }]
  cursor.skip("materialized")
  const kind = cursor.one(...OBJECTS)
  if (kind === undefined) return []
  cursor.skipIf()
  const rule = kind === "schema" || kind === "database" ? "drop-table" : "drop-object"
  return cursor.names().flatMap((table) => unlessNew(scope, { rule, table }))
}

/** What else can be altered and matters: its name, its schema. */
function alterOther(cursor: Cursor): Hit[] {
  cursor.skip("materialized")
  if (cursor.one("view", "sequence", "type", "domain", "schema", "function") === undefined) return []
  cursor.skipIf()
  const table = cursor.name()
  const renamed =
    cursor.ahead("rename", "to") || cursor.ahead("rename", "attribute") || cursor.ahead("set", "schema")
  return renamed || cursor.ahead("rename", "column") || cursor.ahead("rename", "value")
    ? [{ rule: "rename", table }]
    : []
}

function truncate(cursor: Cursor, scope: Scope): Hit[] {
  cursor.skip("table")
  return cursor.names().flatMap((table) => unlessNew(scope, { rule: "truncate", table }))
}

function reindex(cursor: Cursor, scope: Scope): Hit[] {
  if (cursor.ahead("concurrently")) return []
  while (cursor.sign("(") && cursor.names().length > 0) cursor.sign(")")
  cursor.one("index", "table", "schema", "database", "system")
  return unlessNew(scope, { rule: "reindex", table: cursor.name() })
}

function lock(cursor: Cursor, scope: Scope): Hit[] {
  cursor.skip("table")
  return cursor.names().flatMap((table) => unlessNew(scope, { rule: "lock-table", table }))
}

function refresh(cursor: Cursor, scope: Scope): Hit[] {
  return cursor.skip("concurrently") ? [] : unlessNew(scope, { rule: "refresh-view", table: cursor.name() })
}

const last = (cursor: Cursor): string => cursor.rest().findLast(({ kind }) => kind === "name")?.value ?? ""

/** `DELETE FROM t` and `UPDATE t SET …`, wherever they stand, without a condition at their depth. */
function rowsChanged(tokens: readonly Token[], scope: Scope): Hit[] {
  const first = keyword(tokens[0])
  if (first !== "with" && first !== "delete" && first !== "update") return []
  const deep = depths(tokens)
  return tokens.flatMap((token, index): Hit[] => {
    const word = keyword(token)
    const from = word === "delete" && keyword(tokens[index + 1]) === "from"
    if (!from && !(word === "update" && starts(tokens, index))) return []
    const level = deep[index] ?? 0
    const end = deep.findIndex((depth, at) => at > index && depth < level)
    const scoped = tokens.slice(index, end < 0 ? undefined : end)
    if (scoped.some((each, at) => keyword(each) === "where" && deep[index + at] === level)) return []
    const cursor = new Cursor(scoped.slice(from ? 2 : 1))
    cursor.skip("only")
    return unlessNew(scope, { rule: from ? "delete-all" : "update-all", table: cursor.name() })
  })
}

/** Whether an UPDATE is a statement: FOR UPDATE and ON CONFLICT DO UPDATE are none. */
const starts = (tokens: readonly Token[], index: number): boolean => {
  const before = tokens[index - 1]
  return before === undefined || (before.kind === "sign" && (before.value === "(" || before.value === ")"))
}
