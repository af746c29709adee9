/** k6's exit codes, and thresholds. */
import type { K6Fact, K6Ran } from "./k6Runs.js"

const CODES = "k6 1.3.0 and 2.2.0, errext/exitcodes/codes.go"
const BAD = `import http from "k6/http"; export default function () { http.get(__ENV.BASE_URL + "/bad") }`
const EXEC = `import exec from "k6/execution"; import { check, fail, sleep } from "k6";`

const code = ({ exitCode }: K6Ran): number => exitCode
const says = (text: string) => (ran: K6Ran) => [
  ran.exitCode,
  ran.log.some(({ msg = "" }) => msg.includes(text)),
]

const thresholds = (metric: string, rule: string, rest: string): string =>
  `export const options = { thresholds: { ${JSON.stringify(metric)}: [${rule}] } }; ${rest}`

export const K6_EXITS: readonly K6Fact[] = [
  {
    id: "exit-0",
    fact: "A test whose checks fail and whose requests fail ends with 0.",
    sources: ["docs 1.3, using-k6/checks", "grafana/k6#735"],
    check: {
      run: {
        script: `import { check } from "k6"; import http from "k6/http"
export default function () { check(http.get(__ENV.BASE_URL + "/bad"), { good: ({ status }) => status === 200 }) }`,
      },
      found: code,
      equals: 0,
    },
  },
  {
    id: "exit-0-thrown",
    fact: "A test whose every iteration threw ends with 0, and its iterations count as complete.",
    sources: ["grafana/k6#4283", "grafana/k6#6480", "k6 1.3.0, lib/executor/helpers.go"],
    check: {
      run: { script: `export default function () { throw new Error("no") }`, arguments: ["--iterations=3"] },
      found: ({ exitCode, points }) => [
        exitCode,
        points.filter(({ metric }) => metric === "iterations").length,
      ],
      equals: [0, 3],
    },
  },
  {
    id: "exit-99",
    fact: "Crossed thresholds end with 99, and the log says: thresholds on metrics 'NAME' have been crossed.",
    sources: [CODES, "k6 1.3.0 and 2.2.0, internal/cmd/run.go"],
    check: {
      run: { script: thresholds("http_req_failed", '"rate<0.1"', BAD) },
      found: says("thresholds on metrics 'http_req_failed' have been crossed"),
      equals: [99, true],
    },
  },
  {
    id: "exit-99-abort",
    fact: "A threshold with abortOnFail ends the test early, with 99; the log begins with: thresholds on metrics.",
    sources: ["docs 1.3, using-k6/thresholds", "k6 1.3.0, internal/metrics/engine/engine.go"],
    check: {
      run: {
        script: `import { sleep } from "k6"; ${thresholds("http_req_failed", '{ threshold: "rate<0.1", abortOnFail: true }', BAD.replace("}", "; sleep(0.1) }"))}`,
        arguments: ["--stage=60s:1"],
      },
      found: ({ exitCode, log }) => [
        exitCode,
        log.some(({ msg = "" }) => msg.startsWith("thresholds on metrics ")),
      ],
      equals: [99, true],
    },
  },
  {
    id: "exit-99-tags",
    fact: "A threshold may be one of the samples with a tag, metric{tag:value}.",
    sources: ["docs 1.3, using-k6/thresholds"],
    check: {
      run: {
        script: thresholds(
          "http_req_failed{operation:login}",
          '"rate<0.1"',
          `import http from "k6/http"; export default function () { http.get(__ENV.BASE_URL + "/bad", { tags: { operation: "login" } }) }`,
        ),
      },
      found: says("'http_req_failed{operation:login}'"),
      equals: [99, true],
    },
  },
  {
    id: "threshold-rate-without-samples",
    fact: "A threshold on a rate passes without a sample.",
    sources: ["grafana/k6#4283", "k6 1.3.0, metrics/thresholds.go"],
    check: {
      run: { script: thresholds("checks", '"rate>0.9"', "export default function () {}") },
      found: code,
      equals: 0,
    },
  },
  {
    id: "threshold-counter-without-samples",
    fact: "Counters, gauges and trends without a sample are 0 when the test ends, and thresholds are judged by that.",
    sources: ["grafana/k6#1053", "k6 1.3.0, internal/metrics/engine/engine.go and metrics/thresholds.go"],
    check: {
      run: { script: thresholds("http_reqs", '"count>5"', "export default function () {}") },
      found: code,
      equals: 99,
    },
  },
  {
    id: "exit-100",
    fact: "A setup that takes longer than setupTimeout, 60 s by default, ends with 100.",
    sources: [CODES, "k6 1.3.0, internal/js/timeout_error.go"],
    check: {
      run: {
        script: `${EXEC} export const options = { setupTimeout: "100ms" }; export function setup() { sleep(5) } export default function () {}`,
      },
      found: code,
      equals: 100,
    },
  },
  {
    id: "exit-101",
    fact: "A teardown that takes longer than teardownTimeout, 60 s by default, ends with 101.",
    sources: [CODES, "k6 1.3.0, internal/js/timeout_error.go"],
    check: {
      run: {
        script: `${EXEC} export const options = { teardownTimeout: "100ms" }; export function teardown() { sleep(5) } export default function () {}`,
      },
      found: code,
      equals: 101,
    },
  },
  {
    id: "exit-102",
    fact: "102 is a time limit of another part of the script.",
    sources: [CODES],
    byHand: "no way to it is known in k6 run",
  },
  {
    id: "exit-103",
    fact: "103 is a test that was stopped through the REST API, not one that could not begin.",
    sources: [CODES, "k6 1.3.0 and 2.2.0, api/v1/status_routes.go"],
    byHand: `k6 run --address=localhost:6565 …; curl -X PATCH localhost:6565/v1/status with {"data":{"type":"status","id":"default","attributes":{"stopped":true}}}`,
  },
  {
    id: "exit-104-option",
    fact: "An option of the script with an invalid value ends with 104.",
    sources: [CODES, "grafana/k6#3759"],
    check: {
      run: {
        script: `export const options = { stages: [{ duration: "soon", target: 1 }] }; export default function () {}`,
      },
      found: code,
      equals: 104,
    },
  },
  {
    id: "exit-104-threshold",
    fact: "A threshold that doesn't fit its metric, or is on a metric that isn't there, ends with 104.",
    sources: ["k6 1.3.0, metrics/thresholds.go"],
    check: {
      run: { script: thresholds("checks", '"p(95)<1"', "export default function () {}") },
      found: code,
      equals: 104,
    },
  },
  {
    id: "exit-104-no-default",
    fact: "With stages a script that exports only other functions ends with 104; the log says: function 'default' not found in exports.",
    sources: ["k6 1.3.0 and 2.2.0, internal/cmd/config.go: validateConfig"],
    check: {
      run: {
        script: `export const options = { scenarios: { own: { executor: "constant-vus", vus: 1, duration: "1s", exec: "work" } } }; export function work() {}`,
        arguments: ["--stage=1s:1"],
      },
      found: says("function 'default' not found in exports"),
      equals: [104, true],
    },
  },
  {
    id: "exit-105",
    fact: "SIGTERM ends a test with 105.",
    sources: [CODES, "k6 1.3.0 and 2.2.0, internal/cmd/run.go"],
    check: {
      run: {
        script: `import { sleep } from "k6"; export default function () { sleep(0.1) }`,
        arguments: ["--stage=60s:1"],
        signal: "SIGTERM",
      },
      found: code,
      equals: 105,
    },
  },
  {
    id: "signal-summary",
    fact: "After a first SIGTERM k6 still writes its samples and --summary-export; a second one ends it at once.",
    sources: ["k6 1.3.0 and 2.2.0, internal/cmd/{common,run}.go"],
    check: {
      run: {
        script: `import { sleep } from "k6"; export default function () { sleep(0.1) }`,
        arguments: ["--stage=60s:1"],
        signal: "SIGTERM",
      },
      found: ({ points, summary }) => [
        points.some(({ metric }) => metric === "iterations"),
        summary?.metrics["iterations"] !== undefined,
      ],
      equals: [true, true],
    },
  },
  {
    id: "exit-106",
    fact: "An --address that can't be listened on ends with 106.",
    sources: [CODES, "k6 1.3.0 and 2.2.0, internal/cmd/run.go"],
    check: {
      run: {
        script: `import { sleep } from "k6"; export default function () { sleep(2) }`,
        arguments: ["--address=192.0.2.1:1"],
      },
      found: code,
      equals: 106,
    },
  },
  {
    id: "exit-107-init",
    fact: "A script that throws as it is loaded ends with 107.",
    sources: [CODES, "k6 1.3.0 and 2.2.0, internal/js/runner.go"],
    check: {
      run: { script: `throw new Error("no"); export default function () {}` },
      found: code,
      equals: 107,
    },
  },
  {
    id: "exit-107-setup",
    fact: "A setup that throws ends with 107, before any user runs.",
    sources: [CODES, "grafana/k6#868"],
    check: {
      run: { script: `${EXEC} export function setup() { fail("no") } export default function () {}` },
      found: ({ exitCode, points }) => [exitCode, points.some(({ metric }) => metric === "iterations")],
      equals: [107, false],
    },
  },
  {
    id: "exit-107-teardown",
    fact: "A teardown that throws ends with 107.",
    sources: [CODES, "k6 1.3.0, internal/js/runner.go"],
    check: {
      run: { script: `${EXEC} export function teardown() { fail("no") } export default function () {}` },
      found: code,
      equals: 107,
    },
  },
  {
    id: "exit-107-syntax",
    fact: "A mistake in a script ends with 107 where extensions aren't resolved; where they are, 1.2 and 1.3 end with 255.",
    sources: ["grafana/k6#5127", "k6 1.4.0, release notes"],
    check: { run: { script: "export default function () { if {" }, found: code, equals: 107 },
  },
  {
    id: "exit-255-no-functions",
    fact: "A script that exports no function ends with 255; the log says: no exported functions in script.",
    sources: ["k6 1.3.0 and 2.2.0, internal/js/bundle.go"],
    check: {
      run: { script: "export const a = 1" },
      found: says("no exported functions in script"),
      equals: [255, true],
    },
  },
  {
    id: "exit-108",
    fact: "exec.test.abort() ends with 108; the log has: test aborted: REASON.",
    sources: [CODES, "docs 1.3, javascript-api/k6-execution"],
    check: {
      run: { script: `${EXEC} export default function () { exec.test.abort("enough") }` },
      found: says("test aborted: enough"),
      equals: [108, true],
    },
  },
  {
    id: "exit-109",
    fact: "109 is a panic of k6 itself.",
    sources: [CODES, "k6 1.3.0, internal/cmd/root.go"],
    byHand: "no way to it is known",
  },
  {
    id: "exit-110",
    fact: "exec.test.fail() lets a test run to its end, and ends with 110, also where thresholds are crossed; the log has: test marked as failed: REASON.",
    sources: [CODES, "docs 1.3, javascript-api/k6-execution", "k6 1.3.0, internal/cmd/run.go"],
    check: {
      run: {
        script: thresholds(
          "checks",
          '"rate==1"',
          `${EXEC} export default function () { exec.test.fail("bad"); check(1, { no: () => false }) }`,
        ),
        arguments: ["--iterations=2"],
      },
      found: (ran) => [
        ...says("test marked as failed: bad")(ran),
        ran.points.filter(({ metric }) => metric === "checks").length,
      ],
      equals: [110, true, 2],
    },
  },
  {
    id: "exit-97-98",
    fact: "97 and 98 are codes of k6 cloud alone.",
    sources: [CODES, "k6 1.3.0, internal/cmd/cloud.go"],
    byHand: "k6 run has no way to them",
  },
]
