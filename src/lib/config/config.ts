import {
  command,
  dnsLabel,
  duration,
  environmentVariable,
  httpUrl,
  imageReference,
  namesRegistry,
  noCredentials,
  path,
} from "./rules.js"
import {
  imageTag,
  markerExpression,
  pinned,
  pythonVersion,
  registryPrefix,
  repository,
  seconds,
  urlScheme,
  workers,
} from "./rules.js"
import { dast } from "./dast.js"
import { cleanup } from "./cleanup.js"
import { deploy } from "./deploy.js"
import { infra } from "./infra.js"
import { load } from "./load.js"
import { monitoring } from "./monitoring.js"
import { notify } from "./notify.js"
import { image, release } from "./supplyChain.js"
import { wrappers } from "./wrappers.js"
import { deepFreeze, defaultOf, type SectionSpec, type Value } from "./spec.js"

/** The tools of the quality stage, in the order in which reports list them. */
export const CHECKS = ["black", "isort", "flake8", "mypy", "bandit"] as const

/** The suites of the tests stage. */
export const SUITES = ["unit", "integration"] as const

/** The services that tests may need. */
export const SERVICES = ["postgres", "redis"] as const

/** The checks of the security stage. */
export const SCANS = ["vulnerabilities", "secrets", "misconfiguration", "suppressions"] as const

/** How bad a finding can be, as Trivy counts; the worst last. */
export const SEVERITIES = ["unknown", "low", "medium", "high", "critical"] as const

/** What the stages need images for. */
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

/** Numbers that YAML reads as such where the quotes are left out. */
const WORKER_NUMBERS = Array.from({ length: 64 }, (_, index) => index + 1)
const TAGS = Array.from({ length: 30 }, (_, index) => index + 1)

/** Which version of a service runs, and how the tests are told where. */
const service = (version: string, variable: string) =>
  ({
    version: {
      kind: "text",
      doc: "A tag of the official image.",
      rules: [imageTag],
      numbers: TAGS,
      default: version,
    },
    variable: {
      kind: "text",
      doc: "The environment variable that holds its URL.",
      rules: [environmentVariable],
      default: variable,
    },
  }) as const

/** Which tests a suite is made of. */
const suite = (name: string) =>
  ({
    kind: "section",
    doc: `Which tests are ${name} tests. Left out, those below a folder named "integration" or marked so are integration tests, all others unit tests.`,
    fields: {
      paths: {
        kind: "list",
        doc: "The files and folders to collect tests from.",
        item: { kind: "text", rules: path },
        nonEmpty: true,
      },
      marker: {
        kind: "text",
        doc: 'A pytest expression of markers, such as "integration and not slow".',
        rules: [markerExpression],
      },
      workers: {
        kind: "text",
        doc: 'How many processes run the tests: a number, or "auto", by the number of tests.',
        rules: [workers],
        numbers: WORKER_NUMBERS,
        default: "auto",
      },
    },
  }) as const

