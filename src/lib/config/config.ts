import {
  commandRule,
  dnsLabelRule,
  durationRule,
  environmentVariableRule,
  httpUrlRule,
  imageReferenceRule,
  namesRegistryRule,
  noCredentialsRule,
  pathRules,
} from "./rules.js"
import {
  imageTagRule,
  markerExpressionRule,
  pinnedRule,
  pythonVersionRule,
  registryPrefixRule,
  repositoryRule,
  durationSeconds,
  urlSchemeRule,
  workersRule,
} from "./rules.js"
import { dastSection } from "./dast.js"
import { cleanupSection } from "./cleanup.js"
import { deploySection } from "./deploy.js"
import { infraSection } from "./infra.js"
import { loadSection } from "./load.js"
import { monitoringSection } from "./monitoring.js"
import { notifySection } from "./notify.js"
import { imageSection, releaseSection } from "./supplyChain.js"
import { wrappersSection } from "./wrappers.js"
import { deepFreeze, defaultOf, type SectionSpec, type Value } from "./spec.js"

/** The tools of the quality stage, in the order of the reports. */
export const CHECKS = ["black", "isort", "flake8", "mypy", "bandit"] as const

/** The suites of the tests stage. */
export const SUITES = ["unit", "integration"] as const

/** The services that integration tests can use. */
export const SERVICES = ["postgres", "redis"] as const

/** The checks of the security stage. */
export const SCANS = ["vulnerabilities", "secrets", "misconfiguration", "suppressions"] as const

/** Trivy's severities of a finding, the worst last. */
export const SEVERITIES = ["unknown", "low", "medium", "high", "critical"] as const

/** The roles that the stages need images for. */
export const IMAGE_ROLES = [
  "python",
  "git",
  "postgres",
  "redis",
  "trivy",
  "regctl",
  "cosign",
  "registry",
  "terraform",
  "opentofu",
  "k6",
  "zap",
  "k3s",
  "kubectl",
  "prometheus",
] as const

/** Values that YAML reads as numbers if they are not quoted. */
const WORKER_NUMBERS = Array.from({ length: 64 }, (_, index) => index + 1)
const TAGS = Array.from({ length: 30 }, (_, index) => index + 1)

/** The keys of a service: its version, and the variable with its URL. */
const service = (version: string, variable: string) =>
  ({
    version: {
      kind: "text",
      doc: "A tag of the official image.",
      rules: [imageTagRule],
      numbers: TAGS,
      default: version,
    },
    variable: {
      kind: "text",
      doc: "The environment variable that holds its URL.",
      rules: [environmentVariableRule],
      default: variable,
    },
  }) as const

/** The keys of a suite of tests. */
const suite = (name: string) =>
  ({
    kind: "section",
    doc: `The ${name} tests. Default: tests below a folder named "integration" or with that marker are integration tests, all others unit tests.`,
    fields: {
      paths: {
        kind: "list",
        doc: "The files and folders to collect tests from.",
        item: { kind: "text", rules: pathRules },
        nonEmpty: true,
      },
      marker: {
        kind: "text",
        doc: 'A pytest expression of markers, such as "integration and not slow".',
        rules: [markerExpressionRule],
      },
      workers: {
        kind: "text",
        doc: 'The number of processes that run the tests, or "auto", which follows the number of tests.',
        rules: [workersRule],
        numbers: WORKER_NUMBERS,
        default: "auto",
      },
    },
  }) as const

