import { afterAll, expect, test, vi } from "vitest"

const thrown = vi.hoisted(() => ({ error: new Error() }))

vi.mock(import("yaml"), async (original) => ({
  ...(await original()),
  parseDocument: () => {
    throw thrown.error
  },
}))

// Modules are shared by the files of tests: this parser is for this file alone.
vi.resetModules()
const { checkConfig } = await import("../../../src/lib/config/parse.js")
afterAll(() => void vi.resetModules())

// Getting there for real would be at the risk of the process: V8 aborts when a pattern's compiler meets the stack's end.
test("a parser that runs out of stack is reported", () => {
  thrown.error = new RangeError("Maximum call stack size exceeded")
  expect(checkConfig("parallel: 1\n")).toEqual({
    problems: [{ line: 1, column: 1, path: "", message: "nested too deeply to be read" }],
    warnings: [],
  })
})

test("any other error is not swallowed", () => {
  thrown.error = new TypeError("a bug")
  expect(() => checkConfig("parallel: 1\n")).toThrow(thrown.error)
})