/** All that is known of `slipway.yaml`. A new key is added here, and nowhere else. */
export const spec = {
  kind: "section",
  doc: "What Slipway should do differently for this service. Every key may be left out.",
  fields: {
    version: { kind: "choice", doc: "The version of this file's format.", values: [1], default: 1 },
    name: {
      kind: "text",
      doc: "The service's name, a DNS label. Left out, it is the project's name in pyproject.toml.",
      rules: [dnsLabel],
    },
    python: {
      kind: "section",
      doc: "The Python that the service runs on, and where its packages come from.",
      fields: {
        version: {
          kind: "text",
          doc: 'The version of Python, in quotes: "3.11". Left out, it follows from pyproject.toml.',
          rules: [pythonVersion],
          // 3.10 is missing: YAML reads it as the number 3.1.
          numbers: [3.9, 3.11, 3.12, 3.13, 3.14, 3.15, 3.16, 3.17, 3.18, 3.19],
        },
        requirements: {
          kind: "list",
          doc: "The files that list the packages to install. Left out, they are searched for.",
          item: { kind: "text", rules: path },
        },
        index: {
          kind: "text",
          doc: "The package index to install from, instead of PyPI. A password belongs in a secret.",
          rules: [noCredentials, httpUrl],
        },
      },
    },
    quality: {
      kind: "section",
      doc: "What the quality stage runs, and on which files.",
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
          doc: "The files and folders that they look at.",
          item: { kind: "text", rules: path },
          nonEmpty: true,
          default: ["."],
        },
      },
    },
    tests: {
      kind: "section",
      doc: "How the tests are run, on which services, and how much of the code they must cover.",
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
          doc: "What the integration tests find beside them.",
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
              rules: [urlScheme],
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
          doc: "The command that brings an empty database up to date. Left out, Alembic's or Django's, where the service has it.",
          rules: [command],
        },
        startTimeout: {
          kind: "text",
          doc: "How long the services may take until they answer.",
          rules: [duration],
          convert: seconds,
          default: "60s",
        },
        testTimeout: {
          kind: "text",
          doc: "How long one test may take.",
          rules: [duration],
          convert: seconds,
          default: "60s",
        },
        reruns: {
          kind: "integer",
          doc: "How often a failed test is repeated; one that passes then is named as flaky.",
          minimum: 0,
          maximum: 10,
          default: 0,
        },
        coverage: {
          kind: "section",
          doc: "How much of the code the suites must run together.",
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
              doc: "The folders whose code counts. Left out, coverage's own configuration, else the service's packages.",
              item: { kind: "text", rules: path },
              nonEmpty: true,
            },
          },
        },
      },
    },
    security: {
      kind: "section",
      doc: "What the security stage looks for, and what fails it.",
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
          doc: "The least severity at which a vulnerability fails the gate.",
          values: SEVERITIES,
          default: "critical",
        },
        misconfiguration: {
          kind: "choice",
          doc: "The least severity at which a misconfiguration fails the gate.",
          values: SEVERITIES,
          default: "critical",
        },
        database: {
          kind: "section",
          doc: "Trivy's database of vulnerabilities.",
          fields: {
            repository: {
              kind: "text",
              doc: 'Where it is downloaded from, such as "mirror.example.com/aquasecurity/trivy-db:2". Left out, Trivy\'s own sources.',
              rules: [namesRegistry, repository],
            },
            file: {
              kind: "text",
              doc: "A database in the source to use instead: the db.tar.gz of Trivy's artifact.",
              rules: path,
            },
            maximumAge: {
              kind: "text",
              doc: "How old it may be.",
              rules: [duration],
              convert: seconds,
              default: "48h",
            },
          },
        },
      },
    },
    image,
    release,
    infra,
    deploy,
    load,
    dast,
    notify,
    monitoring,
    wrappers,
    cleanup,
    parallel: {
      kind: "integer",
      doc: "How many stages may run at once.",
      minimum: 1,
      maximum: 64,
      default: 2,
    },
    timeout: {
      kind: "text",
      doc: 'How long a stage may take, for example "30s", "10m" or "1h".',
      rules: [duration],
      convert: seconds,
      default: "10m",
    },
    images: {
      kind: "section",
      doc: "Where images come from, for networks that can't reach the public registries.",
      fields: {
        prefix: {
          kind: "text",
          doc: 'A registry, and a path in it, put in front of every image: "mirror.example.com/hub".',
          rules: [namesRegistry, registryPrefix],
        },
        replace: {
          kind: "map",
          doc: "Images to use instead of Slipway's own, each with a tag or digest.",
          keys: IMAGE_ROLES,
          item: { kind: "text", rules: [imageReference, pinned] },
          default: {},
        },
      },
    },
  },
} as const satisfies SectionSpec

/** What `slipway.yaml` says, with the defaults where it says nothing. */
export type Config = Value<typeof spec>

export const DEFAULTS: Config = deepFreeze(defaultOf(spec) as Config)
