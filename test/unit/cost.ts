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
