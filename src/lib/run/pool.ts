/**
 * Runs tasks, at most `limit` at a time, and returns their results in order.
 *
 * After a failure no further task starts; running ones are awaited, then the first error is thrown.
 *
 * @example await pool(2, files.map((file) => () => check(file)))
 */
export async function pool<T>(limit: number, tasks: readonly (() => Promise<T>)[]): Promise<T[]> {
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new TypeError(`expected a whole limit of 1 or more; got ${String(limit)}`)
  }
  const results = new Array<T>(tasks.length)
  const queue = tasks.entries() // shared: each worker takes the next
  const errors: unknown[] = []

  async function work(): Promise<void> {
    for (const [index, task] of queue) {
      try {
        results[index] = await task()
      } catch (error) {
        errors.push(error)
      }
      if (errors.length > 0) return
    }
  }

  await Promise.all(Array.from({ length: Math.min(limit, tasks.length) }, work))
  if (errors.length > 0) throw errors[0]
  return results
}
