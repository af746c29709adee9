import { describe, expect, expectTypeOf, test } from "vitest"
import { SlipwayError } from "../../../src/lib/errors/catalogue.js"
import { type Config, DEFAULTS } from "../../../src/lib/config/config.js"
import { checkConfig, formatProblem, parseConfig } from "../../../src/lib/config/parse.js"
import { bad, good } from "./samples.js"

const problemsOf = (text: string): string[] =>
  checkConfig(text).problems.map((problem) => formatProblem(problem))

/** A service of tests without settings of its own. */
const NO_SETTINGS = { environment: {}, ready: [] }

interface Service {
  readonly image?: string
  readonly port?: number
  readonly environment: Readonly<Record<string, string>>
  readonly command?: readonly string[]
  readonly variable?: string
  readonly url?: string
  readonly ready: readonly string[]
}

interface Suite {
  readonly paths?: readonly string[]
  readonly marker?: string
  readonly workers: string
}

interface Limits {
  readonly ramps: readonly { seconds: number; users: number }[]
  readonly p95: number
  readonly errors: number
}

interface Stress extends Limits {
  readonly when: PerEnvironment<"never" | "schedule" | "deployment">
  readonly percent: PerEnvironment<number>
  readonly minimumUsers?: number
}

const ramp = (seconds: number, users: number) => ({ seconds, users })

type PerEnvironment<T> = Readonly<Record<string, T>>

type Severity = "unknown" | "low" | "medium" | "high" | "critical"

function errorOf(text: string, file?: string): SlipwayError {
  try {
    parseConfig(text, file)
  } catch (error) {
    if (error instanceof SlipwayError) return error
  }
  throw new Error("no SlipwayError")
}

