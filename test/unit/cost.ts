/**
 * Milliseconds of processor time that some work takes.
 *
 * A busy machine takes longer by the clock for what is fast enough, so tests of linear time measure this.
 */
export function cost(work: () => unknown): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

/** Work on an input of a size. Its input isn't measured. */
export type Sized = (size: number) => () => unknown

/** Processor time in which noise of the clock and of garbage collection doesn't show, in milliseconds. */
const LEAST = 15

/** Limit on `growth` for work that takes linear time. */
export const LINEAR = 20

/**
 * How much longer some work takes on an input ten times as large: ten times if it takes linear time.
 *
 * The least of three measurements, as others on the machine can only make it more.
 */
export function growth(size: number, work: Sized): number {
  let least = Infinity
  for (let attempt = 0; attempt < 3 && least >= LINEAR; attempt += 1)
    least = Math.min(least, measuredGrowth(size, work))
  return least
}

/** Stops on a smaller input if that already takes too long, as quadratic time on the largest would be minutes. */
function measuredGrowth(size: number, work: Sized): number {
  const small = work(size)
  small()
  const before = Math.max(cost(small), LEAST)
  for (const factor of [3, 10]) {
    const larger = work(factor * size)
    const ratio = Math.min(cost(larger), cost(larger)) / before
    if (factor === 10 || ratio > (LINEAR / 10) * factor) return (ratio / factor) * 10
  }
  return NaN
}
