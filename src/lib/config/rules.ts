import type { TextRule } from "./spec.js"

/**
 * The rules that a text in `slipway.yaml` may have to keep. The patterns go into the JSON schema as they stand, so
 * they carry no flags, and none of them can take more than linear time.
 */

export const dnsLabel: TextRule = {
  expected: "a DNS label: up to 63 of a-z, 0-9 and -, with a letter or digit at both ends",
  pattern: /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
}

export const pythonVersion: TextRule = {
  expected: 'a Python version from "3.9" to "3.19", such as "3.11"',
  pattern: /^3\.(9|1[0-9])$/,
}

export const printable: TextRule = {
  expected: "a text on one line, not empty, without control characters",
  // eslint-disable-next-line no-control-regex -- they are what is kept out
  pattern: /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$/,
}

export const relative: TextRule = { expected: "a path relative to the service's folder", pattern: /^[^/]/ }

export const inside: TextRule = {
  expected: 'a path that stays inside the service\'s folder, without ".."',
  pattern: /^(?!(.*\/)?\.\.(\/|$))/,
}

/** A path goes onto a tool's command line, where a leading dash would make an option of it. */
export const noOption: TextRule = {
  expected: 'a path that doesn\'t begin with "-" (write "./-name")',
  pattern: /^[^-]/,
}

/** All that a path in the service's folder has to keep. */
export const path: readonly TextRule[] = [printable, relative, inside, noOption]