describe("parseConfig accepts", () => {
  test.each(Object.entries(good))("%s", (_, text) => {
    expect(problemsOf(text)).toEqual([])
  })

  test("no file, with the defaults", () => {
    expect(parseConfig(undefined)).toBe(DEFAULTS)
    expect(parseConfig("")).toEqual(DEFAULTS)
    expect(DEFAULTS).toStrictEqual({
      version: 1,
      services: {},
      shared: [],
      python: { packages: [] },
      quality: { checks: ["black", "isort", "flake8", "mypy", "bandit"], paths: ["."] },
      tests: {
        suites: ["unit", "integration"],
        unit: { workers: "auto" },
        integration: { workers: "auto" },
        services: { postgres: NO_SETTINGS, redis: NO_SETTINGS },
        environment: {},
        postgres: { version: "15", variable: "DATABASE_URL", scheme: "postgresql" },
        redis: { version: "7", variable: "REDIS_URL" },
        startTimeout: 60,
        testTimeout: 60,
        reruns: 0,
        coverage: { above: 80 },
      },
      security: {
        checks: ["vulnerabilities", "secrets", "misconfiguration", "suppressions"],
        severity: "critical",
        misconfiguration: "critical",
        database: { maximumAge: 172_800 },
      },
      image: {
        platforms: ["linux/amd64", "linux/arm64"],
        args: [],
        port: 8000,
        health: "/health",
        unfixed: "triaged",
        context: 100_000_000,
      },
      release: {
        sources: [],
        builders: [],
        tags: ["version", "minor", "major", "branch", "commit"],
        gates: ["quality", "security", "tests", "image"],
        log: true,
      },
      infra: { tool: "terraform", checks: ["format", "validate"], lockTimeout: 60 },
      deploy: {
        environments: ["staging", "production"],
        entry: {},
        promotion: {},
        overlay: "deploy/overlays/{environment}",
        chart: { values: [] },
        commit: { branch: "main", path: "{environment}", timeout: 600 },
        preview: {},
        url: {},
        namespace: {},
        aks: {},
        verify: { staging: "warn", production: "enforce" },
        drift: { staging: "warn", production: "enforce" },
        review: { staging: "ignore", production: "warn" },
        releases: { staging: "any", production: "version" },
        health: { status: 200, successes: 3, interval: 2, timeout: 5 },
        smoke: { paths: ["/"], requests: 200, timeout: 300 },
        errors: {
          maxPercent: 2,
          samples: 100,
          path: "/metrics",
          counter: "http_requests_total",
          histogram: "http_request_duration_seconds",
        },
        latencyP95: 2,
        soak: 300,
        hold: 600,
        readyTimeout: 300,
        finishTimeout: 300,
        lockTimeout: 120,
        migrate: { variable: "DATABASE_URL", timeout: 600 },
        proof: { required: {} },
      },
      dast: {
        active: {},
        schedule: { staging: true, production: true },
        risk: "high",
        openapi: "/openapi.json",
        include: [],
        exclude: [],
        spider: 120,
        timeout: 1800,
      },
      notify: {
        events: ["started", "succeeded", "failed", "rolled-back", "held", "alert"],
        environments: ["staging", "production"],
      },
      monitoring: {
        grafana: {},
        by: ["namespace"],
        status: "status",
        alerts: { file: "monitoring/alerts.yaml", uptime: 99.5, for: 300, load: "auto", labels: {} },
        probe: { module: "http_2xx" },
        watch: { policy: "rollback", duration: 1800 },
      },
      load: {
        document: "/openapi.json",
        paths: ["/"],
        pause: 1000,
        iterations: 100,
        load: {
          p95: 2000,
          errors: 10,
          ramps: [ramp(60, 10), ramp(300, 10), ramp(60, 20), ramp(240, 20), ramp(60, 0)],
        },
        stress: {
          p95: 2000,
          errors: 10,
          ramps: [...[100, 200, 300, 400].map((users) => ramp(120, users)), ramp(180, 400), ramp(60, 0)],
          when: { staging: "schedule", production: "deployment" },
          percent: { staging: 100, production: 25 },
        },
      },
      branches: { main: "main", develop: "develop" },
      wrappers: { hosts: [], secrets: [], schedule: "23 4 * * *", hotfixes: false },
      cleanup: {
        apply: false,
        releases: 10,
        builds: 10,
        minimumAge: 604_800,
        rollbacks: 5,
        jobs: 86_400,
        protect: ["latest", "main", "develop"],
        previews: { pattern: "*", age: 604_800 },
      },
      parallel: 2,
      timeout: 600,
      images: { replace: {} },
    })
  })

  test("sections without content, with the defaults", () => {
    expect(parseConfig(good["null sections"])).toEqual(DEFAULTS)
    expect(parseConfig(good["a null map"])).toEqual(DEFAULTS)
  })

  test("a map with one of its keys, with the defaults of the others", () => {
    const { deploy } = parseConfig(
      "deploy: {verify: {staging: enforce}, releases: {staging: version}, drift: }\n",
    )
    expect(deploy.verify).toEqual({ staging: "enforce", production: "enforce" })
    expect(deploy.releases).toEqual({ staging: "version", production: "version" })
    expect(deploy.drift).toEqual({ staging: "warn", production: "enforce" })
  })

  test("every key", () => {
    expect(parseConfig(good["everything"])).toEqual({
      version: 1,
      name: "upscaler-api",
      services: { api: "services/api", "w-2": "tools/a b" },
      shared: ["libs", "libs/audio.py"],
      python: {
        version: "3.11",
        requirements: ["requirements.txt", "dev/requirements.txt"],
        index: "https://pypi.example.com/simple",
        packages: [],
      },
      quality: { checks: ["mypy", "black"], paths: ["src", "tests"] },
      tests: {
        suites: ["integration", "unit"],
        unit: { paths: ["tests/unit", "tests/test_api.py"], marker: "not (slow or gpu)", workers: "8" },
        integration: { paths: ["tests/it"], marker: "integration and not slow", workers: "auto" },
        services: { redis: NO_SETTINGS },
        runner: "django",
        environment: { SECRET_KEY: "for tests", EMPTY: "" },
        postgres: { version: "16-alpine", variable: "PG_DSN", scheme: "postgresql+asyncpg" },
        redis: { version: "7.2", variable: "CACHE_URL" },
        migrate: "python -m app.migrate --to='head' && true",
        startTimeout: 90,
        testTimeout: 120,
        reruns: 2,
        coverage: { above: 92, sources: ["src/app", "src/lib"] },
      },
      security: {
        checks: ["secrets", "vulnerabilities"],
        severity: "high",
        misconfiguration: "unknown",
        database: {
          repository: "mirror.example.com:5000/aquasecurity/trivy-db:2",
          file: "vendor/db.tar.gz",
          maximumAge: 86_400,
        },
      },
      image: {
        platforms: ["linux/arm64"],
        dockerfile: "deploy/Dockerfile",
        target: "runtime",
        args: ["EXTRAS=gpu", "GREETING=hello, = world"],
        command: ["gunicorn", "--bind", "0.0.0.0:9000", "app:app"],
        port: 9000,
        health: "/live?full=1",
        unfixed: "fail",
        budget: 200_000_000,
        context: 1_000_000_000,
      },
      release: {
        registry: "team.azurecr.io",
        repository: "audio/upscaler",
        source: "https://git.example.com/audio/upscaler",
        sources: ["https://git.example.com/old/upscaler", "unknown"],
        builders: ["https://builder.example.com/v1"],
        tags: ["latest", "version"],
        gates: ["image", "security"],
        key: "deploy/cosign.pub",
        identity: "https://git.example.com/audio/.ci/release.yml@refs/heads/main",
        issuer: "https://token.actions.githubusercontent.com",
        log: false,
        signingConfig: "deploy/signing-config.json",
        trustedRoot: "deploy/trusted-root.json",
      },
      infra: {
        tool: "opentofu",
        version: "1.10",
        checks: ["validate"],
        roots: ["infra/azure", "infra/local"],
        environments: ["staging", "production"],
        variables: ["common/{environment}.tfvars", "{environment}/terraform.tfvars"],
        backend: ["backend/{environment}.hcl"],
        workspace: "upscaler-{environment}",
        lockTimeout: 300,
      },
      deploy: {
        environments: ["production", "staging"],
        entry: {},
        promotion: {},
        overlay: "k8s/{environment}",
        chart: {
          path: "charts/api",
          reference: "oci://r.example.com:5000/charts/api:1.2.3-rc.1_b",
          values: ["charts/{environment}.yaml", "all.yaml"],
          release: "upscaler",
        },
        commit: {
          repository: "git@git.example.com:team/manifests",
          branch: "env/{environment}",
          path: "apps/api/{environment}",
          knownHosts: "known_hosts",
          timeout: 300,
        },
        preview: { namespace: "api-pr-{number}", url: "https://pr-{number}.example.com" },
        deployment: "upscaler",
        service: "upscaler-web",
        url: { staging: "https://staging.example.com/", production: "https://example.com" },
        namespace: { staging: "audio-staging", production: "audio" },
        aks: { production: "audio_prod.(eu)/upscaler-1" },
        verify: { staging: "enforce", production: "warn" },
        drift: { staging: "enforce", production: "ignore" },
        review: { staging: "warn", production: "enforce" },
        releases: { staging: "version", production: "any" },
        health: { path: "/ready", status: 204, body: '"ok"', successes: 5, interval: 1, timeout: 3 },
        smoke: {
          paths: ["/", "/upscale?dry=1"],
          requests: 50,
          command: "python -m app.smoke",
          k6: "test/load.js",
          timeout: 60,
        },
        errors: {
          maxPercent: 1,
          samples: 200,
          path: "/internal/metrics",
          counter: "requests_total",
          histogram: "request_seconds",
          prometheus: "http://prometheus.monitoring:9090",
          total: 'sum(increase(a{hash="{hash}"}[{since}s]))',
          failed: "sum(b)",
        },
        latencyP95: 1,
        soak: 600,
        hold: 1200,
        readyTimeout: 180,
        finishTimeout: 240,
        lockTimeout: 30,
        migrate: { command: "alembic upgrade head", variable: "PG_DSN", timeout: 3600 },
        proof: {
          required: { staging: false, production: true },
          sample: "db/sample.sql",
          paths: ["/", "/jobs"],
        },
      },
      dast: {
        active: { staging: true, production: false },
        schedule: { staging: false, production: true },
        risk: "medium",
        openapi: "/api/schema",
        include: ["/api/**"],
        exclude: ["/api/logout"],
        header: "X-Key",
        spider: 30,
        timeout: 3600,
      },
      notify: {
        channels: ["teams", "webhook"],
        events: ["failed", "rolled-back"],
        environments: ["production"],
        run: "https://ci.example.com/runs/{run}?of={environment}",
        commit: "https://git.example.com/audio/upscaler/commit/{sha}",
      },
      monitoring: {
        grafana: { staging: "http://grafana.staging:3000", production: "https://grafana.example.com" },
        dashboard: "upscaler_1",
        job: "audio/upscaler",
        by: ["namespace", "cluster"],
        status: "code",
        alerts: {
          file: "alerts.yaml",
          errors: 5,
          latency: 0.5,
          uptime: 99.95,
          for: 600,
          runbook: "https://example.com/runbook",
          load: "operator",
          labels: { release: "prometheus" },
        },
        probe: { prober: "blackbox.monitoring:9115", module: "http_200" },
        watch: { policy: "alert", duration: 3600 },
      },
      load: {
        script: "k6/users.js",
        openapi: "docs/api.yaml",
        document: "/v1/openapi.json",
        paths: ["/", "/v1/jobs"],
        pause: 250,
        iterations: 50,
        load: { ramps: [ramp(60, 5), ramp(7200, 5)], p95: 500, errors: 1 },
        stress: {
          ramps: [ramp(600, 1000)],
          p95: 5000,
          errors: 50,
          minimumUsers: 100,
          when: { staging: "never", production: "schedule" },
          percent: { staging: 50, production: 25 },
        },
        influxdb: "http://influx.monitoring:8086/write?db=load",
        prometheus: "http://prometheus.monitoring:9090/api/v1/write",
      },
      branches: { main: "main", develop: "develop" },
      wrappers: {
        hosts: ["github", "circleci"],
        slipway: `https://git.example.com/team/slipway@${"a".repeat(40)}`,
        secrets: ["TF_VAR_password"],
        schedule: "*/30 1-5 * * 1,3",
        hotfixes: true,
        connection: "Azure (audio)",
      },
      cleanup: {
        apply: true,
        environments: ["production"],
        releases: 20,
        builds: 5,
        minimumAge: 2_592_000,
        protect: ["stable-*"],
        rollbacks: 3,
        jobs: 7_200,
        previews: { label: "slipway.dev/preview", pattern: "pr-*", age: 129_600 },
      },
      parallel: 4,
      timeout: 3600,
      images: {
        prefix: "mirror.example.com:5000/hub",
        replace: {
          python: "registry.example.com/python:3.11-slim",
          git: `alpine/git@sha256:${"0123456789abcdef".repeat(4)}`,
          postgres: "registry.example.com/postgres:16",
          redis: "registry.example.com/redis:7",
          trivy: "registry.example.com/trivy:0.70.0",
          regctl: "registry.example.com/regctl:v0.11.7",
          cosign: "registry.example.com/cosign:v3.0.6",
          registry: "registry.example.com/registry:3",
          terraform: "registry.example.com/terraform:1.5.7",
          opentofu: "registry.example.com/opentofu:1.10",
          k6: "registry.example.com/k6:1.3.0",
          zap: "registry.example.com/zap:2.17.0",
          k3s: "registry.example.com/k3s:1.36.3",
          kubectl: "registry.example.com/kubectl:1.36.3",
          helm: "registry.example.com/helm:4.3.2",
          prometheus: "registry.example.com/prometheus:3.16.0",
        },
      },
    })
  })

  test("a section that leaves out keys, with their defaults", () => {
    expect(parseConfig("quality: {checks: [mypy]}\n").quality).toEqual({ checks: ["mypy"], paths: ["."] })
  })

  test("a suite with paths only, with the default number of workers", () => {
    expect(parseConfig("tests: {unit: {paths: [t]}}\n").tests.unit).toEqual({ paths: ["t"], workers: "auto" })
  })

  test("numbers for texts", () => {
    const { tests } = parseConfig(
      "tests: {unit: {workers: 64}, postgres: {version: 17}, redis: {version: 8}}\n",
    )
    expect([tests.unit.workers, tests.postgres.version, tests.redis.version]).toEqual(["64", "17", "8"])
  })

  test("a number for Python's version", () => {
    expect(parseConfig("python: {version: 3.11}\n").python.version).toBe("3.11")
  })

  test.each([
    ["30s", 30],
    ["10m", 600],
    ["1h", 3600],
    ["99h", 356_400],
  ])("a timeout of %s", (text, seconds) => {
    expect(parseConfig(`timeout: ${text}\n`).timeout).toBe(seconds)
  })

  test.each([
    ["1kB", 1000],
    ["200MB", 200_000_000],
    ["9999GB", 9_999_000_000_000],
  ])("a budget of %s", (text, bytes) => {
    expect(parseConfig(`image: {budget: ${text}}\n`).image.budget).toBe(bytes)
  })

  test("no budget, for no limit", () => {
    expect(DEFAULTS.image).not.toHaveProperty("budget")
    expect(parseConfig("image: {context: 5MB}\n").image).toEqual({ ...DEFAULTS.image, context: 5_000_000 })
  })

  test("returns a frozen configuration, the defaults included", () => {
    for (const config of [DEFAULTS, parseConfig(good["everything"])]) {
      expect(Object.isFrozen(config)).toBe(true)
      expect(Object.isFrozen(config.quality)).toBe(true)
      expect(Object.isFrozen(config.quality.checks)).toBe(true)
      expect(Object.isFrozen(config.images.replace)).toBe(true)
      expect(Object.isFrozen(config.tests.unit)).toBe(true)
      expect(Object.isFrozen(config.security.database)).toBe(true)
      expect(Object.isFrozen(config.image.platforms)).toBe(true)
      expect(Object.isFrozen(config.release.tags)).toBe(true)
      expect(Object.isFrozen(config.infra.checks)).toBe(true)
      expect(Object.isFrozen(config.deploy.verify)).toBe(true)
      expect(Object.isFrozen(config.deploy.smoke.paths)).toBe(true)
    }
  })

  test("has a type that follows from the spec", () => {
    expectTypeOf<Config>().toEqualTypeOf<{
      readonly $schema?: string
      readonly version: 1
      readonly name?: string
      readonly services: Readonly<Record<string, string>>
      readonly shared: readonly string[]
      readonly python: {
        readonly version?: string
        readonly requirements?: readonly string[]
        readonly index?: string
        readonly packages: readonly string[]
      }
      readonly quality: {
        readonly checks: readonly ("black" | "isort" | "flake8" | "mypy" | "bandit")[]
        readonly paths: readonly string[]
      }
      readonly tests: {
        readonly suites: readonly ("unit" | "integration")[]
        readonly unit: Suite
        readonly integration: Suite
        readonly runner?: "pytest" | "django" | "unittest"
        readonly services: Readonly<Record<string, Service>>
        readonly environment: Readonly<Record<string, string>>
        readonly postgres: { readonly version: string; readonly variable: string; readonly scheme: string }
        readonly redis: { readonly version: string; readonly variable: string }
        readonly migrate?: string
        readonly startTimeout: number
        readonly testTimeout: number
        readonly reruns: number
        readonly coverage: { readonly above: number; readonly sources?: readonly string[] }
      }
      readonly security: {
        readonly checks: readonly ("vulnerabilities" | "secrets" | "misconfiguration" | "suppressions")[]
        readonly severity: Severity
        readonly misconfiguration: Severity
        readonly database: {
          readonly repository?: string
          readonly file?: string
          readonly maximumAge: number
        }
      }
      readonly image: {
        readonly platforms: readonly ("linux/amd64" | "linux/arm64")[]
        readonly dockerfile?: string
        readonly target?: string
        readonly args: readonly string[]
        readonly command?: readonly string[]
        readonly port: number
        readonly health: string
        readonly unfixed: "report" | "triaged" | "fail"
        readonly budget?: number
        readonly context: number
      }
      readonly release: {
        readonly registry?: string
        readonly repository?: string
        readonly source?: string
        readonly sources: readonly string[]
        readonly builders: readonly string[]
        readonly tags: readonly ("version" | "minor" | "major" | "branch" | "commit" | "latest")[]
        readonly gates: readonly ("quality" | "security" | "tests" | "image")[]
        readonly key?: string
        readonly identity?: string
        readonly issuer?: string
        readonly log: boolean
        readonly signingConfig?: string
        readonly trustedRoot?: string
      }
      readonly infra: {
        readonly tool: "terraform" | "opentofu"
        readonly version?: string
        readonly checks: readonly ("format" | "validate")[]
        readonly roots?: readonly string[]
        readonly environments?: readonly string[]
        readonly variables?: readonly string[]
        readonly backend?: readonly string[]
        readonly workspace?: string
        readonly lockTimeout: number
      }
      readonly deploy: {
        readonly environments: readonly string[]
        readonly entry: { readonly develop?: string; readonly prerelease?: string; readonly version?: string }
        readonly promotion: PerEnvironment<"enforce" | "warn" | "ignore">
        readonly overlay: string
        readonly chart: {
          readonly path?: string
          readonly reference?: string
          readonly values: readonly string[]
          readonly release?: string
        }
        readonly commit: {
          readonly repository?: string
          readonly branch: string
          readonly path: string
          readonly knownHosts?: string
          readonly timeout: number
        }
        readonly preview: { readonly namespace?: string; readonly url?: string }
        readonly deployment?: string
        readonly service?: string
        readonly url: PerEnvironment<string>
        readonly namespace: PerEnvironment<string>
        readonly aks: PerEnvironment<string>
        readonly verify: PerEnvironment<"enforce" | "warn">
        readonly drift: PerEnvironment<"enforce" | "warn" | "ignore">
        readonly review: PerEnvironment<"enforce" | "warn" | "ignore">
        readonly releases: PerEnvironment<"version" | "any">
        readonly health: {
          readonly path?: string
          readonly status: number
          readonly body?: string
          readonly successes: number
          readonly interval: number
          readonly timeout: number
        }
        readonly smoke: {
          readonly paths: readonly string[]
          readonly requests: number
          readonly command?: string
          readonly k6?: string
          readonly timeout: number
        }
        readonly errors: {
          readonly maxPercent: number
          readonly samples: number
          readonly path: string
          readonly counter: string
          readonly histogram: string
          readonly prometheus?: string
          readonly total?: string
          readonly failed?: string
        }
        readonly latencyP95: number
        readonly soak: number
        readonly hold: number
        readonly readyTimeout: number
        readonly finishTimeout: number
        readonly lockTimeout: number
        readonly migrate: { readonly command?: string; readonly variable: string; readonly timeout: number }
        readonly proof: {
          readonly required: PerEnvironment<boolean>
          readonly sample?: string
          readonly paths?: readonly string[]
        }
      }
      readonly dast: {
        readonly active: PerEnvironment<boolean>
        readonly schedule: PerEnvironment<boolean>
        readonly risk: "informational" | "low" | "medium" | "high"
        readonly openapi: string
        readonly include: readonly string[]
        readonly exclude: readonly string[]
        readonly header?: string
        readonly spider: number
        readonly timeout: number
      }
      readonly notify: {
        readonly channels?: readonly ("slack" | "teams" | "webhook")[]
        readonly events: readonly ("started" | "succeeded" | "failed" | "rolled-back" | "held" | "alert")[]
        readonly environments: readonly string[]
        readonly run?: string
        readonly commit?: string
      }
      readonly monitoring: {
        readonly grafana: PerEnvironment<string>
        readonly dashboard?: string
        readonly job?: string
        readonly by: readonly string[]
        readonly status: string
        readonly alerts: {
          readonly file: string
          readonly load: "auto" | "operator" | "configmap" | "never"
          readonly labels: Readonly<Record<string, string>>
          readonly errors?: number
          readonly latency?: number
          readonly uptime: number
          readonly for: number
          readonly runbook?: string
        }
        readonly probe: { readonly prober?: string; readonly module: string }
        readonly watch: { readonly policy: "alert" | "rollback"; readonly duration: number }
      }
      readonly load: {
        readonly script?: string
        readonly openapi?: string
        readonly document: string
        readonly paths: readonly string[]
        readonly pause: number
        readonly iterations: number
        readonly load: Limits
        readonly stress: Stress
        readonly influxdb?: string
        readonly prometheus?: string
      }
      readonly branches: { readonly main: string; readonly develop: string }
      readonly wrappers: {
        readonly hosts: readonly ("github" | "gitlab" | "azure" | "jenkins" | "circleci")[]
        readonly slipway?: string
        readonly deployScript?: string
        readonly secrets: readonly string[]
        readonly schedule: string
        readonly hotfixes: boolean
        readonly connection?: string
      }
      readonly cleanup: {
        readonly apply: boolean
        readonly environments?: readonly string[]
        readonly releases: number
        readonly builds: number
        readonly minimumAge: number
        readonly protect: readonly string[]
        readonly rollbacks: number
        readonly jobs: number
        readonly previews: { readonly label?: string; readonly pattern: string; readonly age: number }
      }
      readonly parallel: number
      readonly timeout: number
      readonly images: {
        readonly prefix?: string
        readonly replace: {
          readonly python?: string
          readonly pythonFull?: string
          readonly git?: string
          readonly postgres?: string
          readonly redis?: string
          readonly mysql?: string
          readonly mariadb?: string
          readonly mongodb?: string
          readonly rabbitmq?: string
          readonly trivy?: string
          readonly regctl?: string
          readonly cosign?: string
          readonly registry?: string
          readonly terraform?: string
          readonly opentofu?: string
          readonly k6?: string
          readonly zap?: string
          readonly k3s?: string
          readonly kubectl?: string
          readonly helm?: string
          readonly prometheus?: string
        }
      }
    }>()
  })
})

