/** A type with its width. */
interface Shape {
  base: string
  sizes: number[]
}

const SYNONYMS: Readonly<Record<string, string>> = {
  int: "integer",
  int2: "smallint",
  int4: "integer",
  int8: "bigint",
  float4: "real",
  float8: "double precision",
  float: "double precision",
  decimal: "numeric",
  "character varying": "varchar",
  character: "char",
  bpchar: "char",
  bool: "boolean",
  timestamptz: "timestamp with time zone",
  timetz: "time with time zone",
  "bit varying": "varbit",
  "timestamp without time zone": "timestamp",
  "time without time zone": "time",
}

/** Types in order of width: each holds all values of those before it. */
const WIDENING: readonly (readonly string[])[] = [
  ["smallint", "integer", "bigint", "numeric"],
  ["real", "double precision"],
  ["date", "timestamp"],
  ["char", "varchar", "text"],
  ["json", "jsonb"],
]

/** Rule that a column's new type breaks; undefined for types that are stored alike and lose nothing. */
export function typeChange(from: string | undefined, to: string): "narrow-type" | "change-type" | undefined {
  if (from === undefined) return "change-type"
  const [before, after] = [shapeOf(from), shapeOf(to)]
  if (before.base === after.base) return sizeChange(before, after)
  if (before.base === "varchar" && after.base === "text") return undefined
  if (before.base === "text" && after.base === "varchar" && after.sizes.length === 0) return undefined
  const holds = WIDENING.some((chain) => {
    const [at, then] = [chain.indexOf(before.base), chain.indexOf(after.base)]
    return at >= 0 && then > at
  })
  const wide = after.base === "text" || (holds && after.sizes.length === 0)
  return wide ? "change-type" : "narrow-type"
}

function sizeChange({ base, sizes }: Shape, after: Shape): "narrow-type" | "change-type" | undefined {
  if (after.sizes.length === 0) return base === "char" && sizes.length > 0 ? "narrow-type" : undefined
  const [size = Infinity, scale = 0] = sizes
  const [newSize = Infinity, newScale = 0] = after.sizes
  if (size === newSize && scale === newScale) return undefined
  const fits = size - scale <= newSize - newScale && scale <= newScale
  if (!fits) return "narrow-type"
  return scale === newScale && base !== "char" ? undefined : "change-type"
}

function shapeOf(type: string): Shape {
  const text = type.toLowerCase().replace(/\s+/g, " ").trim()
  const sizes = [...(/\(([0-9, ]+)\)/.exec(text)?.[1] ?? "").matchAll(/[0-9]+/g)].map(Number)
  const name = text
    .replace(/ ?\([0-9, ]*\) ?/, " ")
    .replace(/^pg_catalog ?\. ?/, "")
    .replace(/"/g, "")
    .trim()
  return { base: SYNONYMS[name] ?? name, sizes }
}
