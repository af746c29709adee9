/**
 * Performance levels of DORA's "Accelerate State of DevOps Report 2023".
 *
 * https://dora.dev/research/2023/dora-report/, the last one whose levels are ordered in every metric. It gives ranges of
 * survey answers; where they leave a gap, as between 15 % and 64 %, the worse level begins, as in Apache DevLake's
 * benchmarks (https://devlake.apache.org/docs/Metrics/CFR).
 */
export type Band = "elite" | "high" | "medium" | "low"

const HOUR = 3_600
const DAY = 24 * HOUR

const ORDER = ["elite", "high", "medium"] as const

const banded = (value: number, within: readonly ((value: number) => boolean)[]): Band =>
  ORDER[within.findIndex((fits) => fits(value))] ?? "low"

/** Level by deployments per day: more than one; one a week; one in 30 days. */
export const frequencyBand = (perDay: number): Band =>
  banded(perDay, [(rate) => rate > 1, (rate) => rate >= 1 / 7, (rate) => rate >= 1 / 30])

/** Level by the median in seconds: less than a day; up to a week; up to 30 days. */
export const leadTimeBand = (seconds: number): Band =>
  banded(seconds, [(time) => time < DAY, (time) => time <= 7 * DAY, (time) => time <= 30 * DAY])

/** Level by the median in seconds: less than an hour; less than a day; up to a week. */
export const restoreBand = (seconds: number): Band =>
  banded(seconds, [(time) => time < HOUR, (time) => time < DAY, (time) => time <= 7 * DAY])

/** Level by the failed share of deployments: up to 5, 10, 15 %. */
export const failureBand = (rate: number): Band =>
  banded(rate, [(part) => part <= 0.05, (part) => part <= 0.1, (part) => part <= 0.15])
