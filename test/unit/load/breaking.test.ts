import { describe, expect, it } from "vitest"
import { breakOf, intervalsOf } from "../../../src/lib/load/breaking.js"
import { seconds } from "./runs.js"

const LIMITS = { p95: 2000, errors: 10 }

describe("breakOf", () => {
  it("finds where a service becomes slow and stays so", () => {
    const found = breakOf(
      seconds(60, (at) => ({ p95: at === 10 || at >= 30 ? 2500 : 100 })),
      LIMITS,
    )
    expect(found).toEqual({ users: 30, at: 30, why: "95 of 100 requests took up to 2500 ms" })
  })

  it("finds where requests fail", () => {
    expect(
      breakOf(
        seconds(60, (at) => ({ errors: at >= 40 ? 5 : 4 })),
        LIMITS,
      ),
    ).toEqual({ users: 40, at: 40, why: "10 % of the requests failed" })
  })

  it("finds where a service stops answering", () => {
    const hung = seconds(60, (at) => (at >= 45 ? { requests: 0 } : {}))
    expect(breakOf(hung, LIMITS)).toEqual({
      users: 45,
      at: 45,
      why: "only 0 requests came to an end, after 50 of 0 users before",
    })
  })

  it("finds nothing for a stable service, for one without users, and for too few requests", () => {
    expect(
      breakOf(
        seconds(60, () => ({})),
        LIMITS,
      ),
    ).toBeUndefined()
    const leaving = seconds(60, (at) => (at >= 45 ? { requests: 0, users: 59 - at } : { users: 45 }))
    expect(breakOf(leaving, LIMITS)).toBeUndefined()
    expect(
      breakOf(
        seconds(60, () => ({ requests: 3, errors: 3 })),
        LIMITS,
      ),
    ).toBeUndefined()
    expect(breakOf([], LIMITS)).toBeUndefined()
  })

  it("groups the seconds of long runs into intervals", () => {
    const intervals = intervalsOf(
      seconds(120, (at) => (at % 2 ? { requests: 10, p95: 100 } : { requests: 30, p95: 20 })),
    )
    expect(intervals).toHaveLength(60)
    expect(intervals[3]).toEqual({ at: 6, users: 7, requests: 40, errors: 0, p95: 40 })
  })
})
