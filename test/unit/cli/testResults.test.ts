import { describe, expect, it } from "vitest"
import { testCounts, failuresOf, type Results, timesOf } from "../../../dagger/cli/commands/testResults.js"

const passed = { fullName: "a sum is right", status: "passed", failureMessages: [] }
const failed = {
  fullName: "a sum is never negative",
  status: "failed",
  failureMessages: ["AssertionError: -1\nat sum.test.ts:3"],
}

const repeated = { fullName: "a sum is exact", status: "passed", failureMessages: ["Error: 3"] }

const results: Results = {
  numPassedTests: 1,
  numFailedTests: 1,
  testResults: [
    {
      name: "/r/test/sum.test.ts",
      status: "failed",
      message: "",
      startTime: 0,
      endTime: 12_000,
      assertionResults: [passed, failed, repeated],
    },
    {
      name: "/r/test/typo.test.ts",
      status: "failed",
      message: "Unexpected token",
      startTime: 0,
      endTime: 500,
      assertionResults: [],
    },
  ],
}

describe("the results of the suite", () => {
  it("name each test that failed or had to be repeated, and each file that can't be loaded, with the message", () => {
    expect(failuresOf(results, "/r")).toEqual([
      "failed: test/sum.test.ts: a sum is never negative\n  AssertionError: -1\n  at sum.test.ts:3",
      "passed only when repeated: test/sum.test.ts: a sum is exact\n  Error: 3",
      "failed: test/typo.test.ts\n  Unexpected token",
    ])
  })

  it("name a file whose tests were skipped by a hook that failed, and a failure without a message", () => {
    const [file] = results.testResults
    const of = (...assertionResults: (typeof failed)[]) =>
      failuresOf({ ...results, testResults: file ? [{ ...file, assertionResults }] : [] }, "/r")
    expect(of({ ...passed, status: "skipped" })).toEqual([
      expect.stringMatching(/^failed: test\/sum\.test\.ts$/m),
    ])
    expect(of({ ...failed, failureMessages: [] })).toEqual([
      expect.stringMatching(/^failed: test\/sum\.test\.ts: a sum is never negative$/m),
    ])
  })

  it("have no failures without a report", () => {
    expect(failuresOf(undefined, "/r")).toEqual([])
  })

  it("count a run without a report, or one that ended badly, as a failure", () => {
    expect(testCounts(undefined, false)).toEqual({ passed: 0, failed: 1 })
    expect(testCounts({ ...results, numFailedTests: 0 }, false)).toEqual({ passed: 1, failed: 1 })
    expect(testCounts(results, false)).toEqual({ passed: 1, failed: 1 })
  })

  it("list the slow files", () => {
    expect(timesOf(results, "/r")).toBe("    12 s  test/sum.test.ts\n    13 s  2 files")
  })
})
