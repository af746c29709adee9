import { Cursor } from "./cursor.js"
import type { RuleName } from "./rules.js"
import { atCommas, depths, keyword, printed, type Token } from "./sql.js"
import type { Hit, Scope } from "./statements.js"
import { typeChange } from "./types.js"

/** What an ALTER TABLE does, from behind these words on. */
export function alterTable(cursor: Cursor, scope: Scope): Hit[] {
  cursor.skipIf()
  cursor.skip("only")
  const table = cursor.name()
  if (cursor.skip("rename")) return renameIn(cursor, table, scope)
  const hits = atCommas(cursor.rest()).flatMap((tokens) => action(new Cursor(tokens), table, scope))
  return scope.created.has(table) ? [] : hits
}

function renameIn(cursor: Cursor, table: string, scope: Scope): Hit[] {
  if (cursor.skip("constraint")) return []
  if (cursor.skip("to")) {
    const isNew = scope.created.delete(table)
    if (isNew) scope.created.add(cursor.name())
    return isNew ? [] : [{ rule: "rename", table }]
  }
  cursor.skip("column")
  const column = cursor.name()
  cursor.skip("to")
  if (scope.added.delete(`${table}.${column}`)) {
    scope.added.add(`${table}.${cursor.name()}`)
    return []
  }
  return scope.created.has(table) ? [] : [{ rule: "rename", table, column }]
}

/** One of the changes that stand between commas. */
function action(cursor: Cursor, table: string, scope: Scope): Hit[] {
  if (cursor.skip("add")) return add(cursor, table, scope)
  if (cursor.skip("drop")) return dropIn(cursor, table, scope)
  if (cursor.skip("alter")) return alterColumn(cursor, table, scope)
  if (cursor.one("attach", "detach") !== undefined)
    return cursor.ahead("concurrently") ? [] : [{ rule: "attach-partition", table }]
  if (!cursor.skip("set")) return []
  if (cursor.skip("schema")) return [{ rule: "rename", table }]
  const rewrites = cursor.one("tablespace", "logged", "unlogged", "access") !== undefined
  return rewrites ? [{ rule: "rewrite-table", table }] : []
}

const CONSTRAINTS = ["check", "foreign", "unique", "primary", "exclude", "not"] as const

function add(cursor: Cursor, table: string, scope: Scope): Hit[] {
  const named = cursor.skip("constraint") && cursor.name() !== ""
  const kind = cursor.one(...CONSTRAINTS)
  if (named || kind !== undefined) return constraint(kind, cursor, table)
  cursor.skip("column")
  cursor.skipIf()
  const column = cursor.name()
  scope.added.add(`${table}.${column}`)
  return addColumn(cursor.rest(), table, column)
}

function constraint(kind: string | undefined, cursor: Cursor, table: string): Hit[] {
  if (kind === undefined || cursor.ahead("not", "valid") || cursor.ahead("using", "index")) return []
  const rule: RuleName =
    kind === "foreign"
      ? "add-foreign-key"
      : kind === "check"
        ? "add-constraint"
        : kind === "not"
          ? "set-not-null"
          : "add-unique"
  return [{ rule, table }]
}

/** Functions that give every row of one statement the same value, which PostgreSQL then keeps once. */
const STABLE = new Set(
  (
    "now transaction_timestamp statement_timestamp to_timestamp make_interval make_date make_timestamp date_trunc " +
    "lower upper concat md5 coalesce nullif abs round trunc length array cast to_char to_date " +
    "json_build_object jsonb_build_object json_build_array jsonb_build_array to_json to_jsonb current_setting " +
    "varchar char character numeric decimal timestamp timestamptz time interval bit float varbit"
  ).split(" "),
)

const SERIAL: readonly string[] = ["serial", "bigserial", "smallserial", "serial4", "serial8", "serial2"]

/** What adding a column does, by what stands behind its name. */
function addColumn(tokens: readonly Token[], table: string, column: string): Hit[] {
  const deep = depths(tokens)
  const has = (...words: string[]) =>
    tokens.some(
      (_, at) => deep[at] === 0 && words.every((word, index) => keyword(tokens[at + index]) === word),
    )
  const filled = has("default") || has("generated") || SERIAL.includes(keyword(tokens[0]))
  const hit = (rule: RuleName, holds: boolean): Hit[] => (holds ? [{ rule, table, column }] : [])
  return [
    ...hit("volatile-default", computed(tokens, deep)),
    ...hit("required-column", (has("not", "null") || has("primary", "key")) && !filled),
    ...hit("add-unique", has("unique") || has("primary", "key")),
    ...hit("add-constraint", has("check")),
    // Without a default all rows hold null, and PostgreSQL checks none.
    ...hit("add-foreign-key", has("references") && filled),
  ]
}

/** Whether each row's value is computed, so that each row is written. */
function computed(tokens: readonly Token[], deep: readonly number[]): boolean {
  const words = tokens.map(keyword)
  if (SERIAL.includes(words[0] ?? "")) return true
  const generated = words.findIndex((word, at) => word === "generated" && deep[at] === 0)
  if (generated >= 0) return !words.includes("virtual")
  const from = words.findIndex((word, at) => word === "default" && deep[at] === 0)
  if (from < 0) return false
  const after = words.findIndex((word, at) => at > from && deep[at] === 0 && NEXT.includes(word))
  const value = tokens.slice(from + 1, after < 0 ? undefined : after)
  return value.some((token, at) => calls(value[at + 1]) && isVolatile(keyword(token)))
}

/** What may stand behind a default. */
const NEXT: readonly string[] = [
  "check",
  "references",
  "unique",
  "primary",
  "not",
  "null",
  "constraint",
  "collate",
]

const calls = (token: Token | undefined): boolean => token?.kind === "sign" && token.value === "("

/** One that isn't known is taken as volatile. */
const isVolatile = (word: string): boolean => word !== "" && !STABLE.has(word)

function dropIn(cursor: Cursor, table: string, scope: Scope): Hit[] {
  if (cursor.skip("constraint")) return []
  cursor.skip("column")
  cursor.skipIf()
  const column = cursor.name()
  return scope.added.delete(`${table}.${column}`) ? [] : [{ rule: "drop-column", table, column }]
}

function alterColumn(cursor: Cursor, table: string, scope: Scope): Hit[] {
  if (cursor.skip("constraint")) return []
  cursor.skip("column")
  const column = cursor.name()
  const place = `${table}.${column}`
  const hit = (rule: RuleName): Hit[] => [{ rule, table, column }]
  if (cursor.skip("set", "not", "null")) return hit("set-not-null")
  if (cursor.skip("drop", "default")) return scope.added.has(place) ? [] : hit("drop-default")
  if (cursor.skip("add", "generated")) return hit("set-not-null")
  if (!cursor.skip("type") && !cursor.skip("set", "data", "type")) return []
  const tokens = cursor.rest()
  const end = tokens.findIndex((token) => ["using", "collate"].includes(keyword(token)))
  const type = printed(end < 0 ? tokens : tokens.slice(0, end))
  const rule = typeChange(scope.types.get(place), type)
  scope.types.set(place, type)
  return rule === undefined ? [] : hit(rule)
}
