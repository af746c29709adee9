import { expect, test } from "vitest"
import { smokeOutcome } from "../../../src/lib/migration/smoke.js"

const SMOKE = { port: 8000, paths: ["/health", "/jobs"], seconds: 15 }
const answer = (path: string, status: number, body = "") => ({ path, status, body })

test.each<[string, object | string, string]>([
  [
    "passed",
    { answers: [answer("/health", 200), answer("/jobs", 301)], ended: null, log: "" },
    "answers /health, /jobs",
  ],
  [
    "failed",
    { answers: [answer("/health", 503, "no such column\n")], ended: null, log: "a\nlast\n" },
    '/health answered 503, "no such column": last',
  ],
  [
    "failed",
    { answers: [answer("/health", 200), answer("/jobs", 500)], ended: null, log: "" },
    "/jobs answered 500: it said nothing",
  ],
  [
    "failed",
    { answers: [answer("/health", 0, "refused")], ended: null, log: "x" },
    "/health did not answer within 15 s (refused): x",
  ],
  ["failed", { answers: [answer("/health", 0, "refused")], ended: 3, log: "boom" }, "it ended with 3: boom"],
  ["failed", { answers: [answer("/health", 200)], ended: 0, log: "done" }, "it ended with 0: done"],
  [
    "failed",
    { answers: [], ended: null, log: "uvicorn: not found" },
    "it can't be started: uvicorn: not found",
  ],
  ["failed", "Traceback", "it could not be asked: Traceback"],
  ["failed", "", "it could not be asked: nothing was printed"],
])("smokeOutcome %s: %j", (status, printed, reason) => {
  const text = typeof printed === "string" ? printed : `noise\n${JSON.stringify(printed)}\n`
  expect(smokeOutcome(text, SMOKE)).toMatchObject({ status, reason })
})
