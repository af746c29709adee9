import { inside, printable, web } from "./complaints.js"

/** Samples of `deploy`: valid documents, and documents with one problem each, with its place. */

export const good: Record<string, string> = {
  "a deployment without parts": "deploy:\n",
  "parts without content":
    "deploy: {url: , namespace: , verify: , health: , smoke: , errors: , migrate: , proof: }\n",
  "an overlay that is the environment": "deploy: {overlay: '{environment}'}\n",
  "a chart alone": "deploy: {chart: {path: charts/api}}\n",
  "one environment's namespace": "deploy: {namespace: {production: audio}}\n",
  "the longest name of a Deployment": `deploy: {deployment: ${"a".repeat(63)}}\n`,
  "an address with a port and a path": "deploy: {url: {staging: 'http://staging.example.com:8080/api'}}\n",
  "no smoke tests": "deploy: {smoke: {requests: 0, paths: []}}\n",
  "no errors at all": "deploy: {errors: {maxPercent: 0, samples: 1}}\n",
  "nothing to migrate": "deploy: {migrate: {command: none}}\n",
  "a proof in one environment": "deploy: {proof: {required: {production: true}}}\n",
}

/** Invalid documents by their problem: the text, and each problem as `line:column: path: message`. */
export const bad: Record<string, [text: string, ...problems: string[]]> = {
  "an overlay without its environment": [
    "deploy: {overlay: deploy/base}\n",
    '1:19: deploy.overlay: expected a path with "{environment}" in it, and no other braces, received "deploy/base"',
  ],
  "an overlay of the parent": [
    "deploy: {overlay: '../{environment}'}\n",
    inside("1:19: deploy.overlay", "../{environment}"),
  ],
  "a chart in a registry without its version": [
    "deploy: {chart: {reference: 'oci://r.example.com:5000/charts/api'}}\n",
    '1:29: deploy.chart.reference: expected a chart and its version in a registry, such as "oci://registry.example.com/charts/api:1.2.3", received "oci://r.example.com:5000/charts/api"',
  ],
  "values with another placeholder": [
    "deploy: {chart: {path: charts/api, values: ['{env}.yaml']}}\n",
    '1:45: deploy.chart.values[0]: expected a path with no other braces than "{environment}", received "{env}.yaml"',
  ],
  "a repository of manifests with a token in its address": [
    "deploy: {commit: {repository: 'https://token@git.example.com/team/manifests'}}\n",
    '1:31: deploy.commit.repository: expected the address of a git repository without user name and password, such as "https://git.example.com/team/manifests", or one of SSH such as "git@git.example.com:team/manifests", received "https://***@git.example.com/team/manifests"',
  ],
  "a branch of manifests that git would refuse": [
    "deploy: {commit: {branch: 'a..b'}}\n",
    '1:27: deploy.commit.branch: expected the name of a branch, such as "main" or "env/{environment}", received "a..b"',
  ],
  "a namespace that all previews would share": [
    "deploy: {preview: {namespace: previews}}\n",
    '1:31: deploy.preview.namespace: expected the name of a namespace with "{number}" in it, such as "api-pr-{number}", received "previews"',
  ],
  "a URL that all previews would share": [
    "deploy: {preview: {url: 'https://preview.example.com'}}\n",
    '1:25: deploy.preview.url: expected an http or https URL with "{number}" in it, such as "https://pr-{number}.example.com", received "https://preview.example.com"',
  ],
  "an environment that isn't known": [
    "deploy: {url: {test: 'http://a.example'}}\n",
    "1:16: deploy.url.test: unknown key; expected one of staging, production",
  ],
  "an address without its scheme": [
    "deploy: {url: {staging: staging.example.com}}\n",
    web("1:25: deploy.url.staging", "staging.example.com"),
  ],
  "a verification that is switched off": [
    "deploy: {verify: {production: off}}\n",
    '1:31: deploy.verify.production: expected one of enforce, warn, received "off"',
  ],
  "a cluster without its resource group": [
    "deploy: {aks: {staging: upscaler}}\n",
    '1:25: deploy.aks.staging: expected a resource group and a cluster in it, such as "audio-production/upscaler", received "upscaler"',
  ],
  "a resource group that ends with a dot": [
    "deploy: {aks: {staging: audio./upscaler}}\n",
    '1:25: deploy.aks.staging: expected a resource group and a cluster in it, such as "audio-production/upscaler", received "audio./upscaler"',
  ],
  "a metric with a dash": [
    "deploy: {errors: {counter: http-requests}}\n",
    '1:28: deploy.errors.counter: expected the name of a metric, such as http_requests_total, received "http-requests"',
  ],
  "more than all may fail": [
    "deploy: {errors: {maxPercent: 101}}\n",
    "1:31: deploy.errors.maxPercent: expected a whole number from 0 to 100, received the number 101",
  ],
  "no sample": [
    "deploy: {errors: {samples: 0}}\n",
    "1:28: deploy.errors.samples: expected a whole number from 1 to 1000000, received the number 0",
  ],
  "a status that is none": [
    "deploy: {health: {status: 99}}\n",
    "1:27: deploy.health.status: expected a whole number from 100 to 599, received the number 99",
  ],
  "an empty body": ["deploy: {health: {body: ''}}\n", printable("1:25: deploy.health.body", "")],
  "sample data that are no SQL": [
    "deploy: {proof: {sample: sample.csv}}\n",
    '1:26: deploy.proof.sample: expected the path of an SQL file, such as "db/sample.sql", received "sample.csv"',
  ],
  "a proof of nothing": [
    "deploy: {proof: {paths: []}}\n",
    "1:25: deploy.proof.paths: expected at least one entry, received an empty list",
  ],
  "a script of the parent": [
    "deploy: {smoke: {k6: ../load.js}}\n",
    inside("1:22: deploy.smoke.k6", "../load.js"),
  ],
}