describe("parseConfig refuses", () => {
  test.each(Object.entries(bad))("%s", (_, [text, ...problems]) => {
    expect(problemsOf(text)).toEqual(problems.map((problem) => `slipway.yaml:${problem}`))
    expect(checkConfig(text).config).toBeUndefined()
  })

  test("a value with place and path of the problem", () => {
    expect(checkConfig("quality:\n  paths: [a, /b]\n").problems).toEqual([
      {
        line: 2,
        column: 14,
        path: "quality.paths[1]",
        message: `expected a path relative to the service's folder, received "/b"`,
      },
    ])
  })

  test("a byte order mark takes no column", () => {
    expect(checkConfig("\uFEFFparalel: 1\n").problems).toMatchObject([{ line: 1, column: 1 }])
  })

  // The schema can't detect this: by its value, it is 3.11.
  test("a number that would lose a zero", () => {
    expect(problemsOf("python: {version: 3.110}\n")[0]).toContain(
      "the number 3.110; YAML reads it as 3.11, so put",
    )
  })

  test("a long value, clipped", () => {
    expect(problemsOf(`parallel: ${"x".repeat(1000)}\n`)).toEqual([
      `slipway.yaml:1:11: parallel: expected a whole number from 1 to 64, received "${"x".repeat(80)}…"`,
    ])
  })

  test("several values, with all problems in the order of the file", () => {
    const error = errorOf(
      `version: 3
nmae: api
name: My Service
python: {version: 3.10, requirements: [ok.txt, ../up.txt]}
quality:
  chekcs: [black]
  checks: [blck, mypy, mypy]
parallel: &many 100
timeout: soon
timeout: 1m
images:
  replace: {node: "node:20"}
`,
      "service/slipway.yaml",
    )
    expect(error.code).toBe("CONFIG_INVALID")
    expect(error.exitCode).toBe(4)
    expect(error.message).toMatchInlineSnapshot(`
      "service/slipway.yaml has 13 problems:
        service/slipway.yaml:1:10: version: expected 1, received the number 3
        service/slipway.yaml:2:1: nmae: unknown key; did you mean "name"?
        service/slipway.yaml:3:7: name: expected a DNS label: up to 63 of a-z, 0-9 and -, with a letter or digit at both ends, received "My Service"
        service/slipway.yaml:4:19: python.version: expected a text, received the number 3.10; YAML reads it as 3.1, so put it in quotes
        service/slipway.yaml:4:48: python.requirements[1]: expected a path that stays inside the service's folder, without "..", received "../up.txt"
        service/slipway.yaml:6:3: quality.chekcs: unknown key; did you mean "checks"?
        service/slipway.yaml:7:12: quality.checks[0]: expected one of black, isort, flake8, mypy, bandit, received "blck"; did you mean "black"?
        service/slipway.yaml:7:24: quality.checks[2]: "mypy" is in the list twice, first on line 7
        service/slipway.yaml:8:11: anchors are not allowed, received "&many"; write the value itself at each place
        service/slipway.yaml:8:17: parallel: expected a whole number from 1 to 64, received the number 100
        service/slipway.yaml:9:10: timeout: expected a duration: 1 to 9999 seconds or minutes, or 1 to 99 hours, such as "30s", "10m" or "1h", received "soon"
        service/slipway.yaml:10:1: timeout: duplicate key, first on line 9
        service/slipway.yaml:12:13: images.replace.node: unknown key; expected one of python, pythonFull, git, postgres, redis, mysql, mariadb, mongodb, rabbitmq, trivy, regctl, cosign, registry, terraform, opentofu, k6, zap, k3s, kubectl, helm, prometheus
      → fix each line above; \`slipway schema\` prints every key [CONFIG_INVALID]"
    `)
  })

  test("many values, with at most fifty problems", () => {
    const keys = (count: number) => Array.from({ length: count }, (_, key) => `key${key}: 1\n`).join("")
    const lines = errorOf(keys(63))
      .message.split("\n")
      .filter((line) => line.includes("unknown key"))
    expect(lines).toHaveLength(50)
    expect(errorOf(keys(63)).message).toContain("\n  … and 13 more\n")
    expect(errorOf(keys(50)).message).not.toContain("more")
    expect(checkConfig(keys(63)).problems).toHaveLength(63)
  })
})
