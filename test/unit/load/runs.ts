import type { Profile } from "../../../src/lib/load/profile.js"
import { readSeries } from "../../../src/lib/load/series.js"
import { type Second } from "../../../src/lib/run/loadChart.js"
import type { Ran } from "../../../src/lib/load/judge.js"

export const HOST = "service:8000"

export const profile = (changes: Partial<Profile> = {}): Profile => ({
  kind: "load",
  ramps: [{ seconds: 10, users: 10 }],
  p95: 2000,
  errors: 10,
  iterations: 5,
  scale: 1,
  percent: 100,
  ...changes,
})

/** Ten seconds of ten requests each, in the format of slipway_load.awk, with overrides. */
export const lines = ({ ms = 20, status = 200, code = 0, expected = 1, host = HOST } = {}): string =>
  Array.from({ length: 10 }, (_, second) =>
    [
      `v ${100 + second} 10`,
      `i ${100 + second} 10`,
      `r ${100 + second} ${ms} ${status} ${code} ${expected} 10 ${host}`,
    ].join("\n"),
  ).join("\n")

export const ran = (text = lines(), changes: Partial<Ran> = {}): Ran => ({
  exitCode: 0,
  series: readSeries(text),
  said: "",
  thrown: 0,
  ...changes,
})

export const seconds = (count: number, of: (at: number) => Partial<Second>): Second[] =>
  Array.from({ length: count }, (_, at) => ({
    at,
    users: at,
    requests: 50,
    errors: 0,
    p50: 10,
    p95: 20,
    ...of(at),
  }))
