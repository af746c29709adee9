import { inside, printable, web } from "./complaints.js"
import * as dast from "./dastSamples.js"
import * as cleanup from "./cleanupSamples.js"
import * as deploy from "./deploySamples.js"
import * as load from "./loadSamples.js"
import * as infra from "./infraSamples.js"
import * as supplyChain from "./supplyChainSamples.js"
import * as notify from "./notifySamples.js"
import * as wrappers from "./wrappersSamples.js"

/** Samples: valid documents, and documents with one problem each, with its place. */

export const good: Record<string, string> = {
  nothing: "",
  "a comment only": "# nothing yet\n",
  "an explicit null": "~\n",
  "an empty map": "{}\n",
  "a document's start and end": "---\nparallel: 3\n...\n",
  "a byte order mark": "\uFEFFparallel: 3\n",
  "Windows line ends": "parallel: 3\r\ntimeout: 5m\r\n",
  "the schema's address": "$schema: .slipway/slipway.schema.json\nparallel: 3\n",
  "null sections":
    "python:\nquality:\ntests:\nsecurity:\nimage:\nrelease:\ninfra:\ndeploy:\ndast:\nnotify:\nmonitoring:\nbranches:\nwrappers:\ncleanup:\nimages:\n",
  "a null map": "images:\n  replace:\n",
  everything: `version: 1
name: upscaler-api
services: {api: services/api, w-2: "tools/a b"}
shared: [libs, "libs/audio.py"]
python:
  version: "3.11"
  requirements: [requirements.txt, "dev/requirements.txt"]
  index: https://pypi.example.com/simple
quality:
  checks: [mypy, black]
  paths:
    - src
    - tests
tests:
  suites: [integration, unit]
  unit: {paths: [tests/unit, tests/test_api.py], marker: not (slow or gpu), workers: 8}
  integration: {paths: [tests/it], marker: integration and not slow, workers: auto}
  services: [redis]
  runner: django
  environment: {SECRET_KEY: for tests, EMPTY: ""}
  postgres: {version: 16-alpine, variable: PG_DSN, scheme: postgresql+asyncpg}
  redis: {version: "7.2", variable: CACHE_URL}
  migrate: python -m app.migrate --to='head' && true
  startTimeout: 90s
  testTimeout: 2m
  reruns: 2
  coverage: {above: 92, sources: [src/app, src/lib]}
security:
  checks: [secrets, vulnerabilities]
  severity: high
  misconfiguration: unknown
  database:
    repository: mirror.example.com:5000/aquasecurity/trivy-db:2
    file: vendor/db.tar.gz
    maximumAge: 24h
image:
  platforms: [linux/arm64]
  dockerfile: deploy/Dockerfile
  target: runtime
  args: [EXTRAS=gpu, "GREETING=hello, = world"]
  command: [gunicorn, --bind, "0.0.0.0:9000", app:app]
  port: 9000
  health: /live?full=1
  unfixed: fail
  budget: 200MB
  context: 1GB
release:
  registry: team.azurecr.io
  repository: audio/upscaler
  source: https://git.example.com/audio/upscaler
  sources: [https://git.example.com/old/upscaler, unknown]
  builders: [https://builder.example.com/v1]
  tags: [latest, version]
  gates: [image, security]
  key: deploy/cosign.pub
  identity: https://git.example.com/audio/.ci/release.yml@refs/heads/main
  issuer: https://token.actions.githubusercontent.com
  log: false
  signingConfig: deploy/signing-config.json
  trustedRoot: deploy/trusted-root.json
infra:
  tool: opentofu
  version: "1.10"
  checks: [validate]
  roots: [infra/azure, infra/local]
  environments: [staging, production]
  variables: ["common/{environment}.tfvars", "{environment}/terraform.tfvars"]
  backend: ["backend/{environment}.hcl"]
  workspace: upscaler-{environment}
  lockTimeout: 5m
deploy:
  environments: [production, staging]
  overlay: k8s/{environment}
  commit: {repository: "git@git.example.com:team/manifests", branch: "env/{environment}", path: "apps/api/{environment}", knownHosts: known_hosts, timeout: 5m}
  preview: {namespace: "api-pr-{number}", url: "https://pr-{number}.example.com"}
  chart: {path: charts/api, reference: "oci://r.example.com:5000/charts/api:1.2.3-rc.1_b", values: ["charts/{environment}.yaml", all.yaml], release: upscaler}
  deployment: upscaler
  service: upscaler-web
  url: {staging: https://staging.example.com/, production: https://example.com}
  namespace: {staging: audio-staging, production: audio}
  aks: {production: audio_prod.(eu)/upscaler-1}
  verify: {staging: enforce, production: warn}
  drift: {staging: enforce, production: ignore}
  review: {staging: warn, production: enforce}
  releases: {staging: version, production: any}
  health: {path: /ready, status: 204, body: '"ok"', successes: 5, interval: 1s, timeout: 3s}
  smoke: {paths: [/, "/upscale?dry=1"], requests: 50, command: python -m app.smoke, k6: test/load.js, timeout: 1m}
  errors:
    maxPercent: 1
    samples: 200
    path: /internal/metrics
    counter: requests_total
    histogram: request_seconds
    prometheus: http://prometheus.monitoring:9090
    total: 'sum(increase(a{hash="{hash}"}[{since}s]))'
    failed: sum(b)
  latencyP95: 1s
  soak: 10m
  hold: 20m
  readyTimeout: 3m
  finishTimeout: 4m
  lockTimeout: 30s
  migrate: {command: alembic upgrade head, variable: PG_DSN, timeout: 1h}
  proof: {required: {staging: false, production: true}, sample: db/sample.sql, paths: [/, /jobs]}
dast:
  active: {staging: true, production: false}
  schedule: {staging: false}
  risk: medium
  openapi: /api/schema
  include: [/api/**]
  exclude: [/api/logout]
  header: X-Key
  spider: 30s
  timeout: 1h
notify:
  channels: [teams, webhook]
  events: [failed, rolled-back]
  environments: [production]
  run: https://ci.example.com/runs/{run}?of={environment}
  commit: https://git.example.com/audio/upscaler/commit/{sha}
monitoring:
  grafana: {staging: http://grafana.staging:3000, production: https://grafana.example.com}
  dashboard: upscaler_1
  job: audio/upscaler
  by: [namespace, cluster]
  status: code
  alerts: {file: alerts.yaml, errors: 5, latency: 500ms, uptime: 99.95, for: 10m, runbook: https://example.com/runbook, load: operator, labels: {release: prometheus}}
  probe: {prober: "blackbox.monitoring:9115", module: http_200}
  watch: {policy: alert, duration: 1h}
load:
  script: k6/users.js
  openapi: docs/api.yaml
  document: /v1/openapi.json
  paths: [/, /v1/jobs]
  pause: 250
  iterations: 50
  load: {ramps: ["1m:5", "2h:5"], p95: 500, errors: 1}
  stress: {ramps: ["10m:1000"], p95: 5000, errors: 50, minimumUsers: 100, when: {staging: never, production: schedule}, percent: {staging: 50}}
  influxdb: http://influx.monitoring:8086/write?db=load
  prometheus: http://prometheus.monitoring:9090/api/v1/write
wrappers:
  hosts: [github, circleci]
  slipway: https://git.example.com/team/slipway@${"a".repeat(40)}
  secrets: [TF_VAR_password]
  schedule: "*/30 1-5 * * 1,3"
  connection: Azure (audio)
  hotfixes: true
cleanup:
  apply: true
  environments: [production]
  releases: 20
  builds: 5
  minimumAge: 30d
  protect: ["stable-*"]
  rollbacks: 3
  jobs: 2h
  previews: {label: slipway.dev/preview, pattern: "pr-*", age: 36h}
parallel: 4
timeout: 1h
images:
  prefix: mirror.example.com:5000/hub
  replace:
    python: registry.example.com/python:3.11-slim
    git: alpine/git@sha256:${"0123456789abcdef".repeat(4)}
    postgres: registry.example.com/postgres:16
    redis: registry.example.com/redis:7
    trivy: registry.example.com/trivy:0.70.0
    regctl: registry.example.com/regctl:v0.11.7
    cosign: registry.example.com/cosign:v3.0.6
    registry: registry.example.com/registry:3
    terraform: registry.example.com/terraform:1.5.7
    opentofu: registry.example.com/opentofu:1.10
    k6: registry.example.com/k6:1.3.0
    zap: registry.example.com/zap:2.17.0
    k3s: registry.example.com/k3s:1.36.3
    kubectl: registry.example.com/kubectl:1.36.3
    helm: registry.example.com/helm:4.3.2
    prometheus: registry.example.com/prometheus:3.16.0
`,
  "a number as version": "python: {version: 3.11}\n",
  "version 3.9 as a number": "python: {version: 3.9}\n",
  "version 3.10 in quotes": 'python: {version: "3.10"}\n',
  "no requirements": "python: {requirements: []}\n",
  "an index with a port": "python: {index: 'http://localhost:3141/root/pypi/+simple/?a=b@c'}\n",
  "an index by IPv6": "python: {index: 'http://[::1]:3141/'}\n",
  "a registry by port": "images: {prefix: 'localhost:5000'}\n",
  "a registry by localhost": "images: {prefix: localhost/hub}\n",
  "a registry alone": "images: {prefix: mirror.example.com}\n",
  "a tag without registry": "images: {replace: {python: 'python:3.11'}}\n",
  "a registry's port and a tag": "images: {replace: {python: 'localhost:5000/a/b:c'}}\n",
  "the longest name": `name: ${"a".repeat(63)}\n`,
  "dots in a path": "quality: {paths: [a..b, ..c, d.., ./x, .]}\n",
  "a path with a space": "quality: {paths: ['a b/ü 😀.py']}\n",
  "the least parallel": "parallel: 1\n",
  "the most parallel": "parallel: 64\n",
  "a whole float": "parallel: 4.0\n",
  "the longest timeouts": "timeout: 9999m\n",
  "null suites": "tests:\n  unit:\n  integration:\n  postgres:\n  coverage:\nsecurity:\n  database:\n",
  "no services": "tests: {services: []}\n",
  "no services of a repository": "services:\nshared: []\n",
  "services with settings":
    "tests: {services: {postgres: , broker: {image: 'rabbitmq:4', port: 5672, environment: {A: b}, command: [x, x], variable: AMQP_URL, url: 'amqp://guest:guest@broker:5672/', ready: [rabbitmq-diagnostics, ping]}, other: {image: 'a/b:1', port: 1, ready: port}}}\n",
  "the longest command": `tests: {migrate: ${"x".repeat(4000)}}\n`,
  "the least and the most workers": "tests: {unit: {workers: 1}, integration: {workers: '64'}}\n",
  "a marker with brackets": "tests: {unit: {marker: '(a or b) and not _c2'}}\n",
  "the least and the most reruns": "tests: {reruns: 10, coverage: {above: 0}}\n",
  "a tag with a digest's letters": "tests: {postgres: {version: 15.4-alpine3.19_x}}\n",
  "an environment variable with an underscore": "tests: {redis: {variable: _r2}}\n",
  "a database by its registry's port, without tag":
    "security: {database: {repository: 'localhost:5000/trivy-db'}}\n",
  "a database by digest": `security: {database: {repository: 'a.example/b/trivy-db:2@sha256:${"0".repeat(64)}'}}\n`,
  "indented comments": `parallel: 3\n${" ".repeat(150)}# far right\n`,
  ...supplyChain.good,
  ...wrappers.good,
  ...infra.good,
  ...deploy.good,
  ...cleanup.good,
  ...dast.good,
  ...notify.good,
  ...load.good,
}

