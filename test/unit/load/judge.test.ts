import { describe, expect, it } from "vitest"
import { judgeRun, type Ran } from "../../../src/lib/load/judge.js"
import type { Profile } from "../../../src/lib/load/profile.js"
import { UNKNOWN_HOST, UNKNOWN_STATUS } from "../../../src/lib/load/series.js"
import { HOST, lines, profile, ran } from "./runs.js"

const judged = (run: Ran, changes: Partial<Profile> = {}, made = true) =>
  judgeRun(run, profile(changes), HOST, made)

const said = (...entries: Record<string, string>[]) =>
  entries.map((entry) => JSON.stringify(entry)).join("\n")

describe("judgeRun of a load test", () => {
  it("passes with the measurements as the reason", () => {
    expect(judged(ran())).toEqual({
      status: "passed",
      exitCode: 0,
      findings: [],
      measured: "100 requests, 0 % failed, 95 of 100 within 20 ms, by up to 10 users",
      reason: "100 requests, 0 % failed, 95 of 100 within 20 ms, by up to 10 users",
    })
  })

  it("keeps the measurements of a run that fails", () => {
    expect(judged(ran(lines({ ms: 2000 }))).measured).toMatch(/^100 requests, 0 % failed, .* 2000 ms/)
  })

  it.each([
    [
      "slow",
      ran(lines({ ms: 2000 })),
      "95 of 100 requests took up to 2000 ms, and must take less than 2000 ms",
    ],
    [
      "failing",
      ran(`${lines()}\nr 105 5 503 1503 0 12 ${HOST}`),
      "10.7 % of the requests failed (503: 12), and fewer than 10 % may",
    ],
    [
      "exactly at its limit of errors",
      ran(`r 1 1 200 0 1 90 ${HOST}\nr 1 1 500 1500 0 10 ${HOST}\ni 1 100`),
      "10 % of the requests failed (500: 10), and fewer than 10 % may",
    ],
    [
      "without iterations",
      ran(""),
      "the script asked for nothing: it sent neither HTTP nor gRPC requests; the script ran to its end 0 times, and has to 5 times",
    ],
    [
      "of another host",
      ran(`${lines()}\n${lines({ host: "elsewhere" })}`),
      "it redirects to elsewhere (100 requests), so these are not metrics of service:8000",
    ],
    [
      "of nothing but another host",
      ran(lines({ host: "elsewhere" })),
      "nothing went to service:8000, but to elsewhere (100 requests)",
    ],
    [
      "whose certificate isn't trusted",
      ran(lines({ status: 0, code: 1310, expected: 0 }), {
        said: said({ level: "warning", msg: "Request Failed", error: "x509: unknown authority" }),
      }),
      "the certificate of service:8000 isn't trusted: Request Failed: x509: unknown authority",
    ],
    [
      "whose certificate has expired, which k6 has no code for",
      ran(lines({ status: 0, code: 1000, expected: 0 }), {
        said: said({ level: "warning", msg: "Request Failed", error: "x509: certificate has expired" }),
      }),
      "the certificate of service:8000 isn't trusted: Request Failed: x509: certificate has expired",
    ],
    [
      "that is down",
      ran(lines({ status: 0, code: 1212, expected: 0 }), {
        said: said({ level: "warning", msg: "Request Failed", error: "connection refused" }),
      }),
      "service:8000 answered none of 100 requests: Request Failed: connection refused",
    ],
    [
      "whose script has thresholds of its own",
      ran(lines(), {
        exitCode: 99,
        said: said({ level: "error", msg: "thresholds on metrics 'checks' have been crossed" }),
      }),
      "the script's own: thresholds on metrics 'checks' have been crossed",
    ],
    [
      "whose script has thresholds with tags",
      ran(lines(), {
        exitCode: 99,
        said: said({
          level: "error",
          msg: "thresholds on metrics 'http_req_duration{operation:login}, checks{kind:money}' have been crossed",
        }),
      }),
      "the script's own: thresholds on metrics 'http_req_duration{operation:login}, checks{kind:money}' have been crossed",
    ],
    [
      "whose threshold ends it early",
      ran(lines(), {
        exitCode: 99,
        said: said({
          level: "error",
          msg: "thresholds on metrics 'checks' were crossed; at least one has abortOnFail enabled, stopping test prematurely",
        }),
      }),
      "the script's own: thresholds on metrics 'checks' were crossed; at least one has abortOnFail enabled, stopping test prematurely",
    ],
    [
      "whose script says so",
      ran(lines(), { exitCode: 110, said: said({ level: "error", msg: "test was marked as failed" }) }),
      "the script says that it failed: test was marked as failed",
    ],
    [
      "whose script throws now and then",
      ran(lines(), { thrown: 3, said: said({ level: "error", msg: "TypeError: x", source: "stacktrace" }) }),
      "the script threw 3 times: TypeError: x",
    ],
    [
      "that its script ends",
      ran(lines(), { exitCode: 108, said: said({ level: "error", msg: "test aborted: enough" }) }),
      "the script ended the test: test aborted: enough",
    ],
  ])("fails the gate for a service or script %s", (_, run, reason) => {
    expect(judged(run)).toMatchObject({ status: "failed", exitCode: 1, reason })
  })

  it.each([
    [107, 4, "the script throws: Error: no"],
    [104, 4, "k6 refuses the script's options: Error: no"],
    [255, 3, "k6 ended with 255: Error: no"],
    [103, 3, "the test was ended through k6's REST API: Error: no"],
    [105, 3, "the test was ended from outside: Error: no"],
    [127, 3, "k6 ended with 127: Error: no"],
  ])("returns an error for k6's exit code %i", (exitCode, code, reason) => {
    const run = ran("", {
      exitCode,
      said: said({ level: "info", msg: "hello" }, { level: "error", msg: "Error: no" }),
    })
    expect(judged(run)).toMatchObject({ status: "error", exitCode: code, reason })
  })

  it.each([
    ["setup() throws", 107, "Error: no token\n\tat setup (file:///src/load.js:4:9(6))\n"],
    ["the script has a mistake, whatever k6's exit code", 255, "SyntaxError: Unexpected token {"],
  ])("reports bad input if %s", (_, exitCode, msg) => {
    const run = ran("v 1 0", { exitCode, said: said({ level: "error", msg, hint: "script exception" }) })
    expect(judged(run)).toMatchObject({ status: "error", exitCode: 4 })
    expect(judged(run).reason).toMatch(/^the script throws: /)
  })

  it("reports bad input if the script exports no function", () => {
    const said = JSON.stringify({ level: "error", msg: "could not load: no exported functions in script" })
    expect(judged(ran("", { exitCode: 255, said }))).toMatchObject({ status: "error", exitCode: 4 })
  })

  it("judges calls of gRPC at another port of the service", () => {
    const run = ran(lines({ host: "service:50051" }))
    expect(judged(run, {}, false)).toMatchObject({ status: "passed", findings: [] })
    expect(judged(run, {}, true).status).toBe("failed")
    expect(judged(ran(lines({ host: "service:50051", status: 400, expected: 0 })), {}, false).reason).toMatch(
      /^100 % of the requests failed \(400: 100\)/,
    )
  })

  it("reports bad input if every iteration threw, though k6 reports success", () => {
    const run = ran("i 1 7\nv 1 1", {
      thrown: 7,
      said: said({ level: "error", msg: "Error: no", source: "stacktrace" }),
    })
    expect(judged(run)).toMatchObject({
      status: "error",
      exitCode: 4,
      reason: "the script throws each time: Error: no",
    })
  })

  it("reports an infrastructure error if the host has no address", () => {
    expect(judged(ran(lines({ status: 0, code: 1101, expected: 0 })))).toMatchObject({
      status: "error",
      exitCode: 3,
    })
  })

  it("only notes other hosts if the script is the service's own", () => {
    const { status, findings } = judged(ran(`${lines()}\n${lines({ host: "login" })}`), {}, false)
    expect(status).toBe("passed")
    expect(findings).toMatchObject([{ rule: "host", advisory: true, level: "warning" }])
  })

  it("passes a script that names its requests, and notes that k6 then hides where they went", () => {
    const { status, findings } = judged(ran(lines({ host: UNKNOWN_HOST })), {}, false)
    expect(status).toBe("passed")
    expect(findings).toMatchObject([
      {
        message:
          "k6 doesn't say where 100 requests went: the script names them, or its systemTags leave url out",
        advisory: true,
      },
    ])
  })

  it("notes requests without a status, and fails for those of them that failed", () => {
    const untold = lines().replaceAll(" 200 0 1 ", ` ${UNKNOWN_STATUS} 0 1 `)
    expect(judged(ran(untold), {}, false)).toMatchObject({
      status: "passed",
      findings: [
        {
          message: "k6 doesn't say how 100 requests were answered: the script's systemTags leave status out",
          advisory: true,
        },
      ],
    })
    expect(judged(ran(`${untold}\nf 100 50`), {}, false).reason).toMatch(/^50 % of the requests failed/)
  })

  it("judges a script of WebSocket or a browser by its own checks and thresholds", () => {
    const run = ran("v 1 3\ni 1 9\no 1 9")
    expect(judged(run, {}, false)).toMatchObject({
      status: "passed",
      reason: "9 sessions of WebSocket or requests of a browser, by up to 3 users",
      findings: [{ rule: "requests", advisory: true }],
    })
    expect(judged({ ...run, exitCode: 99 }, {}, false).status).toBe("failed")
  })

  it("says of a script without a default function that the ramps need one", () => {
    const msg =
      "There were problems with the specified script configuration:\n\t- executor default: function 'default' not found in exports"
    expect(judged(ran("", { exitCode: 104, said: said({ level: "error", msg }) }))).toMatchObject({
      exitCode: 4,
      reason: expect.stringMatching(
        /^k6 refuses .* so the script has to export a default function$/,
      ) as string,
    })
  })

  it("names the service if none of the requests that the script names were answered", () => {
    const { reason } = judged(ran(lines({ host: UNKNOWN_HOST, status: 0, code: 1212, expected: 0 })))
    expect(reason).toMatch(/^service:8000 answered none of 100 requests/)
  })

  it("quotes k6's output if that isn't JSON", () => {
    expect(judged(ran("", { exitCode: 1, said: "sh: k6: not found\n" })).reason).toBe(
      "k6 ended with 1: sh: k6: not found",
    )
    expect(judged(ran("", { exitCode: 1 })).reason).toBe("k6 ended with 1: it doesn't say why")
  })
})

