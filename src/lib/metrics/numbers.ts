/** Distribution of a set of numbers, in their unit. */
export interface Distribution {
  count: number
  min: number
  p25: number
  median: number
  p75: number
  p90: number
  max: number
}

/** The distribution of numbers; null for none. */
export function distributionOf(numbers: readonly number[]): Distribution | null {
  if (numbers.length === 0) return null
  const sorted = numbers.toSorted((a, b) => a - b)
  const at = (part: number) => quantile(sorted, part)
  return {
    count: sorted.length,
    min: at(0),
    p25: at(0.25),
    median: at(0.5),
    p75: at(0.75),
    p90: at(0.9),
    max: at(1),
  }
}

/** Linear interpolation between the neighbours, as R's type 7 and spreadsheets do. */
function quantile(sorted: readonly number[], part: number): number {
  const place = (sorted.length - 1) * part
  const low = Math.floor(place)
  const below = sorted[low] ?? 0
  const above = sorted[low + 1] ?? below
  return below + (above - below) * (place - low)
}

const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
] as const

/** Formats a duration in its two largest units: `2 d 5 h`, `45 min`. */
export function durationText(seconds: number): string {
  const whole = Math.round(seconds)
  const first = UNITS.findIndex(([, size]) => whole >= size)
  if (first < 0) return "0 s"
  let left = whole
  const parts = UNITS.slice(first, first + 2).map(([unit, size]) => {
    const amount = Math.floor(left / size)
    left -= amount * size
    return amount === 0 ? "" : `${amount} ${unit}`
  })
  return parts.filter(Boolean).join(" ")
}

/** Formats a ratio as percentage: `33.3 %`. */
export const percentText = (part: number): string => `${(part * 100).toFixed(1)} %`