/** Invalid documents by their problem: the text, and each problem as `line:column: path: message`. */
export const bad: Record<string, [text: string, ...problems: string[]]> = {
  // keys
  "a key of a section": ["checks: 1\n", '1:1: checks: unknown key here; it belongs below "quality"'],
  "a wrong letter": ["quality:\n  chekcs: []\n", '2:3: quality.chekcs: unknown key; did you mean "checks"?'],
  "a wrong case": ["Parallel: 1\n", '1:1: Parallel: unknown key; did you mean "parallel"?'],
  "nothing near": [
    "images:\n  colour: red\n",
    "2:3: images.colour: unknown key; expected one of prefix, replace",
  ],
  "a key of another section": [
    "images:\n  paths: [a]\n",
    '2:3: images.paths: unknown key here; it belongs below "quality"',
  ],
  "a key of the top": [
    "quality:\n  timeout: 5m\n",
    "2:3: quality.timeout: unknown key here; it belongs at the top of the file",
  ],
  "an unknown role": [
    "images: {replace: {pyhton: 'a:1'}}\n",
    '1:20: images.replace.pyhton: unknown key; did you mean "python"?',
  ],
  "a duplicate key": [
    "parallel: 1\ntimeout: 1m\nparallel: 2\n",
    "3:1: parallel: duplicate key, first on line 1",
  ],
  "a key of several words": [
    '"a b\\n": 1\n',
    '1:1: "a b\\n": unknown key; expected one of version, name, services, shared, python, quality, tests, security, image, release, infra, deploy, load, dast, notify, monitoring, branches, wrappers, cleanup, parallel, timeout, images, $schema',
  ],
  "a number as key": [
    "1: x\n",
    "1:1: 1: unknown key; expected one of version, name, services, shared, python, quality, tests, security, image, release, infra, deploy, load, dast, notify, monitoring, branches, wrappers, cleanup, parallel, timeout, images, $schema",
  ],
  "a list as key": ["? [a]\n: 1\n", "1:3: expected a name as key, received a list"],
  "no key": ["quality: {: 1}\n", "1:11: quality: expected a name as key, received nothing"],
  // types
  "a list at the root": ["- a\n", "1:1: expected a map of keys, received a list"],
  "a text at the root": ["slipway\n", '1:1: expected a map of keys, received "slipway"'],
  "a text that looks like an anchor": ["--- |\n&a\n", '1:5: expected a map of keys, received "&a\\n"'],
  "a text as section": ["quality: black\n", '1:10: quality: expected a map of keys, received "black"'],
  "a list as map": [
    "images: {replace: []}\n",
    "1:19: images.replace: expected a map with the keys python, pythonFull, git, postgres, redis, mysql, mariadb, mongodb, rabbitmq, trivy, regctl, cosign, registry, terraform, opentofu, k6, zap, k3s, kubectl, helm, prometheus, received a list",
  ],
  "a text as list": ["quality: {paths: src}\n", '1:18: quality.paths: expected a list, received "src"'],
  "nothing as list": ["quality:\n  paths:\n", "2:9: quality.paths: expected a list, received nothing"],
  "a map as text": ["name: {a: 1}\n", "1:7: name: expected a text, received a map"],
  "nothing as text": ["name:\n", "1:6: name: expected a text, received nothing"],
  "a number as text": [
    "name: 123\n",
    "1:7: name: expected a text, received the number 123; put it in quotes",
  ],
  "a boolean as text": [
    "name: true\n",
    "1:7: name: expected a text, received the boolean true; put it in quotes",
  ],
  "nothing in a list": [
    "quality:\n  checks:\n    - black\n    -\n",
    "4:6: quality.checks[1]: expected one of black, isort, flake8, mypy, bandit, received nothing",
  ],
  "services as a list": ["services: [api]\n", "1:11: services: expected a map of names, received a list"],
  "a service's name with a capital": ["services: {Api: api}\n", label("1:12: services.Api", "Api")],
  "a service's folder outside": ["services: {api: ../api}\n", inside("1:17: services.api", "../api")],
  "a service's folder with a slash at its end": [
    "services: {api: api/}\n",
    folder("1:17: services.api", "api/"),
  ],
  "the root as a service": ["services: {api: .}\n", folder("1:17: services.api", ".")],
  "a pattern of shared folders": ["shared: [libs/*]\n", folder("1:10: shared[0]", "libs/*")],
  // values
  "an unknown version": ["version: 2\n", "1:10: version: expected 1, received the number 2"],
  "a version in quotes": ['version: "1"\n', '1:10: version: expected 1, received "1"'],
  "an upper-case name": ["name: Api\n", label("1:7: name", "Api")],
  "a name that is too long": [`name: ${"a".repeat(64)}\n`, label("1:7: name", "a".repeat(64))],
  "a name that ends in a dash": ["name: api-\n", label("1:7: name", "api-")],
  "a name with a line's end": ['name: "api\\n"\n', label("1:7: name", "api\\n")],
  "Python 3.10 without quotes": [
    "python:\n  version: 3.10\n",
    "2:12: python.version: expected a text, received the number 3.10; YAML reads it as 3.1, so put it in quotes",
  ],
  "Python 3.1": [
    "python: {version: 3.1}\n",
    '1:19: python.version: expected a Python version from "3.9" to "3.19", such as "3.11", received the number 3.1; put it in quotes',
  ],
  "Python 2": [
    'python: {version: "2.7"}\n',
    '1:19: python.version: expected a Python version from "3.9" to "3.19", such as "3.11", received "2.7"',
  ],
  "an index by file": ["python: {index: 'file:///etc'}\n", url("1:17", "file:///etc")],
  "an index without host": ["python: {index: 'https://'}\n", url("1:17", "https://")],
  "an index with a space": ["python: {index: 'https://a/b c'}\n", url("1:17", "https://a/b c")],
  "a password in the index": [
    "python: {index: 'https://me:secret@pypi.example.com/simple'}\n",
    '1:17: python.index: expected a URL without user name and password, which a secret has to carry, received "https://***@pypi.example.com/simple"',
  ],
  "an unknown check": [
    "quality: {checks: [blakc]}\n",
    '1:20: quality.checks[0]: expected one of black, isort, flake8, mypy, bandit, received "blakc"; did you mean "black"?',
  ],
  "no checks": [
    "quality: {checks: []}\n",
    "1:19: quality.checks: expected at least one entry, received an empty list",
  ],
  "no paths": [
    "quality: {paths: []}\n",
    "1:18: quality.paths: expected at least one entry, received an empty list",
  ],
  "a check twice": [
    "quality:\n  checks:\n    - black\n    - mypy\n    - black\n",
    '5:7: quality.checks[2]: "black" is in the list twice, first on line 3',
  ],
  "an absolute path": [
    "quality: {paths: [/etc]}\n",
    `1:19: quality.paths[0]: expected a path relative to the service's folder, received "/etc"`,
  ],
  "an empty path": ["quality: {paths: ['']}\n", printable("1:19: quality.paths[0]", "")],
  "a path with a NUL": ['quality: {paths: ["a\\0b"]}\n', printable("1:19: quality.paths[0]", "a\\u0000b")],
  "a path of two lines": ['quality: {paths: ["a\\nb"]}\n', printable("1:19: quality.paths[0]", "a\\nb")],
  "a path with a terminal's escape": [
    'quality: {paths: ["a\\x9bb"]}\n',
    printable("1:19: quality.paths[0]", "a\\u009bb"),
  ],
  "a path like an option": [
    "quality: {paths: [--config=x]}\n",
    '1:19: quality.paths[0]: expected a path that doesn\'t begin with "-" (write "./-name"), received "--config=x"',
  ],
  "a path to the parent": ["quality: {paths: [..]}\n", inside("1:19: quality.paths[0]", "..")],
  "a path by way of the parent": [
    "quality: {paths: [a/../../b]}\n",
    inside("1:19: quality.paths[0]", "a/../../b"),
  ],
  "a path that ends in the parent": [
    "python: {requirements: [a/..]}\n",
    inside("1:25: python.requirements[0]", "a/.."),
  ],
  "parallel by none": ["parallel: 0\n", whole("1:11", "0")],
  "parallel by too many": ["parallel: 65\n", whole("1:11", "65")],
  "parallel by a half": ["parallel: 1.5\n", whole("1:11", "1.5")],
  "parallel without end": ["parallel: .inf\n", whole("1:11", ".inf")],
  "parallel by a text": [
    "parallel: many\n",
    '1:11: parallel: expected a whole number from 1 to 64, received "many"',
  ],
  "a timeout without unit": ["timeout: 600\n", time("the number 600; put it in quotes")],
  "a timeout of nothing": ["timeout: 0s\n", time('"0s"')],
  "a timeout that is too long": ["timeout: 100h\n", time('"100h"')],
  "a timeout of two units": ["timeout: 1h30m\n", time('"1h30m"')],
  "a prefix with a scheme": [
    "images: {prefix: 'https://mirror.example.com'}\n",
    '1:18: images.prefix: expected a registry and a path, without scheme or "/" at the end, such as "mirror.example.com/hub", received "https://mirror.example.com"',
  ],
  "a prefix with a slash": [
    "images: {prefix: mirror.example.com/}\n",
    '1:18: images.prefix: expected a registry and a path, without scheme or "/" at the end, such as "mirror.example.com/hub", received "mirror.example.com/"',
  ],
  "a prefix without registry": [
    "images: {prefix: hub/x}\n",
    '1:18: images.prefix: expected a registry first, such as "mirror.example.com/hub" or "localhost:5000", received "hub/x"',
  ],
  "an image without tag": [
    "images: {replace: {git: 'localhost:5000/git'}}\n",
    '1:25: images.replace.git: expected an image reference with a tag or digest, such as "python:3.11-slim", received "localhost:5000/git"',
  ],
  "an unknown suite": [
    "tests: {suites: [unti]}\n",
    '1:18: tests.suites[0]: expected one of unit, integration, received "unti"; did you mean "unit"?',
  ],
  "no suites": [
    "tests: {suites: []}\n",
    "1:17: tests.suites: expected at least one entry, received an empty list",
  ],
  "no paths of a suite": [
    "tests: {unit: {paths: []}}\n",
    "1:23: tests.unit.paths: expected at least one entry, received an empty list",
  ],
  "tests of the parent": ["tests: {unit: {paths: [../t]}}\n", inside("1:24: tests.unit.paths[0]", "../t")],
  "a key of a suite beside it": [
    "tests:\n  marker: slow\n",
    '2:3: tests.marker: unknown key here; it belongs below "tests.unit"',
  ],
  "a marker with an operator": ["tests: {unit: {marker: a & b}}\n", marker("1:24", "a & b")],
  "a marker like an option": ["tests: {unit: {marker: -x}}\n", marker("1:24", "-x")],
  "a marker of two lines": ['tests: {unit: {marker: "a\\nb"}}\n', marker("1:24", "a\\nb")],
  "no workers": ["tests: {unit: {workers: 0}}\n", workers("the number 0; put it in quotes")],
  "too many workers": ["tests: {unit: {workers: '65'}}\n", workers('"65"')],
  "workers by a word": ["tests: {unit: {workers: all}}\n", workers('"all"')],
  "half a worker": ["tests: {unit: {workers: 1.5}}\n", workers("the number 1.5; put it in quotes")],
  "an unknown service": [
    "tests: {services: [postgresql]}\n",
    '1:20: tests.services[0]: expected one of postgres, redis, mysql, mariadb, mongodb, rabbitmq, received "postgresql"; did you mean "postgres"?',
  ],
  "an unknown service without image": [
    "tests: {services: {broker: {port: 5672}}}\n",
    "1:20: tests.services.broker: expected image, which only postgres, redis, mysql, mariadb, mongodb, rabbitmq have by default",
  ],
  "an unknown field of a service": [
    "tests: {services: {redis: {images: 'redis:7'}}}\n",
    "1:28: tests.services.redis.images: unknown key here; it belongs at the top of the file",
  ],
  "a service whose name is no host": [
    "tests: {services: {My_DB: {image: 'x:1', port: 1}}}\n",
    '1:20: tests.services.My_DB: expected a DNS label: up to 63 of a-z, 0-9 and -, with a letter or digit at both ends, received "My_DB"',
  ],
  "a service's image without a tag": [
    "tests: {services: {redis: {image: redis}}}\n",
    '1:35: tests.services.redis.image: expected an image reference with a tag or digest, such as "python:3.11-slim", received "redis"',
  ],
  "a variable that YAML reads as a number": [
    "tests: {environment: {PORT: 80}}\n",
    "1:29: tests.environment.PORT: expected a text, received the number 80; put it in quotes",
  ],
  "services by a word": [
    "tests: {services: redis}\n",
    '1:19: tests.services: expected a map of names, or a list, received "redis"',
  ],
  "a service twice": [
    "tests: {services: [redis, redis]}\n",
    '1:27: tests.services[1]: "redis" is in the list twice, first on line 1',
  ],
  "a tag that YAML reads as a fraction": [
    "tests: {redis: {version: 7.2}}\n",
    "1:26: tests.redis.version: expected a text, received the number 7.2; put it in quotes",
  ],
  "a tag with its image": [
    "tests: {postgres: {version: 'postgres:15'}}\n",
    '1:29: tests.postgres.version: expected the tag of an image, such as "15" or "15-alpine", received "postgres:15"',
  ],
  "a variable with a dash": [
    "tests: {redis: {variable: REDIS-URL}}\n",
    '1:27: tests.redis.variable: expected the name of an environment variable, such as "DATABASE_URL", received "REDIS-URL"',
  ],
  "a scheme with its colon": [
    "tests: {postgres: {scheme: 'postgresql://'}}\n",
    '1:28: tests.postgres.scheme: expected the scheme of a URL, such as "postgresql" or "postgresql+asyncpg", received "postgresql://"',
  ],
  "a scheme of Redis": [
    "tests: {redis: {scheme: redis}}\n",
    '1:17: tests.redis.scheme: unknown key here; it belongs below "tests.postgres"',
  ],
  "a command of two lines": [
    "tests:\n  migrate: |\n    a\n    b\n",
    '2:12: tests.migrate: expected a command on one line, of at most 4000 characters, received "a\\nb\\n"',
  ],
  "a command that is too long": [
    `tests: {migrate: ${"x".repeat(4001)}}\n`,
    `1:18: tests.migrate: expected a command on one line, of at most 4000 characters, received "${"x".repeat(80)}…"`,
  ],
  "an empty command": [
    "tests: {migrate: ''}\n",
    '1:18: tests.migrate: expected a command on one line, of at most 4000 characters, received ""',
  ],
  "a test's time without unit": [
    "tests: {testTimeout: 60}\n",
    time("the number 60; put it in quotes", "1:22: tests.testTimeout"),
  ],
  "too many reruns": [
    "tests: {reruns: 11}\n",
    "1:17: tests.reruns: expected a whole number from 0 to 10, received the number 11",
  ],
  "coverage above 100": [
    "tests: {coverage: {above: 100}}\n",
    "1:27: tests.coverage.above: expected a whole number from 0 to 99, received the number 100",
  ],
  "coverage in per cent": [
    "tests: {coverage: {above: 80%}}\n",
    '1:27: tests.coverage.above: expected a whole number from 0 to 99, received "80%"',
  ],
  "no code to cover": [
    "tests: {coverage: {sources: []}}\n",
    "1:29: tests.coverage.sources: expected at least one entry, received an empty list",
  ],
  "an unknown scan": [
    "security: {checks: [secret]}\n",
    '1:21: security.checks[0]: expected one of vulnerabilities, secrets, misconfiguration, suppressions, received "secret"; did you mean "secrets"?',
  ],
  "a severity in upper case": [
    "security: {severity: HIGH}\n",
    '1:22: security.severity: expected one of unknown, low, medium, high, critical, received "HIGH"; did you mean "high"?',
  ],
  "no severity": [
    "security:\n  misconfiguration:\n",
    "2:20: security.misconfiguration: expected one of unknown, low, medium, high, critical, received nothing",
  ],
  "a database with a scheme": [
    "security: {database: {repository: 'https://a.example/trivy-db:2'}}\n",
    '1:35: security.database.repository: expected a repository with its registry, such as "mirror.example.com/aquasecurity/trivy-db:2", received "https://a.example/trivy-db:2"',
  ],
  "a database without registry": [
    "security: {database: {repository: 'aquasecurity/trivy-db:2'}}\n",
    '1:35: security.database.repository: expected a registry first, such as "mirror.example.com/hub" or "localhost:5000", received "aquasecurity/trivy-db:2"',
  ],
  "a database outside of the source": [
    "security: {database: {file: /var/db.tar.gz}}\n",
    `1:29: security.database.file: expected a path relative to the service's folder, received "/var/db.tar.gz"`,
  ],
  "a database's age in days": [
    "security: {database: {maximumAge: 2d}}\n",
    time('"2d"', "1:35: security.database.maximumAge"),
  ],
  "an image in upper case": [
    "images: {replace: {git: 'a/Git:1'}}\n",
    '1:25: images.replace.git: expected an image reference such as "registry.example.com/python:3.11-slim", received "a/Git:1"',
  ],
  ...supplyChain.bad,
  ...wrappers.bad,
  ...infra.bad,
  ...deploy.bad,
  ...cleanup.bad,
  ...dast.bad,
  ...notify.bad,
  ...load.bad,
}

function label(place: string, value: string): string {
  return `${place}: expected a DNS label: up to 63 of a-z, 0-9 and -, with a letter or digit at both ends, received "${value}"`
}

function folder(place: string, value: string): string {
  return `${place}: expected a path without "./", "//", "/" at its end and characters of patterns, such as "services/api", received "${value}"`
}

function url(place: string, value: string): string {
  return web(`${place}: python.index`, value)
}

function whole(place: string, value: string): string {
  return `${place}: parallel: expected a whole number from 1 to 64, received the number ${value}`
}

function marker(place: string, value: string): string {
  return `${place}: tests.unit.marker: expected names of markers with "and", "or", "not" and brackets, such as "integration and not slow", received "${value}"`
}

function workers(value: string): string {
  return `1:25: tests.unit.workers: expected "auto", or a number from 1 to 64, received ${value}`
}

function time(value: string, place = "1:10: timeout"): string {
  return `${place}: expected a duration: 1 to 9999 seconds or minutes, or 1 to 99 hours, such as "30s", "10m" or "1h", received ${value}`
}
