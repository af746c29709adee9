import { expect, it } from "vitest"
import { ExitCode, fail, SlipwayError } from "../../../src/lib/errors/catalogue.js"

it("says what failed with the value quoted, what to do, and its code", () => {
  const error = fail("UNKNOWN_STAGE", ['my"py\n', ["black", "mypy"]])
  expect(error).toBeInstanceOf(SlipwayError)
  expect(error).toMatchObject({ name: "SlipwayError", code: "UNKNOWN_STAGE", exitCode: ExitCode.badInput })
  expect(error.message).toBe('unknown stage "my\\"py\\n"\n→ choose one of black, mypy [UNKNOWN_STAGE]')
})

it("keeps the cause, and cuts a value that is too long", () => {
  const cause = new Error("why")
  const error = fail("NO_SOURCE", ["x".repeat(1000)], { cause })
  expect(error.cause).toBe(cause)
  expect(error.message).toContain(`"${"x".repeat(200)}…"`)
  expect(error.message.length).toBeLessThan(400)
})

it("counts the problems of a configuration", () => {
  expect(fail("CONFIG_INVALID", ["slipway.yaml", ["a"]]).message).toMatch(
    /^slipway\.yaml has 1 problem:\n {2}a\n→/,
  )
  expect(fail("CONFIG_INVALID", ["slipway.yaml", ["a", "…"], 60]).message).toContain("has 60 problems:")
})

it("has the exit codes that the command promises", () => {
  expect(ExitCode).toEqual({
    passed: 0,
    gateFailed: 1,
    changes: 2,
    infrastructure: 3,
    badInput: 4,
    interrupted: 130,
  })
})
