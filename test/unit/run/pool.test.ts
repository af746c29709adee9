import { describe, expect, it } from "vitest"
import { pool } from "../../../src/lib/run/pool.js"

const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1))

describe("pool", () => {
  it("returns results in the order of the tasks", async () => {
    const after = (ticks: number) => async () => {
      for (let i = 0; i < ticks; i += 1) await tick()
      return ticks
    }
    expect(await pool(3, [5, 1, 3, 0].map(after))).toEqual([5, 1, 3, 0])
  })

  it("runs as many tasks as the limit allows, and never more", async () => {
    let running = 0
    let most = 0
    const task = async () => {
      most = Math.max(most, ++running)
      await tick()
      running -= 1
    }
    await pool(
      2,
      Array.from({ length: 7 }, () => task),
    )
    expect(most).toBe(2)
  })

  it("lets running tasks settle, starts no more, then throws the first error", async () => {
    const seen: string[] = []
    const tasks = [
      async () => {
        await tick()
        throw new Error("first")
      },
      async () => {
        await tick()
        await tick()
        await tick()
        seen.push("settled")
        throw new Error("second")
      },
      () => Promise.resolve(seen.push("started")),
    ]
    await expect(pool<unknown>(2, tasks)).rejects.toThrow("first")
    expect(seen).toEqual(["settled"])
  })

  it("treats a task that throws synchronously or rejects with nothing as failed", async () => {
    const throws = (): Promise<never> => {
      throw new Error("at once")
    }
    await expect(pool(1, [throws])).rejects.toThrow("at once")
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the point of the test
    await expect(pool(1, [() => Promise.reject(undefined)])).rejects.toBeUndefined()
  })

  it("returns nothing for no tasks", async () => {
    expect(await pool(4, [])).toEqual([])
  })

  it.each([0, -1, 1.5, NaN, Infinity])("refuses the limit %s", async (limit) => {
    await expect(pool(limit, [])).rejects.toThrow(`expected a whole limit of 1 or more; got ${limit}`)
  })
})
