import {
  commandRule,
  dnsLabelRule,
  durationRule,
  durationSeconds,
  environmentVariableRule,
  imageReferenceRule,
  imageTagRule,
  markerExpressionRule,
  pathRules,
  pinnedRule,
  urlRule,
  urlSchemeRule,
  variableValueRule,
  workersRule,
} from "./rules.js"

/** The suites of the tests stage. */
export const SUITES = ["unit", "integration"] as const

/** What can run the tests. */
const RUNNERS = ["pytest", "django", "unittest"] as const

/** The services of integration tests that need no settings of their own. */
export const KNOWN_SERVICES = ["postgres", "redis", "mysql", "mariadb", "mongodb", "rabbitmq"] as const

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

const environment = {
  kind: "named",
  name: environmentVariableRule,
  item: { kind: "text", rules: [variableValueRule] },
  default: [],
} as const

/** The keys of a service of the integration tests. */
const serviceSection = {
  kind: "section",
  fields: {
    image: {
      kind: "text",
      doc: "Its image. Default: the official one of a known service.",
      rules: [imageReferenceRule, pinnedRule],
    },
    port: {
      kind: "integer",
      doc: "The port that must be open before the tests. Default: a known service's.",
      minimum: 1,
      maximum: 65_535,
    },
    environment: { ...environment, doc: "The service's own environment variables." },
    command: {
      kind: "list",
      mayRepeat: true,
      doc: "The arguments of its image's entrypoint. Default: the image's.",
      item: { kind: "text", rules: [commandRule] },
      nonEmpty: true,
    },
    variable: {
      kind: "text",
      doc: "The environment variable in which tests find its URL. Default: a known service's.",
      rules: [environmentVariableRule],
    },
    url: {
      kind: "text",
      doc: "That URL, in which the host is the service's name. Default: a known service's, or tcp://name:port.",
      rules: [urlRule],
    },
    ready: {
      kind: "list",
      mayRepeat: true,
      word: "port",
      doc: 'A command that succeeds in the service\'s container once it is ready, such as [rabbitmq-diagnostics, ping]. Default: "port", for which an open port is enough.',
      item: { kind: "text", rules: [commandRule] },
      default: [],
    },
  },
} as const

const servicesSpec = {
  kind: "named",
  doc: "The services to start for the integration tests: a list of known ones, or a map of any, each under its host name.",
  name: dnsLabelRule,
  item: serviceSection,
  known: KNOWN_SERVICES,
  required: ["image", "port"],
  default: ["postgres", "redis"],
} as const

/** The section `tests`. */
export const suitesSection = {
  kind: "section",
  doc: "The suites of tests, the services they use, and the coverage required.",
  fields: {
    runner: {
      kind: "choice",
      doc: "What runs the tests. Default: Django's manage.py test or unittest if nothing says that pytest does.",
      values: RUNNERS,
    },
    suites: {
      kind: "list",
      doc: "The suites that must pass.",
      item: { kind: "choice", values: SUITES },
      nonEmpty: true,
      default: SUITES,
    },
    unit: suite("unit"),
    integration: suite("integration"),
    services: servicesSpec,
    environment: {
      ...environment,
      doc: "The environment variables of all tests, in addition to the services' URLs. A secret doesn't belong here.",
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
} as const
