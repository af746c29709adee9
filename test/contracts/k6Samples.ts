/** k6's samples: its metrics and their tags. */
import type { K6Fact, K6Ran, Point } from "./k6Runs.js"

const TAGS = "docs 1.3, using-k6/tags-and-groups"
const TRANSPORT = "k6 1.3.0 and 2.2.0, lib/netext/httpext/transport.go"

/** A script that sends these requests once. */
const sends = (requests: string, options = "{}"): string =>
  `import http from "k6/http"; import { check, group } from "k6"; const base = __ENV.BASE_URL
export const options = ${options}
export default function () { ${requests} }`

const requests = ({ points }: K6Ran): Point[] => points.filter(({ metric }) => metric === "http_req_duration")

/** The values of a tag of all requests, with `{base}` for the server's address. */
const tag = (name: string) => (ran: K6Ran) =>
  requests(ran).map(({ tags }) => tags[name]?.replace(ran.base, "{base}"))

const tags =
  (...names: string[]) =>
  (ran: K6Ran) =>
    requests(ran).map(({ tags }) => names.map((name) => tags[name]?.replace(ran.base, "{base}") ?? ""))

const sums = ({ points }: K6Ran, metric: string): number[] =>
  points.filter((point) => point.metric === metric).map(({ value }) => value)

