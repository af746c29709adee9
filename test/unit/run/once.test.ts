import { expect, it } from "vitest"
import { once } from "../../../src/lib/run/once.js"

it("once runs its function once, however often and early it is called again", async () => {
  let calls = 0
  const work = once(() => Promise.resolve(++calls))
  expect(await Promise.all([work(), work()])).toEqual([1, 1])
  expect(await work()).toBe(1)
})
