import type { TextRule } from "./spec.js"

/**
 * The rules for texts in `slipway.yaml`.
 *
 * Their patterns go into the JSON schema unchanged, so they have no flags, and none takes more than linear time.
 */
export const dnsLabelRule: TextRule = {
  expected: "a DNS label: up to 63 of a-z, 0-9 and -, with a letter or digit at both ends",
  pattern: /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
}

export const pythonVersionRule: TextRule = {
  expected: 'a Python version from "3.9" to "3.19", such as "3.11"',
  pattern: /^3\.(9|1[0-9])$/,
}

export const debianPackageRule: TextRule = {
  expected: "the name of a Debian package, such as libpq-dev",
  pattern: /^[a-z0-9][a-z0-9.+-]+$/,
}

export const printableRule: TextRule = {
  expected: "a text on one line, not empty, without control characters",
  // eslint-disable-next-line no-control-regex -- the rule excludes them
  pattern: /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$/,
}

export const relativeRule: TextRule = {
  expected: "a path relative to the service's folder",
  pattern: /^[^/]/,
}

export const insideRule: TextRule = {
  expected: 'a path that stays inside the service\'s folder, without ".."',
  pattern: /^(?!(.*\/)?\.\.(\/|$))/,
}

/** A path is an argument of tools, where a leading dash would make it an option. */
export const noOptionRule: TextRule = {
  expected: 'a path that doesn\'t begin with "-" (write "./-name")',
  pattern: /^[^-]/,
}