export const K6_SAMPLES: readonly K6Fact[] = [
  {
    id: "request",
    fact: "Each request has one sample of http_req_duration, in milliseconds.",
    sources: ["docs 1.3, using-k6/metrics/reference"],
    check: {
      run: { script: sends("http.get(base); http.get(base)") },
      found: (ran) => [requests(ran).length, requests(ran).every(({ value }) => value >= 0 && value < 5000)],
      equals: [2, true],
    },
  },
  {
    id: "redirects",
    fact: "Each hop of a redirect is a request of its own, with its own url.",
    sources: [TRANSPORT],
    check: {
      run: { script: sends(`http.get(base + "/away")`) },
      found: tags("url", "status"),
      equals: [
        ["{base}/away", "302"],
        ["{base}/", "200"],
      ],
    },
  },
  {
    id: "url",
    fact: "url and name are the address of a request that the script doesn't name.",
    sources: [TAGS, TRANSPORT],
    check: {
      run: { script: sends(`http.get(base + "/a?b=c")`) },
      found: tags("url", "name"),
      equals: [["{base}/a?b=c", "{base}/a?b=c"]],
    },
  },
  {
    id: "url-of-name",
    fact: "A request's name takes the place of its url, against the documentation.",
    sources: ["k6 0.41.0, release notes", "grafana/k6#3754", "grafana/k6-docs#1481", TRANSPORT],
    since: "0.41.0",
    check: {
      run: { script: sends(`http.get(base, { tags: { name: "GET /" } })`) },
      found: tags("url", "name"),
      equals: [["GET /", "GET /"]],
    },
  },
  {
    id: "url-of-template",
    fact: "http.url names a request by its template, and so its url as well.",
    sources: ["docs 1.3, using-k6/http-requests: URL grouping", TRANSPORT],
    check: {
      run: { script: sends("http.get(http.url`${base}/items/${7}`)") },
      found: tags("url", "name"),
      equals: [["${}/items/${}", "${}/items/${}"]],
    },
  },
  {
    id: "url-credentials",
    fact: "A user and a password in an address are stars in url: http://****:****@host.",
    sources: ["k6 1.3.0, lib/netext/httpext/url.go"],
    check: {
      run: { script: sends(`http.get(base.replace("://", "://user:word@"))`) },
      found: (ran) =>
        requests(ran).map(({ tags }) => tags["url"] === ran.base.replace("://", "://****:****@")),
      equals: [true],
    },
  },
  {
    id: "own-tags",
    fact: "A tag of the script's own, such as operation, changes no other tag.",
    sources: [TAGS],
    check: {
      run: { script: sends(`http.get(base, { tags: { operation: "GET /" } })`) },
      found: tags("operation", "url", "name"),
      equals: [["GET /", "{base}", "{base}"]],
    },
  },
  {
    id: "system-tags-win",
    fact: "A script can't give a request another status, url or method by a tag.",
    sources: [TRANSPORT],
    check: {
      run: { script: sends(`http.get(base + "/bad", { tags: { status: "200", url: "x", method: "y" } })`) },
      found: tags("status", "url", "method"),
      equals: [["503", "{base}/bad", "GET"]],
    },
  },
  {
    id: "status",
    fact: "status is the response's, and 0 without one.",
    sources: [TAGS, TRANSPORT],
    check: {
      run: { script: sends(`http.get(base); http.get(base + "/bad"); http.get("http://127.0.0.1:1/")`) },
      found: tag("status"),
      equals: ["200", "503", "0"],
    },
  },
  {
    id: "error-code",
    fact: "error_code is there only for failed requests: 1000 and the status from 400 on, else a number of the fault.",
    sources: ["docs 1.3, javascript-api/error-codes", "k6 1.3.0, lib/netext/httpext/error_codes.go"],
    check: {
      run: { script: sends(`http.get(base); http.get(base + "/missing"); http.get("http://127.0.0.1:1/")`) },
      found: tag("error_code"),
      equals: [undefined, "1404", "1212"],
    },
  },
  {
    id: "error-code-dns",
    fact: "A host without an address has an error_code from 1100 to 1199.",
    sources: ["docs 1.3, javascript-api/error-codes"],
    check: {
      run: { script: sends(`http.get("http://no-such-host.invalid/")`) },
      found: (ran) => requests(ran).map(({ tags }) => /^11\d\d$/.test(tags["error_code"] ?? "")),
      equals: [true],
    },
  },
  {
    id: "error-code-certificate",
    fact: "An unknown authority has the error_code 1310, another name 1311; a certificate that has expired has 1000, as all else.",
    sources: [
      "k6 1.3.0 and 2.2.0, lib/netext/httpext/error_codes.go",
      "docs 1.3, javascript-api/error-codes",
    ],
    byHand:
      "k6 run scripts that ask https://expired.badssl.com, wrong.host.badssl.com and self-signed.badssl.com",
  },
  {
    id: "expected-response",
    fact: "expected_response is true for statuses from 200 to 399, and http_req_failed is 0 for these and 1 for others.",
    sources: ["docs 1.3, javascript-api/k6-http/set-response-callback", TRANSPORT],
    check: {
      run: { script: sends(`http.get(base); http.get(base + "/bad"); http.get("http://127.0.0.1:1/")`) },
      found: (ran) => [tag("expected_response")(ran), sums(ran, "http_req_failed")],
      equals: [
        ["true", "false", "false"],
        [0, 1, 1],
      ],
    },
  },
  {
    id: "response-callback",
    fact: "A response callback says which statuses are expected, for a request or for all of a user.",
    sources: ["docs 1.3, javascript-api/k6-http/expected-statuses"],
    check: {
      run: {
        script: sends(
          `http.get(base + "/missing", { responseCallback: http.expectedStatuses(404, { min: 500, max: 599 }) })
http.setResponseCallback(http.expectedStatuses(503)); http.get(base); http.get(base + "/bad")`,
        ),
      },
      found: tag("expected_response"),
      equals: ["true", "false", "true"],
    },
  },
  {
    id: "response-callback-null",
    fact: "With null for a response callback there is neither expected_response nor http_req_failed.",
    sources: ["docs 1.3, javascript-api/k6-http/set-response-callback", TRANSPORT],
    check: {
      run: { script: sends(`http.setResponseCallback(null); http.get(base + "/bad")`) },
      found: (ran) => [tags("expected_response", "status")(ran), sums(ran, "http_req_failed")],
      equals: [[["", "503"]], []],
    },
  },
  {
    id: "system-tags",
    fact: "systemTags of a script are all that its samples have of themselves: status, url and error_code may be missing.",
    sources: ["docs 1.3, using-k6/k6-options/reference: system-tags", "k6 1.3.0, metrics/system_tag.go"],
    check: {
      run: { script: sends(`http.get(base + "/bad")`, `{ systemTags: ["method"] }`) },
      found: (ran) => [requests(ran).map((point) => point.tags), sums(ran, "http_req_failed")],
      equals: [[{ method: "GET" }], [1]],
    },
  },
  {
    id: "system-tags-of-command-line",
    fact: "--system-tags replaces those of a script. Slipway doesn't give it: a script may spare its receivers tags.",
    sources: ["docs 1.3, using-k6/k6-options/how-to: order of precedence"],
    check: {
      run: {
        script: sends("http.get(base)", `{ systemTags: ["method"] }`),
        arguments: ["--system-tags=status,url"],
      },
      found: (ran) => requests(ran).map(({ tags }) => Object.keys(tags).sort()),
      equals: [["status", "url"]],
    },
  },
  {
    id: "run-tags",
    fact: "--tag adds a tag to every sample, also to those of vus.",
    sources: [TAGS],
    check: {
      run: {
        script: `import http from "k6/http"; import { sleep } from "k6"; export default function () { http.get(__ENV.BASE_URL); sleep(0.2) }`,
        arguments: ["--tag=kind=load", "--stage=1500ms:1"],
      },
      found: ({ points }) => [
        points.every(({ tags }) => tags["kind"] === "load"),
        points.some(({ metric }) => metric === "vus"),
      ],
      equals: [true, true],
    },
  },
  {
    id: "group",
    fact: "group is :: and the group's name; requests of setup() have ::setup.",
    sources: [TAGS],
    check: {
      run: {
        script: `${sends(`group("first", () => { http.get(base) })`)}
export function setup() { http.get(base) }`,
      },
      found: tag("group"),
      equals: ["::setup", "::first"],
    },
  },
  {
    id: "scenario",
    fact: "scenario is the scenario's name; a scenario may run any function that the script exports.",
    sources: ["docs 1.3, using-k6/scenarios"],
    check: {
      run: {
        script: `import http from "k6/http"
export const options = { scenarios: { own: { executor: "shared-iterations", exec: "work" } } }
export function work() { http.get(__ENV.BASE_URL) }`,
      },
      found: tag("scenario"),
      equals: ["own"],
    },
  },
  {
    id: "vus",
    fact: "vus says every second how many users there are.",
    sources: ["docs 1.3, using-k6/metrics/reference", "k6 1.3.0 and 2.2.0, internal/execution/scheduler.go"],
    check: {
      run: {
        script: `import { sleep } from "k6"; export default function () { sleep(0.1) }`,
        arguments: ["--vus=1", "--stage=3500ms:1"],
      },
      found: ({ points }) => points.filter(({ metric }) => metric === "vus").length >= 3,
      equals: true,
    },
  },
  {
    id: "checks",
    fact: "checks is 1 for a check that holds and 0 for one that doesn't, with the tag check.",
    sources: ["docs 1.3, using-k6/checks"],
    check: {
      run: { script: sends("check(1, { yes: () => true, no: () => false })") },
      found: ({ points }) =>
        points.filter(({ metric }) => metric === "checks").map(({ value, tags }) => [tags["check"], value]),
      equals: [
        ["yes", 1],
        ["no", 0],
      ],
    },
  },
  {
    id: "discarded-bodies",
    fact: "With discardResponseBodies a response has no body, and its samples are the same.",
    sources: ["docs 1.3, using-k6/k6-options/reference: discard-response-bodies"],
    check: {
      run: {
        script: sends(
          "check(http.get(base), { none: ({ body }) => body === null })",
          "{ discardResponseBodies: true }",
        ),
      },
      found: (ran) => [tag("status")(ran), sums(ran, "checks")],
      equals: [["200"], [1]],
    },
  },
  {
    id: "grpc",
    fact: "A call of gRPC has one sample of grpc_req_duration, its gRPC code as status and host:port/service/method as url; there is neither expected_response nor http_req_failed.",
    sources: ["k6 1.3.0, internal/lib/netext/grpcext/conn.go and internal/js/modules/k6/grpc/params.go"],
    byHand: "k6 run a script of k6/net/grpc with --out=json against any service of gRPC",
  },
  {
    id: "websockets",
    fact: "WebSockets have ws_sessions and ws_connecting, and no http_req_duration, by k6/ws and k6/websockets alike.",
    sources: ["docs 1.3, using-k6/protocols/websockets", "k6 1.3.0 and 2.2.0, internal/js/modules/k6"],
    byHand: "k6 run a script of k6/ws with --out=json against any service of WebSockets",
  },
  {
    id: "browser",
    fact: "A browser's requests have browser_http_req_duration, and no http_req_duration.",
    sources: ["docs 1.3, using-k6-browser/metrics"],
    byHand: "k6 run a script of k6/browser with --out=json, in the image grafana/k6:1.3.0-with-browser",
  },
]
