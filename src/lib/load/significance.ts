/** Statistical tests of whether measurements increased. */

export interface Comparison {
  /** Probability of such a difference by chance alone. */
  p: number
  /** Probability that a value of the second sample is above one of the first: 0.5 for no difference. */
  above: number
}

/**
 * Mann-Whitney U test, one-sided: are the second values above the first ones?
 *
 * Uses the normal approximation, corrected for ties and for continuity, which is good from some twenty values each.
 * H. B. Mann, D. R. Whitney: On a Test of Whether one of Two Random Variables is Stochastically Larger than the Other,
 * Ann. Math. Statist. 18(1), 1947.
 */
export function mannWhitney(first: readonly number[], second: readonly number[]): Comparison {
  const [n, m] = [first.length, second.length]
  if (n === 0 || m === 0) return { p: 1, above: 0.5 }
  const { ranks, ties } = ranked([...first, ...second])
  const rankSum = ranks.slice(n).reduce((sum, rank) => sum + rank, 0)
  const u = rankSum - (m * (m + 1)) / 2
  const all = n + m
  const variance = ((n * m) / 12) * (all + 1 - ties / (all * (all - 1)))
  const above = u / (n * m)
  if (variance <= 0) return { p: 1, above }
  return { p: normalTail((u - (n * m) / 2 - 0.5) / Math.sqrt(variance)), above }
}

/** Ranks from 1, with the mean rank for ties; and the sum of t³ − t over the groups of ties. */
function ranked(values: readonly number[]): { ranks: number[]; ties: number } {
  const order = values.map((value, index) => ({ value, index })).sort((a, b) => a.value - b.value)
  const ranks = new Array<number>(values.length).fill(0)
  let ties = 0
  for (let from = 0; from < order.length;) {
    let to = from
    while (to < order.length && order[to]?.value === order[from]?.value) to++
    for (const { index } of order.slice(from, to)) ranks[index] = (from + 1 + to) / 2
    ties += (to - from) ** 3 - (to - from)
    from = to
  }
  return { ranks, ties }
}

/** Upper tail probability of the standard normal distribution. Abramowitz and Stegun, 26.2.17: exact to 7.5e-8. */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z)
  const t = 1 / (1 + 0.2316419 * z)
  const series =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return (Math.exp(-(z * z) / 2) / Math.sqrt(2 * Math.PI)) * series
}
