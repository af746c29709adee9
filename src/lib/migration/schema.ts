/** Contents of a schema, as `slipway_schema.sql` prints it. */
export interface Schema {
  /** A line for each part, such as `column jobs.note text not null`. */
  parts: string[]
  /** The columns' types, as `table.column`. */
  types: Record<string, string>
  /** Number of rows of each table. */
  rows: Record<string, number>
}

export function readSchema(text: string): Schema {
  const lines = text.split("\n").filter((line) => line !== "")
  const facts = lines.map((line) => {
    const [kind = "", name = "", definition = "", more = ""] = line.split("\t")
    return { kind, name, definition, more }
  })
  const named = (kind: string) => facts.filter((fact) => fact.kind === kind)
  return {
    parts: facts
      .filter(({ kind }) => kind !== "rows")
      .map(({ kind, name, definition, more }) => [kind, name, definition, more].filter(Boolean).join(" ")),
    types: Object.fromEntries(named("column").map(({ name, definition }) => [name, definition])),
    rows: Object.fromEntries(named("rows").map(({ name, definition }) => [name, Number(definition)])),
  }
}

/** Lists the differences of a schema, one line each. Rows are only compared of tables that still exist. */
export function schemaChanges(before: Schema, after: Schema): string[] {
  const [had, has] = [new Set(before.parts), new Set(after.parts)]
  const lost = Object.entries(before.rows).flatMap(([table, rows]) => {
    const left = after.rows[table]
    return left === undefined || left >= rows ? [] : [`${rows - left} of ${rows} rows of ${table} are lost`]
  })
  return [
    ...before.parts.filter((part) => !has.has(part)).map((part) => `missing: ${part}`),
    ...after.parts.filter((part) => !had.has(part)).map((part) => `not there before: ${part}`),
    ...lost,
  ]
}
