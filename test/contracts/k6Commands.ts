/** k6's commands, options, environment and image. */
import { rampArguments } from "../../src/lib/load/profile.js"
import type { K6Fact, K6Ran } from "./k6Runs.js"

const QUIET = "export default function () {}"
const ASKS = `import http from "k6/http"; import { sleep } from "k6"
export default function () { http.get(__ENV.BASE_URL); sleep(0.1) }`

const users = ({ points }: K6Ran): number[] =>
  points.filter(({ metric }) => metric === "vus").map(({ value }) => value)

const scenarios = ({ points }: K6Ran): string[] => [
  ...new Set(
    points.filter(({ metric }) => metric === "iterations").map(({ tags }) => tags["scenario"] ?? ""),
  ),
]

const V2 = "k6 2.0.0, release notes"

export const K6_COMMANDS: readonly K6Fact[] = [
  {
    id: "run-options",
    fact: "k6 run knows every option that a load test gives it, one beside the other.",
    sources: [
      "docs 1.3, using-k6/k6-options/reference",
      "k6 2.2.0, internal/cmd/{config,root,runtime_options}.go",
    ],
    check: {
      run: {
        script: ASKS,
        arguments: [...rampArguments({ ramps: [{ seconds: 1, users: 2 }] }), "--tag=kind=load"],
      },
      found: ({ exitCode, points, summary }) => [exitCode, points.length > 0, summary !== undefined],
      equals: [0, true, true],
    },
  },
  {
    id: "unknown-command",
    fact: "An unknown command ends with 255: k6 has no code for it.",
    sources: ["k6 1.3.0, internal/cmd/root.go: -1 unless the error has a code", "grafana/k6#870"],
    check: { run: { arguments: ["walk"] }, found: ({ exitCode }) => exitCode, equals: 255 },
  },
  {
    id: "unknown-option",
    fact: "An unknown option ends with 255.",
    sources: ["k6 1.3.0, internal/cmd/root.go"],
    check: {
      run: { script: QUIET, arguments: ["--unheard-of=1"] },
      found: ({ exitCode }) => exitCode,
      equals: 255,
    },
  },
  {
    id: "one-script",
    fact: "k6 run takes one script; without it, it ends with 255.",
    sources: ["k6 1.3.0, internal/cmd/{run,common}.go"],
    check: { run: { arguments: ["run"] }, found: ({ exitCode }) => exitCode, equals: 255 },
  },
  {
    id: "stages-replace-scenarios",
    fact: "Stages on the command line replace the scenarios of a script: the only one is default.",
    sources: [
      "docs 1.3, using-k6/k6-options/how-to: order of precedence",
      "k6 1.3.0, internal/cmd/config.go",
    ],
    check: {
      run: {
        script: `export const options = { scenarios: { own: { executor: "constant-vus", vus: 1, duration: "1m", exec: "work" } } }
import { sleep } from "k6"; export function work() {} export default function () { sleep(0.1) }`,
        arguments: ["--stage=1s:1"],
      },
      found: (ran) => [ran.exitCode, scenarios(ran)],
      equals: [0, ["default"]],
    },
  },
  {
    id: "stages-replace-duration",
    fact: "Stages on the command line replace the duration and the iterations of a script.",
    sources: ["k6 1.3.0, lib/options.go: Apply"],
    check: {
      run: {
        script: `export const options = { duration: "10m", iterations: 1000000 }
import { sleep } from "k6"; export default function () { sleep(0.1) }`,
        arguments: ["--stage=1s:1"],
      },
      found: (ran) => [ran.exitCode, scenarios(ran)],
      equals: [0, ["default"]],
    },
  },
  {
    id: "vus-of-script-remain",
    fact: "A script's vus remain beside stages of the command line: the first ramp begins with so many users.",
    sources: ["k6 1.3.0 and 2.2.0, lib/executor/execution_config_shortcuts.go"],
    check: {
      run: {
        script: `export const options = { vus: 40 }; import { sleep } from "k6"; export default function () { sleep(0.1) }`,
        arguments: ["--stage=2500ms:40"],
      },
      found: (ran) => (users(ran)[0] ?? 0) > 35,
      equals: true,
    },
  },
  {
    id: "vus-of-command-line",
    fact: "--vus=1 before stages lets the first ramp begin with one user, whatever the script says.",
    sources: ["k6 1.3.0, lib/executor/execution_config_shortcuts.go"],
    check: {
      run: {
        script: `export const options = { vus: 40 }; import { sleep } from "k6"; export default function () { sleep(0.1) }`,
        arguments: rampArguments({ ramps: [{ seconds: 2.5, users: 2 }] }),
      },
      found: (ran) => Math.max(0, ...users(ran)) <= 2,
      equals: true,
    },
  },
  {
    id: "stage-milliseconds",
    fact: "A stage's duration may be given in milliseconds.",
    sources: ["k6 1.3.0, lib/models.go: Go's durations"],
    check: {
      run: { script: QUIET, arguments: ["--stage=300ms:1"] },
      found: ({ exitCode }) => exitCode,
      equals: 0,
    },
  },
  {
    id: "environment",
    fact: "A script of k6 run finds the environment of the process in __ENV.",
    sources: ["docs 1.3, using-k6/k6-options/reference: include-system-env-vars"],
    check: {
      run: {
        script: `import exec from "k6/execution"; export default function () { if (__ENV.OWN !== "kept") exec.test.abort() }`,
        environment: { OWN: "kept" },
      },
      found: ({ exitCode }) => exitCode,
      equals: 0,
    },
  },
  {
    id: "unknown-extension",
    fact: "With K6_AUTO_EXTENSION_RESOLUTION=false a script that imports an extension ends at once, with a code, and k6 fetches nothing.",
    sources: ["docs 1.3, extensions/run", "k6 1.3.0, internal/cmd/launcher.go"],
    check: {
      run: { script: `import x from "k6/x/nothing"; x.go(); export default function () {}` },
      found: ({ exitCode }) => exitCode > 0,
      equals: true,
    },
  },
  {
    id: "extension-variable",
    fact: "K6_AUTO_EXTENSION_RESOLUTION is the variable's name; before 1.2 it was K6_BINARY_PROVISIONING, which 2.0 removed.",
    sources: [V2, "k6 1.3.0, cmd/state/state.go"],
    since: "1.2.0",
    byHand: "k6 run a script that imports k6/x/faker, without a network: it says that the module is unknown",
  },
  {
    id: "usage-report",
    fact: "--no-usage-report keeps k6 from sending a usage report, which it else does when a test ends, within 3 s.",
    sources: ["docs 1.3, set-up/usage-collection", "k6 1.3.0, internal/cmd/run.go"],
    byHand: "watch k6's connections: there is none to stats.grafana.org",
  },
  {
    id: "unknown-fields",
    fact: "Options of a script that k6 doesn't know get a warning, and the test runs.",
    sources: ["k6 1.3.0 and 2.2.0, internal/js/bundle.go"],
    check: {
      run: { script: `export const options = { unheardOf: 1 }; ${QUIET}` },
      found: ({ exitCode, log }) => [exitCode, log.some(({ msg = "" }) => msg.includes("unknown fields"))],
      equals: [0, true],
    },
  },
  {
    id: "shell",
    fact: "The image has sh, awk, mkfifo, base64, grep, sed and head, and runs k6 as user 12345 in /home/k6.",
    sources: ["k6 1.3.0 and 2.2.0, Dockerfile: Alpine"],
    byHand:
      "docker run --rm --entrypoint sh grafana/k6:1.3.0 -c 'id -u; pwd; command -v awk mkfifo base64 grep sed head'",
  },
  {
    id: "rest-api",
    fact: "k6 run listens on localhost:6565, and only warns where that port is taken; 2.0 listens only where --address asks for it.",
    sources: [V2, "k6 1.3.0, internal/cmd/run.go"],
    until: "2.0.0",
    byHand: "k6 run, twice at the same time: both end with 0",
  },
  {
    id: "no-summary-removed",
    fact: "2.0 has no --no-summary: --summary-mode=disabled stands for it. Slipway gives neither.",
    sources: [V2],
    since: "2.0.0",
    check: {
      run: { script: QUIET, arguments: ["--no-summary"] },
      found: ({ exitCode }) => exitCode,
      equals: 255,
    },
  },
  {
    id: "commands-removed",
    fact: "2.0 has no k6 login, pause, resume, scale and status. Slipway calls none.",
    sources: [V2],
    since: "2.0.0",
    check: { run: { arguments: ["pause"] }, found: ({ exitCode }) => exitCode, equals: 255 },
  },
  {
    id: "executor-removed",
    fact: "2.0 has no executor externally-controlled: a script with it doesn't start. Stages of the command line replace it.",
    sources: [V2, "grafana/k6#5846"],
    since: "2.0.0",
    check: {
      run: {
        script: `export const options = { scenarios: { a: { executor: "externally-controlled", vus: 1, duration: "1s" } } }; ${QUIET}`,
      },
      found: ({ exitCode }) => exitCode > 0,
      equals: true,
    },
  },
  {
    id: "modules-renamed",
    fact: "2.0 has no k6/experimental/redis; k6/experimental/websockets is k6/websockets since 1.6. Slipway's script imports neither.",
    sources: [V2, "k6 1.6.0, release notes"],
    since: "2.0.0",
    byHand: "k6 run a script that imports k6/experimental/redis: it ends with a message of its removal",
  },
  {
    id: "browser-fid-removed",
    fact: "2.0 has no metric browser_web_vital_fid: thresholds on it are refused.",
    sources: [V2, "grafana/k6#5661"],
    since: "2.0.0",
    check: {
      run: {
        script: `export const options = { thresholds: { browser_web_vital_fid: ["p(75)<100"] } }; ${QUIET}`,
      },
      found: ({ exitCode }) => exitCode,
      equals: 104,
    },
  },
]
