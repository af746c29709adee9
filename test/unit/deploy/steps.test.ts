import { beforeEach, expect, it } from "vitest"
import type { Context } from "../../../src/lib/deploy/context.js"
import { Setback } from "../../../src/lib/deploy/setback.js"
import { STEPS, Walk } from "../../../src/lib/deploy/steps.js"
import { fail } from "../../../src/lib/errors/catalogue.js"

let said: string[]
let walk: Walk

beforeEach(() => {
  said = []
  let time = 1000
  const clock = { now: () => (time += 250), sleep: () => Promise.resolve() }
  walk = new Walk({ clock, say: (line: string) => said.push(line) } as unknown as Context)
})

it("goes from step to step, and says what became of each", async () => {
  await walk.step("prepare", (log) => Promise.resolve(`tried ${log.push("a line")} object`))
  await walk.step("migrate", () => Promise.resolve("done"))
  expect(said).toEqual(["prepare: tried 1 object", "migrate: done"])
  expect(walk.stop).toBeUndefined()
  expect(walk.steps[0]).toEqual({
    name: "prepare",
    status: "passed",
    milliseconds: 250,
    began: 1250,
    reason: "tried 1 object",
    log: ["a line"],
    exitCode: 0,
  })
})

it("begins nothing after a step that failed", async () => {
  let begun = false
  await walk.step("surge", (log) => {
    log.push("first")
    return Promise.reject(new Setback("not ready", ["the image is missing"]))
  })
  await walk.step("preview", () => Promise.resolve(String((begun = true))))
  expect(begun).toBe(false)
  expect(walk.stop).toEqual({ step: "surge", reason: "not ready", setback: true })
  expect(walk.steps).toHaveLength(1)
  expect(walk.steps[0]).toMatchObject({
    status: "failed",
    exitCode: 1,
    log: ["first", "the image is missing"],
  })
})

it("tells what is no fault of the version's from what is", async () => {
  await walk.step("prepare", () => Promise.reject(fail("PAUSED", ["web"])))
  expect(walk.stop).toMatchObject({ step: "prepare", setback: false })
  expect(walk.steps[0]).toMatchObject({ status: "error", exitCode: 4 })
  expect(walk.steps[0]?.reason).toContain('the Deployment "web" is paused')
})

it("lists every step in its place, those that weren't begun as skipped", async () => {
  await walk.step("prepare", () => Promise.resolve("ok"))
  expect(walk.all().map(({ status }) => status)).toEqual(["passed", ...Array<string>(6).fill("skipped")])
  expect(walk.all()[1]?.reason).toBe("there was nothing to do")
  await walk.step("migrate", () => Promise.reject(new Setback("no")))
  expect(walk.all().map(({ name }) => name)).toEqual(STEPS)
  expect(walk.all()[2]).toMatchObject({
    name: "surge",
    status: "skipped",
    reason: "migrate did not pass",
    exitCode: 0,
  })
})

it("adds how it was undone to the step that failed, and to nothing else", async () => {
  await walk.step("prepare", () => Promise.resolve("ok"))
  walk.add("nothing failed")
  await walk.step("soak", () => Promise.reject(new Setback("bad")))
  walk.add("rolled back", "the schema stays")
  expect(walk.steps.map(({ reason }) => reason)).toEqual(["ok", "bad; rolled back"])
  expect(walk.steps[1]?.log).toEqual(["rolled back", "the schema stays"])
})