/** The file lies in the service's repository, which is no place for a password. */
export const noCredentials: TextRule = {
  expected: "a URL without user name and password, which a secret has to carry",
  pattern: /^(?![^/]*\/\/[^/?#]*@)/,
}

export const httpUrl: TextRule = {
  expected: 'an http or https URL such as "https://pypi.example.com/simple"',
  pattern:
    /^https?:\/\/([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(\/[!-~]*)?$/,
}

/** The bounds keep a duration below what a timer can hold, which is 24 days. */
export const duration: TextRule = {
  expected: 'a duration: 1 to 9999 seconds or minutes, or 1 to 99 hours, such as "30s", "10m" or "1h"',
  pattern: /^([1-9][0-9]{0,3}[sm]|[1-9][0-9]?h)$/,
}

const SECONDS = { s: 1, m: 60, h: 3600 } as const

/** The seconds of a text that keeps the rule `duration`. */
export function seconds(text: string): number {
  return Number(text.slice(0, -1)) * SECONDS[text.slice(-1) as keyof typeof SECONDS]
}

/** Without a dot, a port or the name localhost, the first part would be a folder on Docker Hub. */
export const namesRegistry: TextRule = {
  expected: 'a registry first, such as "mirror.example.com/hub" or "localhost:5000"',
  pattern: /^(localhost(\/|$)|[^/]*[.:])/,
}

export const registryPrefix: TextRule = {
  expected: 'a registry and a path, without scheme or "/" at the end, such as "mirror.example.com/hub"',
  pattern: /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/,
}

export const imageReference: TextRule = {
  expected: 'an image reference such as "registry.example.com/python:3.11-slim"',
  pattern: new RegExp(
    [
      /^([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?\/)?/, // a registry
      /[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*/, // a repository
      /(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$/, // a tag, a digest
    ]
      .map((part) => part.source)
      .join(""),
  ),
}

export const pinned: TextRule = {
  expected: 'an image reference with a tag or digest, such as "python:3.11-slim"',
  pattern: /(:[^/:@]+|@[^/@]+)$/,
}

/** It becomes one argument of a shell, and Linux takes none of more than 128 KiB. */
export const command: TextRule = {
  expected: "a command on one line, of at most 4000 characters",
  // eslint-disable-next-line no-control-regex -- they are what is kept out
  pattern: /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]{1,4000}$/,
}

export const environmentVariable: TextRule = {
  expected: 'the name of an environment variable, such as "DATABASE_URL"',
  pattern: /^[A-Za-z_][A-Za-z0-9_]{0,127}$/,
}

export const urlScheme: TextRule = {
  expected: 'the scheme of a URL, such as "postgresql" or "postgresql+asyncpg"',
  pattern: /^[a-z][a-z0-9+.-]{0,63}$/,
}

export const imageTag: TextRule = {
  expected: 'the tag of an image, such as "15" or "15-alpine"',
  pattern: /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/,
}

export const markerExpression: TextRule = {
  expected: 'names of markers with "and", "or", "not" and brackets, such as "integration and not slow"',
  pattern: /^[A-Za-z_(][\w ()]*$/,
}

export const workers: TextRule = {
  expected: '"auto", or a number from 1 to 64',
  pattern: /^(auto|[1-9]|[1-5][0-9]|6[0-4])$/,
}

/** Trivy adds the tag that fits it where there is none. */
export const repository: TextRule = {
  expected: 'a repository with its registry, such as "mirror.example.com/aquasecurity/trivy-db:2"',
  pattern:
    /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)+(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$/,
}

export const size: TextRule = {
  expected: 'a size: 1 to 9999 kB, MB or GB, such as "200MB"',
  pattern: /^[1-9][0-9]{0,3}(kB|MB|GB)$/,
}

const BYTES = { kB: 1e3, MB: 1e6, GB: 1e9 } as const

/** The bytes of a text that keeps the rule `size`. */
export const bytes = (text: string): number =>
  Number(text.slice(0, -2)) * BYTES[text.slice(-2) as keyof typeof BYTES]

export const buildArgument: TextRule = {
  expected: 'a build argument such as "EXTRAS=gpu"',
  // eslint-disable-next-line no-control-regex -- they are what is kept out
  pattern: /^[A-Za-z_][A-Za-z0-9_]{0,127}=[^\u0000-\u001f\u007f]{0,4000}$/,
}

export const dockerStage: TextRule = {
  expected: 'the name of a stage in the Dockerfile, such as "runtime"',
  pattern: /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/,
}

export const urlPath: TextRule = {
  expected: 'the path of a URL, such as "/health"',
  pattern: /^\/[!-~]{0,1000}$/,
}

export const registryHost: TextRule = {
  expected: 'a registry\'s host, with a port if need be, such as "team.azurecr.io"',
  pattern:
    /^(localhost|[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*)(:[0-9]{1,5})?$/,
}

export const repositoryPath: TextRule = {
  expected: 'a repository in the registry, such as "audio/upscaler"',
  pattern: /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/,
}

export const exactIdentity: TextRule = {
  expected: "an identity as a certificate has it, an address or a URL, without patterns",
  pattern: /^[!-)+-~]{1,1000}$/,
}

/** A path that is one only once an environment's name stands in it. */
export const pathPattern: readonly TextRule[] = [
  ...path,
  {
    expected: 'a path with "{environment}" in it, and no other braces',
    pattern: /^[^{}]*\{environment\}[^{}]*$/,
  },
]

export const workspaceName: TextRule = {
  expected: 'the name of a workspace, such as "{environment}" or "upscaler-{environment}"',
  pattern: /^(?!-)([A-Za-z0-9._-]|\{environment\}){1,90}$/,
}

/** As Azure allows both names. */
export const aksCluster: TextRule = {
  expected: 'a resource group and a cluster in it, such as "audio-production/upscaler"',
  pattern: /^[A-Za-z0-9_().-]{0,89}[A-Za-z0-9_()-]\/[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/,
}

export const headerName: TextRule = {
  expected: "the name of a header, such as Authorization",
  pattern: /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/,
}

export const metricName: TextRule = {
  expected: "the name of a metric, such as http_requests_total",
  pattern: /^[a-zA-Z_:][a-zA-Z0-9_:]*$/,
}

export const sqlFile: TextRule = {
  expected: 'the path of an SQL file, such as "db/sample.sql"',
  pattern: /\.sql$/,
}

/** What a link may have in braces. */
export const linkPattern: TextRule = {
  expected: "a URL with no other braces than {run}, {sha}, {environment} and {version}",
  pattern: /^([^{}]|\{(run|sha|environment|version)\})*$/,
}

export const dashboardUid: TextRule = {
  expected: "the uid of a dashboard in Grafana: up to 40 of letters, digits, - and _",
  pattern: /^[A-Za-z0-9_-]{1,40}$/,
}

export const labelName: TextRule = {
  expected: "the name of a label in Prometheus, such as namespace",
  pattern: /^[A-Za-z_][A-Za-z0-9_]{0,127}$/,
}

/** It goes into quotes in a query. */
export const labelValue: TextRule = {
  expected: "a label's value without quotes, braces and backslashes",
  pattern: /^[ !#-[\]-z|~]{1,200}$/,
}

export const latency: TextRule = {
  expected: 'a time to answer, such as "500ms" or "2s"',
  pattern: /^[1-9][0-9]{0,4}(ms|s)$/,
}

/** The seconds of a text that keeps the rule `latency`. */
export const latencySeconds = (text: string): number =>
  Number.parseInt(text, 10) / (text.endsWith("ms") ? 1000 : 1)

export const percentage: TextRule = {
  expected: 'per cent from "0" to "99.99"',
  pattern: /^[0-9]{1,2}(\.[0-9]{1,2})?$/,
}

/** It stands in a shell script, in quotes. */
export const pinnedRepository: TextRule = {
  expected: 'a git address and a whole commit, such as "https://git.example.com/team/slipway@" and 40 digits',
  pattern: /^(https|ssh|file):\/\/[A-Za-z0-9._~/:@%+-]+@[0-9a-f]{40}$/,
}

/** Five fields, each of numbers alone: some hosts know no names of months and days. */
export const cronTime: TextRule = {
  expected: 'five fields of cron, minute first, such as "23 4 * * *"',
  pattern: /^[0-9*,/-]{1,40}( [0-9*,/-]{1,40}){4}$/,
}

/** Of what lies somewhere, and not of what somebody waits for. */
export const age: TextRule = {
  expected: 'an age: 0 to 9999 hours or days, such as "36h" or "14d"',
  pattern: /^(0|[1-9][0-9]{0,3})[hd]$/,
}

/** The seconds of a text that keeps the rule `age`. */
export const spanOf = (text: string): number =>
  Number(text.slice(0, -1)) * (text.endsWith("d") ? 86_400 : 3_600)

export const namePattern: TextRule = {
  expected: 'a name, in which "*" stands for any characters and "?" for one, such as "release-*"',
  pattern: /^[A-Za-z0-9_*?][A-Za-z0-9_.*?-]{0,127}$/,
}

/** One label: who names several means "any of them" as often as "all". */
export const labelSelector: TextRule = {
  expected: 'a label, with its value if that matters, such as "slipway.dev/preview" or "purpose=preview"',
  pattern:
    /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?(=[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/,
}
