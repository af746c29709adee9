import { describe, expect, it, test } from "vitest"
import { inARow, judgeTraffic, rateText, unhealthy } from "../../../src/lib/deploy/judge.js"

describe("judgeTraffic", () => {
  const limits = { maxPercent: 2, samples: 100 }
  test.each([
    [99, 99, "too few"],
    [100, 2, "good"],
    [100, 3, "too few"],
    [100, 6, "bad"],
    [1000, 20, "good"],
    [1000, 21, "too few"],
    [1000, 30, "bad"],
    [0, 0, "too few"],
  ])("%d with %d errors: %s", (requests, errors, judgement) => {
    expect(judgeTraffic({ requests, errors }, limits)).toBe(judgement)
  })

  it("allows no error for a limit of 0", () => {
    expect(judgeTraffic({ requests: 100, errors: 0 }, { maxPercent: 0, samples: 1 })).toBe("good")
    expect(judgeTraffic({ requests: 100, errors: 1 }, { maxPercent: 0, samples: 1 })).toBe("bad")
  })
})

test.each([
  [1240, 63, "error rate 5.1 % (63 of 1,240 requests; limit 2 %)"],
  [1, 0, "error rate 0.0 % (0 of 1 request; limit 2 %)"],
  [0, 0, "error rate 0.0 % (0 of 0 requests; limit 2 %)"],
  [99.6, 1.2, "error rate 1.2 % (1 of 100 requests; limit 2 %)"],
])("rateText of %d requests with %d errors", (requests, errors, text) => {
  expect(rateText({ requests, errors }, { maxPercent: 2, samples: 100 })).toBe(text)
})

describe("unhealthy", () => {
  const asked = { path: "/health", status: 200 }
  const answer = (status: number, body = "", problem?: string) => ({
    status,
    body,
    milliseconds: 1,
    ...(problem !== undefined && { problem }),
  })

  it("accepts an answer by its status and its body", () => {
    expect(unhealthy(answer(200), asked)).toBeUndefined()
    expect(unhealthy(answer(200, '{"status": "ok"}'), { ...asked, body: '"ok"' })).toBeUndefined()
    expect(unhealthy(answer(204), { ...asked, status: 204 })).toBeUndefined()
  })

  test.each([
    [answer(0, "", "connect ECONNREFUSED"), {}, "/health: connect ECONNREFUSED"],
    [answer(0), {}, "/health: no answer"],
    [answer(503), {}, "/health answers 503, not 200"],
    [answer(500, " a\n\n b "), {}, "/health answers 500, not 200: a b"],
    [answer(200), { status: 204 }, "/health answers 200, not 204"],
    [answer(200, "down"), { body: '"ok"' }, '/health answers without "\\"ok\\"": down'],
    [answer(500, "x".repeat(500)), {}, `/health answers 500, not 200: ${"x".repeat(200)}`],
  ])("rejects %j", (given, more, problem) => {
    expect(unhealthy(given, { ...asked, ...more })).toBe(problem)
  })
})

it("inARow counts successes, and starts again after a failure", () => {
  expect([true, true, false, true].reduce(inARow, 0)).toBe(1)
  expect([false, true, true].reduce(inARow, 0)).toBe(2)
})
