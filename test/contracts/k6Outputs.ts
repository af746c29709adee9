/** k6's outputs: JSON, its log, its summary, InfluxDB and Prometheus. */
import type { K6Fact, K6Ran } from "./k6Runs.js"

const ASKS = `import http from "k6/http"; export default function () { http.get(__ENV.BASE_URL) }`
const THROWS = `export default function () { throw new Error("no") }`

/** The log's entries with a text in their message, by some of their fields. */
const logged =
  (text: string, ...fields: string[]) =>
  ({ log }: K6Ran) =>
    log.filter(({ msg = "" }) => msg.includes(text)).map((entry) => fields.map((field) => entry[field]))

export const K6_OUTPUTS: readonly K6Fact[] = [
  {
    id: "json-lines",
    fact: `--out=json writes a line for each sample, without spaces: "metric":"NAME", "type":"Point", "time":"YYYY-MM-DDTHH:MM:SS…", "value":NUMBER, and its tags after them.`,
    sources: [
      "docs 1.3, results-output/real-time/json",
      "k6 1.3.0 and 2.2.0, internal/output/json/wrapper.go",
    ],
    check: {
      run: { script: ASKS },
      found: ({ lines }) =>
        lines
          .filter((line) => line.includes('"http_req_duration"') && line.includes('"type":"Point"'))
          .map((line) =>
            /^\{"metric":"http_req_duration","type":"Point","data":\{"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[^"]*","value":[-+0-9.eE]+,"tags":\{/.test(
              line,
            ),
          ),
      equals: [true],
    },
  },
  {
    id: "json-escapes",
    fact: "Quotes in a tag's value are escaped, so that a value can't pass for a tag.",
    sources: ["RFC 8259"],
    check: {
      run: {
        script: `import http from "k6/http"; export default function () { http.get(__ENV.BASE_URL, { tags: { own: '","status":"0' } }) }`,
      },
      found: ({ lines }) =>
        lines.filter(
          (line) => line.includes('"metric":"http_req_duration"') && line.includes('"status":"0"'),
        ),
      equals: [],
    },
  },
  {
    id: "json-pipe",
    fact: "The file of --out=json may be a named pipe, which k6 opens to write and flushes at least every second.",
    sources: ["k6 1.3.0, internal/output/json/json.go: each 200 ms"],
    check: {
      run: { script: ASKS, arguments: ["--iterations=3"], gathered: true },
      found: ({ kept, base }) => [
        kept["exit"]?.trim(),
        (kept["series"] ?? "")
          .split("\n")
          .filter((line) => line.startsWith("r ") && line.endsWith(` ${new URL(base).host}`))
          .reduce((sum, line) => sum + Number(line.split(" ")[6]), 0),
      ],
      equals: ["0", 3],
    },
  },
  {
    id: "log-json",
    fact: "--log-format=json writes the log to standard error, a line of JSON for each entry, with level, msg and time.",
    sources: ["docs 1.3, using-k6/k6-options/reference: log-format"],
    check: {
      run: { script: `export default function () { console.log("hello") }` },
      found: logged("hello", "level", "source"),
      equals: [["info", "console"]],
    },
  },
  {
    id: "log-exception",
    fact: `An exception of an iteration is an error with the source stacktrace, written "source":"stacktrace".`,
    sources: ["k6 1.3.0, lib/executor/helpers.go", "k6 2.2.0, errext/format.go", "grafana/k6#6480"],
    check: {
      run: { script: THROWS, arguments: ["--iterations=2"] },
      found: ({ output }) => output.split('"source":"stacktrace"').length - 1,
      equals: 2,
    },
  },
  {
    id: "log-exception-text",
    fact: "In text, an exception's line ends with: source=stacktrace.",
    sources: ["grafana/k6#6480", "k6 1.3.0, internal/cmd/root.go: logrus, fields by name"],
    check: {
      run: { script: THROWS, log: "text" },
      found: ({ output }) => output.split("\n").filter((line) => line.endsWith(" source=stacktrace")).length,
      equals: 1,
    },
  },
  {
    id: "log-failed-request",
    fact: "A request without a response is a warning, Request Failed, with the reason as error; a status is none.",
    sources: ["k6 1.3.0 and 2.2.0, lib/netext/httpext/request.go"],
    check: {
      run: {
        script: `import http from "k6/http"; export default function () { http.get("http://127.0.0.1:1/"); http.get(__ENV.BASE_URL + "/bad") }`,
      },
      found: ({ log }) =>
        log
          .filter(({ msg }) => msg === "Request Failed")
          .map(({ level, error = "" }) => [level, error.includes("connection refused")]),
      equals: [["warning", true]],
    },
  },
  {
    id: "summary-export",
    fact: "--summary-export writes the metrics by their names, those of a tag as metric{tag:value}, and root_group with its checks by their names.",
    sources: ["docs 1.3, results-output/end-of-test", "k6 1.3.0 and 2.2.0, internal/js/summary-wrapper.js"],
    check: {
      run: {
        script: `import http from "k6/http"; import { check, group } from "k6"
export default function () { http.get(__ENV.BASE_URL); check(1, { yes: () => true, no: () => false }); group("first", () => {}) }`,
      },
      found: ({ summary }) => [
        summary?.metrics["http_reqs"]?.["count"],
        summary?.metrics["http_req_duration{expected_response:true}"] !== undefined,
        summary?.root_group.checks["no"]?.fails,
        Object.keys(summary?.root_group.groups ?? {}),
      ],
      equals: [1, true, 1, ["first"]],
    },
  },
  {
    id: "summary-thresholds",
    fact: "In that file a threshold is true where it was crossed.",
    sources: ["grafana/k6#5316", "k6 1.3.0, internal/js/summary-wrapper.js"],
    check: {
      run: {
        script: `import { check } from "k6"; export const options = { thresholds: { checks: ["rate>0.9", "rate<0.9"] } }
export default function () { check(1, { no: () => false }) }`,
      },
      found: ({ summary }) => summary?.metrics["checks"]?.["thresholds"],
      equals: { "rate>0.9": true, "rate<0.9": false },
    },
  },
  {
    id: "handle-summary",
    fact: "A script's handleSummary gets root_group with lists of groups and checks, and --summary-export is written beside what it returns.",
    sources: ["docs 1.3, results-output/end-of-test/custom-summary"],
    check: {
      run: {
        script: `import { check } from "k6"; export default function () { check(1, { no: () => false }) }
export function handleSummary(data) { return { stderr: JSON.stringify({ msg: "own", found: data.root_group.checks[0].name }) + "\\n" } }`,
      },
      found: (ran) => [logged("own", "found")(ran), ran.summary !== undefined],
      equals: [[["no"]], true],
    },
  },
  {
    id: "output-unknown",
    fact: "An output that k6 doesn't have ends with 255.",
    sources: ["grafana/k6#4941"],
    check: {
      run: { script: ASKS, arguments: ["--out=unheard-of"] },
      found: ({ exitCode }) => exitCode,
      equals: 255,
    },
  },
  {
    id: "influxdb",
    fact: "--out=influxdb=URL/DATABASE?retention=POLICY writes to /write of InfluxDB 1 as the user K6_INFLUXDB_USERNAME with K6_INFLUXDB_PASSWORD.",
    sources: [
      "docs 1.3, results-output/real-time/influxdb",
      "k6 1.3.0 and 2.2.0, internal/output/influxdb/config.go",
    ],
    read: "k6-docs at 587199f5c, v1.3.x and v2.2.x, which are the same; k6 1.3.0 and 2.2.0",
    check: {
      run: {
        script: ASKS,
        arguments: ["--out=influxdb={base}/load?retention=week"],
        environment: { K6_INFLUXDB_USERNAME: "user", K6_INFLUXDB_PASSWORD: "word" },
      },
      found: ({ received }) => {
        const { path, authorization } = received.find((each) => each.path.startsWith("/write?")) ?? {}
        const query = new URL(path ?? "/", "http://x").searchParams
        return [query.get("db"), query.get("rp"), authorization]
      },
      equals: ["load", "week", `Basic ${Buffer.from("user:word").toString("base64")}`],
    },
  },
  {
    id: "influxdb-unreached",
    fact: "A failed write to InfluxDB is an error in the log, with the output InfluxDBv1, and doesn't change the exit code.",
    sources: ["k6 1.3.0 and 2.2.0, internal/output/influxdb/output.go"],
    check: {
      run: { script: ASKS, arguments: ["--out=influxdb=http://127.0.0.1:1/load"] },
      found: ({ exitCode, log }) => [
        exitCode,
        log.some(
          ({ level, output, error = "" }) => level === "error" && output === "InfluxDBv1" && error !== "",
        ),
      ],
      equals: [0, true],
    },
  },
  {
    id: "prometheus",
    fact: "--out=experimental-prometheus-rw writes to K6_PROMETHEUS_RW_SERVER_URL with the bearer token K6_PROMETHEUS_RW_BEARER_TOKEN, in 2.x as well.",
    sources: [
      "docs 1.3, results-output/real-time/prometheus-remote-write",
      "k6 2.2.0, internal/cmd/outputs.go",
    ],
    read: "k6-docs at 587199f5c, v1.3.x and v2.2.x, which differ in one option; k6 1.3.0 and 2.2.0",
    check: {
      run: {
        script: ASKS,
        arguments: ["--out=experimental-prometheus-rw"],
        environment: {
          K6_PROMETHEUS_RW_SERVER_URL: "{base}/api/v1/write",
          K6_PROMETHEUS_RW_BEARER_TOKEN: "word",
          K6_PROMETHEUS_RW_TREND_STATS: "med,p(95)",
        },
      },
      found: ({ received }) => received[0],
      equals: { path: "/api/v1/write", authorization: "Bearer word" },
    },
  },
  {
    id: "prometheus-names",
    fact: "Prometheus gets k6_http_req_duration_med and k6_http_req_duration_p95, in seconds, for the statistics med,p(95).",
    sources: [
      "docs 1.3, results-output/real-time/prometheus-remote-write",
      "k6 1.3.0, internal/output/prometheusrw",
    ],
    read: "k6-docs at 587199f5c, v1.3.x and v2.2.x, which differ in one option; k6 1.3.0 and 2.2.0",
    byHand: "k6 run with that output beside a Prometheus that takes remote writes, and query it",
  },
  {
    id: "prometheus-tls",
    fact: "Over TLS a receiver must speak TLS 1.3; from 2.0 on K6_PROMETHEUS_RW_TLS_MINIMUM_VERSION=1.2 allows 1.2, which the documentation calls K6_PROMETHEUS_RW_TLS_MIN_VERSION.",
    sources: [
      "k6 1.3.0, 2.0.0 and 2.2.0, internal/output/prometheusrw/remotewrite/config.go",
      "docs 2.2, results-output/real-time/prometheus-remote-write",
    ],
    read: "all of them, at these versions",
    byHand: "k6 run with that output to a proxy that has TLS 1.2 alone: a failed write",
  },
  {
    id: "prometheus-unreached",
    fact: "A failed write to Prometheus is an error in the log, with the output Prometheus remote write, and doesn't change the exit code.",
    sources: ["k6 1.3.0 and 2.2.0, internal/output/prometheusrw/remotewrite/remotewrite.go"],
    check: {
      run: {
        script: ASKS,
        arguments: ["--out=experimental-prometheus-rw"],
        environment: { K6_PROMETHEUS_RW_SERVER_URL: "http://127.0.0.1:1/api/v1/write" },
      },
      found: ({ exitCode, log }) => [
        exitCode,
        log.some(({ level, output }) => level === "error" && output === "Prometheus remote write"),
      ],
      equals: [0, true],
    },
  },
]
