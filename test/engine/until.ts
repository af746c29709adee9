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
