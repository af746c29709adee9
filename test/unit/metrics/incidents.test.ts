import { describe, expect, test } from "vitest"
import { parseIncidents } from "../../../src/lib/metrics/incidents.js"

/** Problems of a file as `line:column message`. */
const problems = (text: string): string[] =>
  (parseIncidents(text).outcome?.findings ?? []).map(
    ({ line, column, message }) => `${line}:${column} ${message}`,
  )

test.each([undefined, "", "incidents:\n", "version: 1\nincidents: []\n"])(
  "parseIncidents finds none in %j",
  (text) => {
    expect(parseIncidents(text)).toEqual({ incidents: [] })
  },
)

test("parseIncidents reads every key, with a deployment by hash and by version", () => {
  const text = `incidents:
  - id: INC-1
    deployment: 0a1b2c3d
    started: 2026-03-01T12:00:00Z
    resolved: "2026-03-01T15:00:00+02:00"
    url: https://incidents.example.com/1
  - {id: INC-2, version: v1.2.3, environment: production, started: "2026-03-01T12:00:00.5-01:00"}
`
  const common = { version: "", environment: "", deployment: "", url: "" }
  expect(parseIncidents(text)).toEqual({
    incidents: [
      {
        ...common,
        id: "INC-1",
        deployment: "0a1b2c3d",
        url: "https://incidents.example.com/1",
        line: 2,
        started: Date.UTC(2026, 2, 1, 12),
        resolved: Date.UTC(2026, 2, 1, 13),
      },
      {
        ...common,
        id: "INC-2",
        version: "v1.2.3",
        environment: "production",
        line: 7,
        started: Date.UTC(2026, 2, 1, 13, 0, 0, 500),
        resolved: undefined,
      },
    ],
  })
})

const ENTRY = 'id: I, deployment: 0a1b2c3d, started: "2026-03-01T12:00:00Z"'

describe("parseIncidents reports", () => {
  test("all problems at once, with line and column", () => {
    const text = `incidents:
  - {id: I, began: x, deployment: HEAD}
  - {${ENTRY}, url: "https://ann:hunter2@example.com/"}
  - {id: J, version: v1, environment: prod, started: "2026-02-30T12:00:00Z"}
  - nothing
`
    expect(problems(text)).toEqual([
      "2:5 incidents[0]: the key started is missing",
      "2:13 incidents[0].began: unknown key; expected one of id, deployment, version, environment, started, resolved, url",
      expect.stringMatching(/^2:35 incidents\[0\]\.deployment: expected the hash of a ledger entry/),
      '3:10 incidents[1].id: duplicate incident "I"',
      expect.stringMatching(/^3:73 incidents\[1\]\.url: expected a URL without user name and password/),
      expect.stringMatching(/^4:39 incidents\[2\]\.environment: /),
      "4:54 incidents[2].started: expected a valid time",
      expect.stringMatching(/^5:5 incidents\[3\]: expected /),
    ])
    expect(problems(text).join()).not.toContain("hunter2")
  })

  test("environments that slipway.yaml doesn't name", () => {
    const of = (environment: string) =>
      parseIncidents(
        `incidents: [{id: I, version: v1, environment: ${environment}, started: 2026-03-01T12:00:00Z}]`,
        ["qa", "live"],
      )
    expect(of("qa").incidents).toHaveLength(1)
    expect(of("staging").outcome?.findings[0]?.message).toContain("expected one of qa, live")
  })

  test.each([
    [
      "no zone",
      'id: I, deployment: 0a1b2c3d, started: "2026-03-01T12:00:00"',
      /expected a time with its zone/,
    ],
    ["a day alone", "id: I, deployment: 0a1b2c3d, started: 2026-03-01", /expected a time with its zone/],
    [
      "an end before the start",
      `${ENTRY}, resolved: "2026-03-01T12:59:59+01:00"`,
      /expected a time after the start/,
    ],
    [
      "a version without its environment",
      'id: I, version: v1, started: "2026-03-01T12:00:00Z"',
      /expected the hash of the deployment's ledger entry, or version and environment/,
    ],
    [
      "a hash and a version",
      `${ENTRY}, version: v1`,
      /expected the hash of the deployment's ledger entry, or version/,
    ],
    [
      "no deployment",
      'id: I, started: "2026-03-01T12:00:00Z"',
      /expected the hash of the deployment's ledger entry/,
    ],
    [
      "a hash that is too short",
      'id: I, deployment: "0a1b", started: "2026-03-01T12:00:00Z"',
      /at least its first 8 characters/,
    ],
  ])("a problem for %s", (_, entry, message) => {
    expect(problems(`incidents:\n  - {${entry}}\n`).join()).toMatch(message)
  })

  test("a duplicate id", () => {
    expect(problems(`incidents:\n  - {${ENTRY}}\n  - {${ENTRY}}\n`)).toEqual([
      '3:10 incidents[1].id: duplicate incident "I"',
    ])
  })
})
