import { join } from "node:path"
import { measure, print, type Row, times } from "./measure.js"
import type { Place } from "./place.js"

/** Measures the cost of a call: a module of one function against Slipway's, and cold against warm caches. */
export async function benchCalls(place: Place, rounds: number): Promise<void> {
  const rows = callRows(place)
  const series = await measure(rows, rounds)
  const base = times(series, rows[0]?.name ?? "", "cached call")
  print(
    "calls",
    series,
    rows.map(({ name }) => [name, base]),
  )
}

function callRows({ copy, edit, fresh, dagger }: Place): Row[] {
  const [one, ours] = [copy("test/bench/one", "one"), copy(".", "ours")]
  const call = async (...args: string[]) => dagger(...args).then(() => ({}))
  const hello = (name: string) => call("call", `--mod=${one}`, "hello", `--name=${name}`)
  const load = () => call("functions", `--mod=${ours}`)
  return [
    { name: "one function, cached", work: () => hello("x") },
    { name: "one function, new argument", work: () => hello(fresh()) },
    {
      name: "one function, source changed",
      prepare: () => edit(join(one, "src/index.ts"), "//"),
      work: () => hello("x"),
    },
    { name: "slipway, load", work: load },
    { name: "slipway, source changed", prepare: () => edit(join(ours, "src/index.ts"), "//"), work: load },
  ]
}
