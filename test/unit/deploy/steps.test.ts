import { beforeEach, expect, it } from "vitest"
import type { Context } from "../../../src/lib/deploy/context.js"
import { StepFailure } from "../../../src/lib/deploy/stepFailure.js"
import { STEPS, StepRunner } from "../../../src/lib/deploy/steps.js"
import { fail } from "../../../src/lib/errors/catalogue.js"

let said: string[]
let runner: StepRunner

beforeEach(() => {
  said = []
  let time = 1000
  const clock = { now: () => (time += 250), sleep: () => Promise.resolve() }
  runner = new StepRunner({ clock, say: (line: string) => said.push(line) } as unknown as Context)
})

it("StepRunner runs steps in sequence, and reports each outcome", async () => {
  await runner.step("prepare", (log) => Promise.resolve(`tried ${log.push("a line")} object`))
  await runner.step("migrate", () => Promise.resolve("done"))
  expect(said).toEqual(["prepare: tried 1 object", "migrate: done"])
  expect(runner.stop).toBeUndefined()
  expect(runner.steps[0]).toEqual({
    name: "prepare",
    status: "passed",
    milliseconds: 250,
    began: 1250,
    reason: "tried 1 object",
    log: ["a line"],
    exitCode: 0,
  })
})

it("StepRunner starts no step after a failed one", async () => {
  let begun = false
  await runner.step("surge", (log) => {
    log.push("first")
    return Promise.reject(new StepFailure("not ready", ["the image is missing"]))
  })
  await runner.step("preview", () => Promise.resolve(String((begun = true))))
  expect(begun).toBe(false)
  expect(runner.stop).toMatchObject({ step: "surge", reason: "not ready", versionAtFault: true })
  expect(runner.steps).toHaveLength(1)
  expect(runner.steps[0]).toMatchObject({
    status: "failed",
    exitCode: 1,
    log: ["first", "the image is missing"],
  })
})

it("StepRunner distinguishes other errors from the version's failures", async () => {
  await runner.step("prepare", () => Promise.reject(fail("PAUSED", ["web"])))
  expect(runner.stop).toMatchObject({ step: "prepare", versionAtFault: false })
  expect(runner.steps[0]).toMatchObject({ status: "error", exitCode: 4 })
  expect(runner.steps[0]?.reason).toContain('the Deployment "web" is paused')
})

it("StepRunner lists all steps, those that never started as skipped", async () => {
  await runner.step("prepare", () => Promise.resolve("ok"))
  expect(runner.all().map(({ status }) => status)).toEqual(["passed", ...Array<string>(6).fill("skipped")])
  expect(runner.all()[1]?.reason).toBe("there was nothing to do")
  await runner.step("migrate", () => Promise.reject(new StepFailure("no")))
  expect(runner.all().map(({ name }) => name)).toEqual(STEPS)
  expect(runner.all()[2]).toMatchObject({
    name: "surge",
    status: "skipped",
    reason: "migrate did not pass",
    exitCode: 0,
  })
})

it("StepRunner annotates only the failed step", async () => {
  await runner.step("prepare", () => Promise.resolve("ok"))
  runner.annotate("nothing failed")
  await runner.step("soak", () => Promise.reject(new StepFailure("bad")))
  runner.annotate("rolled back", "the schema stays")
  expect(runner.steps.map(({ reason }) => reason)).toEqual(["ok", "bad; rolled back"])
  expect(runner.steps[1]?.log).toEqual(["rolled back", "the schema stays"])
})
