import { expect, it } from "vitest"
import { ExitCode, fail, SlipwayError } from "../../../src/lib/errors/catalogue.js"

it("fail creates a message with the quoted value, the remedy and the code", () => {
  const error = fail("UNKNOWN_STAGE", ['my"py\n', ["black", "mypy"]])
  expect(error).toBeInstanceOf(SlipwayError)
  expect(error).toMatchObject({ name: "SlipwayError", code: "UNKNOWN_STAGE", exitCode: ExitCode.badInput })
  expect(error.message).toBe('unknown stage "my\\"py\\n"\n→ choose one of black, mypy [UNKNOWN_STAGE]')
})

it("fail keeps the cause, and truncates a long value", () => {
  const cause = new Error("why")
  const error = fail("NO_SOURCE", ["x".repeat(1000)], { cause })
  expect(error.cause).toBe(cause)
  expect(error.message).toContain(`"${"x".repeat(200)}…"`)
  expect(error.message.length).toBeLessThan(400)
})

it("fail counts the problems of a configuration", () => {
  expect(fail("CONFIG_INVALID", ["slipway.yaml", ["a"]]).message).toMatch(
    /^slipway\.yaml has 1 problem:\n {2}a\n→/,
  )
  expect(fail("CONFIG_INVALID", ["slipway.yaml", ["a", "…"], 60]).message).toContain("has 60 problems:")
})

it("ExitCode has the documented exit codes", () => {
  expect(ExitCode).toEqual({
    passed: 0,
    gateFailed: 1,
    changes: 2,
    infrastructure: 3,
    badInput: 4,
    interrupted: 130,
  })
})
