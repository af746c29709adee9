import { setTimeout as sleep } from "node:timers/promises"

/** Waits until a condition holds. Fails with the problem once so many seconds have passed. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  seconds = 10,
  problem = () => "it did not come to that in time",
): Promise<void> {
  const deadline = Date.now() + seconds * 1000
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(problem())
    await sleep(50)
  }
}

/**
 * Waits for the next hour if fewer than so many seconds are left of this one: a scan's result is kept for the hour, and
 * a run after it isn't told apart from one that lost its cache.
 */
export const withinTheHour = (seconds: number): Promise<void> =>
  until(() => 3600 - ((Date.now() / 1000) % 3600) > seconds, seconds + 1)