/** The specification of `slipway.yaml`, from which everything else follows. */
export const spec = {
  kind: "section",
  doc: "Settings of a service. Every key is optional.",
  fields: {
    version: { kind: "choice", doc: "The version of this file's format.", values: [1], default: 1 },
    name: {
      kind: "text",
      doc: "The service's name, a DNS label. Default: the project's name in pyproject.toml.",
      rules: [dnsLabelRule],
    },
    python: {
      kind: "section",
      doc: "The version of Python and the sources of packages.",
      fields: {
        version: {
          kind: "text",
          doc: 'The version of Python, in quotes: "3.11". Default: what pyproject.toml requires.',
          rules: [pythonVersionRule],
          // 3.10 is missing: YAML reads it as the number 3.1.
          numbers: [3.9, 3.11, 3.12, 3.13, 3.14, 3.15, 3.16, 3.17, 3.18, 3.19],
        },
        requirements: {
          kind: "list",
          doc: "The files that list the packages to install. Default: those that are found.",
          item: { kind: "text", rules: pathRules },
        },
        index: {
          kind: "text",
          doc: "The package index to install from. A password belongs in a secret. Default: PyPI.",
          rules: [noCredentialsRule, httpUrlRule],
        },
      },
    },
    quality: {
      kind: "section",
      doc: "The checks of the quality stage and the files they read.",
      fields: {
        checks: {
          kind: "list",
          doc: "The tools that must find nothing.",
          item: { kind: "choice", values: CHECKS },
          nonEmpty: true,
          default: CHECKS,
        },
        paths: {
          kind: "list",
          doc: "The files and folders to check.",
          item: { kind: "text", rules: pathRules },
          nonEmpty: true,
          default: ["."],
        },
      },
    },
    tests: {
      kind: "section",
      doc: "The suites of tests, the services they use, and the coverage required.",
      fields: {
        suites: {
          kind: "list",
          doc: "The suites that must pass.",
          item: { kind: "choice", values: SUITES },
          nonEmpty: true,
          default: SUITES,
        },
        unit: suite("unit"),
        integration: suite("integration"),
        services: {
          kind: "list",
          doc: "The services to start for the integration tests.",
          item: { kind: "choice", values: SERVICES },
          default: SERVICES,
        },
        postgres: {
          kind: "section",
          doc: "The PostgreSQL of the integration tests.",
          fields: {
            ...service("15", "DATABASE_URL"),
            scheme: {
              kind: "text",
              doc: 'The scheme of that URL, such as "postgresql+asyncpg".',
              rules: [urlSchemeRule],
              default: "postgresql",
            },
          },
        },
        redis: {
          kind: "section",
          doc: "The Redis of the integration tests.",
          fields: { ...service("7", "REDIS_URL") },
        },
        migrate: {
          kind: "text",
          doc: "The command that migrates an empty database. Default: Alembic's or Django's, if the service uses one.",
          rules: [commandRule],
        },
        startTimeout: {
          kind: "text",
          doc: "The time limit for the services to become ready.",
          rules: [durationRule],
          convert: durationSeconds,
          default: "60s",
        },
        testTimeout: {
          kind: "text",
          doc: "The time limit of one test.",
          rules: [durationRule],
          convert: durationSeconds,
          default: "60s",
        },
        reruns: {
          kind: "integer",
          doc: "The number of times to repeat a failed test; one that then passes is reported as flaky.",
          minimum: 0,
          maximum: 10,
          default: 0,
        },
        coverage: {
          kind: "section",
          doc: "The coverage that the suites must reach together.",
          fields: {
            above: {
              kind: "integer",
              doc: "Per cent of lines and branches; coverage must be more than this.",
              minimum: 0,
              maximum: 99,
              default: 80,
            },
            sources: {
              kind: "list",
              doc: "The folders whose code counts. Default: coverage's own configuration, or the service's packages.",
              item: { kind: "text", rules: pathRules },
              nonEmpty: true,
            },
          },
        },
      },
    },
    security: {
      kind: "section",
      doc: "The checks of the security stage and their gates.",
      fields: {
        checks: {
          kind: "list",
          doc: "The checks that must pass.",
          item: { kind: "choice", values: SCANS },
          nonEmpty: true,
          default: SCANS,
        },
        severity: {
          kind: "choice",
          doc: "The lowest severity at which a vulnerability fails the gate.",
          values: SEVERITIES,
          default: "critical",
        },
        misconfiguration: {
          kind: "choice",
          doc: "The lowest severity at which a misconfiguration fails the gate.",
          values: SEVERITIES,
          default: "critical",
        },
        database: {
          kind: "section",
          doc: "Trivy's database of vulnerabilities.",
          fields: {
            repository: {
              kind: "text",
              doc: 'The repository to download it from, such as "mirror.example.com/aquasecurity/trivy-db:2". Default: Trivy\'s own.',
              rules: [namesRegistryRule, repositoryRule],
            },
            file: {
              kind: "text",
              doc: "A database in the source to use instead: the db.tar.gz of Trivy's artifact.",
              rules: pathRules,
            },
            maximumAge: {
              kind: "text",
              doc: "The maximum age of the database.",
              rules: [durationRule],
              convert: durationSeconds,
              default: "48h",
            },
          },
        },
      },
    },
    image: imageSection,
    release: releaseSection,
    infra: infraSection,
    deploy: deploySection,
    load: loadSection,
    dast: dastSection,
    notify: notifySection,
    monitoring: monitoringSection,
    wrappers: wrappersSection,
    cleanup: cleanupSection,
    parallel: {
      kind: "integer",
      doc: "The number of stages that may run at once.",
      minimum: 1,
      maximum: 64,
      default: 2,
    },
    timeout: {
      kind: "text",
      doc: 'The time limit of a stage, for example "30s", "10m" or "1h".',
      rules: [durationRule],
      convert: durationSeconds,
      default: "10m",
    },
    images: {
      kind: "section",
      doc: "The sources of images, for networks without access to the public registries.",
      fields: {
        prefix: {
          kind: "text",
          doc: 'A registry with a path, which prefixes every image: "mirror.example.com/hub".',
          rules: [namesRegistryRule, registryPrefixRule],
        },
        replace: {
          kind: "map",
          doc: "Images to use instead of Slipway's own, each with a tag or digest.",
          keys: IMAGE_ROLES,
          item: { kind: "text", rules: [imageReferenceRule, pinnedRule] },
          default: {},
        },
      },
    },
  },
} as const satisfies SectionSpec

/** The content of a `slipway.yaml`, with the defaults for what it leaves out. */
export type Config = Value<typeof spec>

/** The configuration of a service without a `slipway.yaml`. */
export const DEFAULTS: Config = deepFreeze(defaultOf(spec) as Config)
