import { afterAll, expect, test, vi } from "vitest"

const thrown = vi.hoisted(() => ({ error: new Error() }))

vi.mock(import("yaml"), async (original) => ({
  ...(await original()),
  parseDocument: () => {
    throw thrown.error
  },
}))

// Test files share modules: this parser is only for this file.
vi.resetModules()
const { checkConfig } = await import("../../../src/lib/config/parse.js")
afterAll(() => void vi.resetModules())

// A real overflow would endanger the process: V8 aborts when a pattern's compiler runs out of stack.
test("checkConfig reports a parser that runs out of stack", () => {
  thrown.error = new RangeError("Maximum call stack size exceeded")
  expect(checkConfig("parallel: 1\n")).toEqual({
    problems: [{ line: 1, column: 1, path: "", message: "nested too deeply to be read" }],
    warnings: [],
  })
})

test("checkConfig rethrows any other error", () => {
  thrown.error = new TypeError("a bug")
  expect(() => checkConfig("parallel: 1\n")).toThrow(thrown.error)
})
