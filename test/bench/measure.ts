/** Milliseconds of each round, by the name of the row or its part. */
export type Series = Map<string, number[]>

/** A piece of work to be timed. */
export interface Row {
  name: string
  /** Runs before the clock starts. */
  prepare?: () => unknown
  /** Returns further times that it measured itself, in milliseconds by name. */
  work: () => Promise<Readonly<Record<string, number>>>
  /** Set if other rows warm up for it, or if it measures something unseen. */
  noWarmUp?: boolean
  /** Set if it takes long: it runs in one round of three. */
  rare?: boolean
}

const RARELY = 3

/** Times every row in turn with the others, so that a slow moment of the machine affects all of them. */
export async function measure(rows: readonly Row[], rounds: number): Promise<Series> {
  const series: Series = new Map()
  for (const row of rows) if (!row.noWarmUp) await time(row)
  for (let round = 0; round < rounds; round++)
    for (const row of rows.filter(({ rare }) => !rare || round % RARELY === 0))
      for (const [name, ms] of Object.entries(await time(row)))
        series.set(name, [...(series.get(name) ?? []), ms])
  return series
}

async function time({ name, prepare, work }: Row): Promise<Record<string, number>> {
  await prepare?.()
  const begun = performance.now()
  const parts = await work()
  return { [name]: performance.now() - begun, ...parts }
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2
}

/** Width of names in tables. */
export const WIDTH = 50

/** A line of a table: the name of a series, and an optional remark on its median. */
export type Line = [name: string, remark?: (ms: number) => string]

/** Prints the shortest, median and longest time of each line. */
export function print(title: string, series: Series, lines: readonly Line[]): void {
  console.log(`\n${title}\n${"".padEnd(WIDTH)}    min median    max`)
  for (const [name, remark] of lines) {
    const values = series.get(name) ?? []
    const columns = [Math.min(...values), median(values), Math.max(...values)].map((ms) =>
      (ms / 1000).toFixed(2).padStart(7),
    )
    console.log(`${name.padEnd(WIDTH)}${columns.join("")} s   ${remark?.(median(values)) ?? ""}`.trimEnd())
  }
}

/** Creates a remark with the ratio to another line's median. */
export const times =
  (series: Series, base: string, called = base) =>
  (ms: number): string =>
    `${(ms / median(series.get(base) ?? [])).toFixed(2).padStart(6)} x ${called}`