/** Written in one way alone, since it is compared with the paths of changed files. */
export const folderRule: TextRule = {
  noun: "path",
  expected: 'a path without "./", "//", "/" at its end and characters of patterns, such as "services/api"',
  pattern: /^(?!\.(\/|$))[^/*?[\]{}!\\]+(\/(?!\.(\/|$))[^/*?[\]{}!\\]+)*$/,
}

/** The rules for a path in the service's folder. */
export const pathRules: readonly TextRule[] = [printableRule, relativeRule, insideRule, noOptionRule]

/** `slipway.yaml` is committed, so it must not contain a password. */
export const noCredentialsRule: TextRule = {
  expected: "a URL without user name and password, which a secret has to carry",
  pattern: /^(?![^/]*\/\/[^/?#]*@)/,
}

export const httpUrlRule: TextRule = {
  noun: "URL",
  expected: 'an http or https URL such as "https://pypi.example.com/simple"',
  pattern:
    /^https?:\/\/([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(\/[!-~]*)?$/,
}

/** The number has up to nine digits; a namespace's name is a DNS label. */
export const previewNamespaceRule: TextRule = {
  noun: "namespace",
  expected: 'the name of a namespace with "{number}" in it, such as "api-pr-{number}"',
  pattern: /^(?=.{1,62}$)(?:[a-z0-9][a-z0-9-]*)?\{number\}(?:[a-z0-9-]*[a-z0-9])?$/,
}

export const previewUrlRule: TextRule = {
  noun: "URL",
  expected: 'an http or https URL with "{number}" in it, such as "https://pr-{number}.example.com"',
  pattern:
    /^(?=[^{}]*\{number\}[^{}]*$)https?:\/\/[A-Za-z0-9{][A-Za-z0-9.{}-]{0,252}(?::[0-9]{1,5})?(?:\/[!-~]*)?$/,
}

/** The bounds keep a duration below the limit of a timer, which is 24 days. */
export const durationRule: TextRule = {
  expected: 'a duration: 1 to 9999 seconds or minutes, or 1 to 99 hours, such as "30s", "10m" or "1h"',
  pattern: /^([1-9][0-9]{0,3}[sm]|[1-9][0-9]?h)$/,
}

const SECONDS = { s: 1, m: 60, h: 3600 } as const

/** Returns the seconds of a text that matches `durationRule`. */
export function durationSeconds(text: string): number {
  return Number(text.slice(0, -1)) * SECONDS[text.slice(-1) as keyof typeof SECONDS]
}

/** Without a dot, a port or the name localhost, the first part would be a namespace on Docker Hub. */
export const namesRegistryRule: TextRule = {
  noun: "registry",
  expected: 'a registry first, such as "mirror.example.com/hub" or "localhost:5000"',
  pattern: /^(localhost(\/|$)|[^/]*[.:])/,
}

export const registryPrefixRule: TextRule = {
  noun: "registry and path",
  expected: 'a registry and a path, without scheme or "/" at the end, such as "mirror.example.com/hub"',
  pattern: /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/,
}

export const imageReferenceRule: TextRule = {
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

export const pinnedRule: TextRule = {
  noun: "image reference",
  expected: 'an image reference with a tag or digest, such as "python:3.11-slim"',
  pattern: /(:[^/:@]+|@[^/@]+)$/,
}

/** It becomes one argument of a shell, which Linux limits to 128 KiB. */
export const commandRule: TextRule = {
  expected: "a command on one line, of at most 4000 characters",
  // eslint-disable-next-line no-control-regex -- the rule excludes them
  pattern: /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]{1,4000}$/,
}

export const environmentVariableRule: TextRule = {
  noun: "variable name",
  expected: 'the name of an environment variable, such as "DATABASE_URL"',
  pattern: /^[A-Za-z_][A-Za-z0-9_]{0,127}$/,
}

export const variableValueRule: TextRule = {
  noun: "text",
  expected: "a text on one line, of at most 4000 characters",
  // eslint-disable-next-line no-control-regex -- the rule excludes them
  pattern: /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]{0,4000}$/,
}

/** Of a service that lives as long as its tests: it may hold its password. */
export const urlRule: TextRule = {
  noun: "URL",
  expected: 'a URL such as "amqp://guest:guest@broker:5672/"',
  pattern: /^[a-z][a-z0-9+.-]{0,63}:\/\/[!-~]{1,1000}$/,
}

export const urlSchemeRule: TextRule = {
  noun: "URL scheme",
  expected: 'the scheme of a URL, such as "postgresql" or "postgresql+asyncpg"',
  pattern: /^[a-z][a-z0-9+.-]{0,63}$/,
}

export const imageTagRule: TextRule = {
  noun: "image tag",
  expected: 'the tag of an image, such as "15" or "15-alpine"',
  pattern: /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/,
}

export const markerExpressionRule: TextRule = {
  noun: "marker expression",
  expected: 'names of markers with "and", "or", "not" and brackets, such as "integration and not slow"',
  pattern: /^[A-Za-z_(][\w ()]*$/,
}

export const workersRule: TextRule = {
  noun: "number, auto",
  expected: '"auto", or a number from 1 to 64',
  pattern: /^(auto|[1-9]|[1-5][0-9]|6[0-4])$/,
}

/** Without a tag, Trivy adds the one of its schema. */
export const repositoryRule: TextRule = {
  expected: 'a repository with its registry, such as "mirror.example.com/aquasecurity/trivy-db:2"',
  pattern:
    /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)+(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$/,
}

export const sizeRule: TextRule = {
  expected: 'a size: 1 to 9999 kB, MB or GB, such as "200MB"',
  pattern: /^[1-9][0-9]{0,3}(kB|MB|GB)$/,
}

const BYTES = { kB: 1e3, MB: 1e6, GB: 1e9 } as const

/** Returns the bytes of a text that matches `sizeRule`. */
export const sizeBytes = (text: string): number =>
  Number(text.slice(0, -2)) * BYTES[text.slice(-2) as keyof typeof BYTES]

export const buildArgumentRule: TextRule = {
  expected: 'a build argument such as "EXTRAS=gpu"',
  // eslint-disable-next-line no-control-regex -- the rule excludes them
  pattern: /^[A-Za-z_][A-Za-z0-9_]{0,127}=[^\u0000-\u001f\u007f]{0,4000}$/,
}

export const dockerStageRule: TextRule = {
  noun: "stage name",
  expected: 'the name of a stage in the Dockerfile, such as "runtime"',
  pattern: /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/,
}

export const urlPathRule: TextRule = {
  noun: "URL path",
  expected: 'the path of a URL, such as "/health"',
  pattern: /^\/[!-~]{0,1000}$/,
}

export const registryHostRule: TextRule = {
  expected: 'a registry\'s host, with a port if need be, such as "team.azurecr.io"',
  pattern:
    /^(localhost|[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*)(:[0-9]{1,5})?$/,
}

export const repositoryPathRule: TextRule = {
  noun: "repository",
  expected: 'a repository in the registry, such as "audio/upscaler"',
  pattern: /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/,
}

/** In a URL, an asterisk may follow the host and the first part of the path, which so name who is trusted. */
export const identityRule: TextRule = {
  noun: "identity",
  expected:
    'an identity as a certificate has it, an address or a URL; only in a URL, "*" after host and owner, such as "https://github.com/team/*"',
  pattern: /^(?:[!-)+-~]{1,1000}|https:\/\/[^/*\s]{1,253}\/[^/*\s]{1,253}\/[!-~]{1,500})$/,
}

export const sourceOrUnknownRule: TextRule = {
  noun: "URL",
  expected: 'an http or https URL such as "https://git.example.com/team/service", or "unknown"',
  pattern: /^(?:unknown|https?:\/\/[!-~]{1,1000})$/,
}

export const builderRule: TextRule = {
  noun: "URI",
  expected: 'a builder\'s id, a URI such as "https://builder.example.com/v1", or "unknown"',
  pattern: /^(?:unknown|[a-z][a-z0-9+.-]{0,30}:[!-~]{1,1000})$/,
}

export const patternRule: TextRule = {
  expected: 'a name such as "https://github.com/team/*", in which "*" stands for any text without a slash',
  pattern: /^[!-~]{1,500}$/,
}

/** The rules for a path with a placeholder for the environment. */
export const pathPatternRules: readonly TextRule[] = [
  ...pathRules,
  {
    expected: 'a path with "{environment}" in it, and no other braces',
    pattern: /^[^{}]*\{environment\}[^{}]*$/,
  },
]

export const workspaceNameRule: TextRule = {
  noun: "workspace name",
  expected: 'the name of a workspace, such as "{environment}" or "upscaler-{environment}"',
  pattern: /^(?!-)([A-Za-z0-9._-]|\{environment\}){1,90}$/,
}

export const environmentInPathRule: TextRule = {
  expected: 'a path with no other braces than "{environment}"',
  pattern: /^(?:[^{}]|\{environment\})+$/,
}

/** A user of SSH is no secret, one of HTTPS may be a token. */
export const gitUrlRule: TextRule = {
  noun: "git address",
  expected:
    'the address of a git repository without user name and password, such as "https://git.example.com/team/manifests", or one of SSH such as "git@git.example.com:team/manifests"',
  pattern:
    /^(?:(?:https?|git):\/\/[^/@\s]{1,253}\/|ssh:\/\/(?:[\w.-]{1,64}@)?[^/@\s]{1,253}\/|[\w.-]{1,64}@[\w.-]{1,253}:)[!-~]{1,1000}$/,
}

export const gitBranchRule: TextRule = {
  noun: "branch",
  expected: 'the name of a branch, such as "main" or "env/{environment}"',
  pattern: /^(?![-./])(?![^\s]*(?:\.\.|\/\/))(?:[\w./-]|\{environment\}){1,200}$/,
}

/** A tag has "_" where the version of a chart has "+". */
export const chartReferenceRule: TextRule = {
  noun: "OCI reference",
  expected: 'a chart and its version in a registry, such as "oci://registry.example.com/charts/api:1.2.3"',
  pattern:
    /^oci:\/\/[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)+:[A-Za-z0-9][A-Za-z0-9_.+-]{0,127}$/,
}

/** Azure's rules for both names. */
export const aksClusterRule: TextRule = {
  noun: "group/cluster",
  expected: 'a resource group and a cluster in it, such as "audio-production/upscaler"',
  pattern: /^[A-Za-z0-9_().-]{0,89}[A-Za-z0-9_()-]\/[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$/,
}

export const headerNameRule: TextRule = {
  noun: "header name",
  expected: "the name of a header, such as Authorization",
  pattern: /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/,
}

export const metricNameRule: TextRule = {
  noun: "metric name",
  expected: "the name of a metric, such as http_requests_total",
  pattern: /^[a-zA-Z_:][a-zA-Z0-9_:]*$/,
}

export const sqlFileRule: TextRule = {
  noun: "path",
  expected: 'the path of an SQL file, such as "db/sample.sql"',
  pattern: /\.sql$/,
}

/** Limits the placeholders of a link. */
export const linkPatternRule: TextRule = {
  noun: "URL pattern",
  expected: "a URL with no other braces than {run}, {sha}, {environment} and {version}",
  pattern: /^([^{}]|\{(run|sha|environment|version)\})*$/,
}

export const dashboardUidRule: TextRule = {
  noun: "uid",
  expected: "the uid of a dashboard in Grafana: up to 40 of letters, digits, - and _",
  pattern: /^[A-Za-z0-9_-]{1,40}$/,
}

export const labelNameRule: TextRule = {
  noun: "label name",
  expected: "the name of a label in Prometheus, such as namespace",
  pattern: /^[A-Za-z_][A-Za-z0-9_]{0,127}$/,
}

/** A label of a Kubernetes object. */
export const kubeLabelRule: TextRule = {
  noun: "label",
  expected: "the name of a label in Kubernetes, such as release",
  pattern: /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/,
}

export const kubeLabelValueRule: TextRule = {
  noun: "label value",
  expected: "the value of a label in Kubernetes",
  pattern: /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/,
}

export const hostPortRule: TextRule = {
  noun: "host:port",
  expected: 'a host and a port, such as "blackbox-exporter.monitoring:9115"',
  pattern: /^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?:[1-9][0-9]{0,4}$/,
}

/** It is quoted in a query. */
export const labelValueRule: TextRule = {
  noun: "text",
  expected: "a label's value without quotes, braces and backslashes",
  pattern: /^[ !#-[\]-z|~]{1,200}$/,
}

export const latencyRule: TextRule = {
  noun: "duration",
  expected: 'a time to answer, such as "500ms" or "2s"',
  pattern: /^[1-9][0-9]{0,4}(ms|s)$/,
}

/** Returns the seconds of a text that matches `latencyRule`. */
export const latencySeconds = (text: string): number =>
  Number.parseInt(text, 10) / (text.endsWith("ms") ? 1000 : 1)

export const percentageRule: TextRule = {
  noun: "per cent",
  expected: 'per cent from "0" to "99.99"',
  pattern: /^[0-9]{1,2}(\.[0-9]{1,2})?$/,
}

/** It is quoted in a shell script. */
export const pinnedRepositoryRule: TextRule = {
  noun: "address@commit",
  expected: 'a git address and a whole commit, such as "https://git.example.com/team/slipway@" and 40 digits',
  pattern: /^(https|ssh|file):\/\/[A-Za-z0-9._~/:@%+-]+@[0-9a-f]{40}$/,
}

/** Five fields of numbers: some hosts don't support names of months and days. */
export const cronTimeRule: TextRule = {
  noun: "cron schedule",
  expected: 'five fields of cron, minute first, such as "23 4 * * *"',
  pattern: /^[0-9*,/-]{1,40}( [0-9*,/-]{1,40}){4}$/,
}

/** The age of something stored, in contrast to a duration. */
export const ageRule: TextRule = {
  expected: 'an age: 0 to 9999 hours or days, such as "36h" or "14d"',
  pattern: /^(0|[1-9][0-9]{0,3})[hd]$/,
}

/** Returns the seconds of a text that matches `ageRule`. */
export const ageSeconds = (text: string): number =>
  Number(text.slice(0, -1)) * (text.endsWith("d") ? 86_400 : 3_600)

export const namePatternRule: TextRule = {
  noun: "pattern",
  expected: 'a name, in which "*" stands for any characters and "?" for one, such as "release-*"',
  pattern: /^[A-Za-z0-9_*?][A-Za-z0-9_.*?-]{0,127}$/,
}

/** A single label: several could mean "any of them" or "all of them". */
export const labelSelectorRule: TextRule = {
  expected: 'a label, with its value if that matters, such as "slipway.dev/preview" or "purpose=preview"',
  pattern:
    /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?(=[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/,
}