describe("judgeRun of a stress test", () => {
  const breaking = Array.from({ length: 40 }, (_, second) => {
    const errors = second >= 20 ? 15 : 0
    return `v ${second} ${second * 10}\ni ${second} 30\nr ${second} 5 200 0 1 ${30 - errors} ${HOST}\nr ${second} 5 500 1500 0 ${errors} ${HOST}`
  }).join("\n")

  it("passes and reports the breaking point", () => {
    expect(judged(ran(breaking), { kind: "stress" })).toMatchObject({
      status: "passed",
      break: { users: 200, at: 20, why: "50 % of the requests failed" },
      findings: [{ rule: "break", advisory: true }],
    })
  })

  it("fails if the service must handle more users", () => {
    const reason = "it breaks at 200 users, and must handle 200: 50 % of the requests failed"
    expect(judged(ran(breaking), { kind: "stress", minimumUsers: 200 })).toMatchObject({
      status: "failed",
      reason,
    })
    expect(judged(ran(breaking), { kind: "stress", minimumUsers: 199 }).status).toBe("passed")
  })

  it("reports that the service doesn't break", () => {
    expect(judged(ran(), { kind: "stress" }).reason).toMatch(/^no break up to 10 users; 100 requests/)
  })

  it.each([
    ["errors", "b 104 7 50 5 0", "10 % of the requests failed"],
    ["slow answers", "b 104 7 50 4 3", "3 of 50 requests took at least 2000 ms"],
    ["a service that hangs", "b 104 7 3 0 0", "only 3 requests came to an end"],
  ])("reports where %s stopped it, which is no fault of the run", (_, line, why) => {
    const stopped = ran(`${lines()}\n${line}`, { exitCode: 105 })
    const whole = `${why}, so the test was stopped`
    const stress = { kind: "stress", iterations: 1_000 } as const
    expect(judged(stopped, stress)).toMatchObject({
      status: "passed",
      break: { users: 7, at: 4, why: whole },
      findings: [{ rule: "break", message: `it breaks at 7 users, after 4 s: ${whole}`, advisory: true }],
    })
    expect(judged(stopped, { ...stress, minimumUsers: 7 }).status).toBe("failed")
  })
})
