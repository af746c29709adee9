import {
  aksCluster,
  command,
  dnsLabel,
  duration,
  httpUrl,
  environmentVariable,
  metricName,
  noCredentials,
  path,
  pathPattern,
  printable,
  seconds,
  sqlFile,
  urlPath,
} from "./rules.js"

/** Where a service can be deployed to. */
export const ENVIRONMENTS = ["staging", "production"] as const

export type Environment = (typeof ENVIRONMENTS)[number]

const time = (doc: string, value: string) =>
  ({ kind: "text", doc, rules: [duration], convert: seconds, default: value }) as const

const name = (doc: string) => ({ kind: "text", doc, rules: [dnsLabel] }) as const

/** How the service is deployed, and what makes a deployment good. */
export const deploy = {
  kind: "section",
  doc: "How the service is deployed, and what makes a deployment good.",
  fields: {
    overlay: {
      kind: "text",
      doc: 'The folder with an environment\'s kustomization; "{environment}" stands for its name.',
      rules: pathPattern,
      default: "deploy/overlays/{environment}",
    },
    deployment: name("The Deployment that takes the traffic. Left out, the only one that a Service selects."),
    service: name("The Service that leads to it. Left out, the only one that does."),
    url: {
      kind: "map",
      doc: "Where an environment's service is reached from outside; asked for its health after the switch.",
      keys: ENVIRONMENTS,
      item: { kind: "text", rules: [noCredentials, httpUrl] },
      default: {},
    },
    namespace: {
      kind: "map",
      doc: "An environment's namespace, where its kustomization names none. Left out, the kubeconfig's.",
      keys: ENVIRONMENTS,
      item: { kind: "text", rules: [dnsLabel] },
      default: {},
    },
    aks: {
      kind: "map",
      doc: "An environment's cluster in Azure (AKS): resource-group/cluster. Left out, a kubeconfig is needed.",
      keys: ENVIRONMENTS,
      item: { kind: "text", rules: [aksCluster] },
      default: {},
    },
    verify: {
      kind: "map",
      doc: "Refuse an image without valid signatures and passed gates (enforce), or deploy it with a warning.",
      keys: ENVIRONMENTS,
      item: { kind: "choice", values: ["enforce", "warn"] },
      default: { staging: "warn", production: "enforce" },
    },
    health: {
      kind: "section",
      doc: "What a healthy pod answers.",
      fields: {
        path: { kind: "text", doc: "What is asked. Left out, image.health.", rules: [urlPath] },
        status: {
          kind: "integer",
          doc: "The status of a good answer.",
          minimum: 100,
          maximum: 599,
          default: 200,
        },
        body: { kind: "text", doc: "What a good answer's body holds.", rules: [printable] },
        successes: {
          kind: "integer",
          doc: "How many good answers in a row every new pod has to give before the switch.",
          minimum: 1,
          maximum: 100,
          default: 3,
        },
        interval: time("How often health is asked for, before and after the switch.", "2s"),
        timeout: time("How long one answer may take.", "5s"),
      },
    },
    smoke: {
      kind: "section",
      doc: "What is tried with the new version before it gets traffic.",
      fields: {
        paths: {
          kind: "list",
          doc: "What is asked; an answer of 500 or more is an error.",
          item: { kind: "text", rules: [urlPath] },
          default: ["/"],
        },
        requests: {
          kind: "integer",
          doc: "How many requests are spread over these paths and the new pods.",
          minimum: 0,
          maximum: 10_000,
          default: 200,
        },
        command: {
          kind: "text",
          doc: "A command of the image, which finds the new version at $BASE_URL, and must end with 0.",
          rules: [command],
        },
        k6: { kind: "text", doc: "A k6 script, which does the same.", rules: path },
        timeout: time("How long the command or the script may take.", "5m"),
      },
    },
    errors: {
      kind: "section",
      doc: "How many answers may be errors.",
      fields: {
        maxPercent: {
          kind: "integer",
          doc: "Per cent of the requests; a deployment with surely more than this is undone.",
          minimum: 0,
          maximum: 100,
          default: 2,
        },
        samples: {
          kind: "integer",
          doc: "With fewer requests nothing is judged: a deployment without them is held, not passed.",
          minimum: 1,
          maximum: 1_000_000,
          default: 100,
        },
        path: { kind: "text", doc: "Where a pod tells its metrics.", rules: [urlPath], default: "/metrics" },
        counter: {
          kind: "text",
          doc: "The counter of requests, which has a label for the status.",
          rules: [metricName],
          default: "http_requests_total",
        },
        histogram: {
          kind: "text",
          doc: "The histogram of the times to answer, in seconds.",
          rules: [metricName],
          default: "http_request_duration_seconds",
        },
        prometheus: {
          kind: "text",
          doc: "A Prometheus to ask instead, by its URL.",
          rules: [noCredentials, httpUrl],
        },
        total: {
          kind: "text",
          doc: 'Its query for the number of requests; "{since}" stands for the seconds since the switch, "{hash}" for the new pods\' pod-template-hash.',
          rules: [printable],
        },
        failed: {
          kind: "text",
          doc: "Its query for the number of those that failed, in the same way.",
          rules: [printable],
        },
      },
    },
    latencyP95: time(
      "The 95th percentile of response times above which an alert is raised; it rolls nothing back.",
      "2s",
    ),
    soak: time("How long the new version has traffic while the old pods stay.", "5m"),
    hold: time("How much longer it may take until there are enough samples.", "10m"),
    readyTimeout: time("How long new pods may take until they are ready.", "5m"),
    finishTimeout: time("How long old pods may take to leave, and other Deployments to follow.", "5m"),
    lockTimeout: time("How long to wait for another deployment to end.", "2m"),
    migrate: {
      kind: "section",
      doc: "How the database is brought up to date before the new pods come up.",
      fields: {
        command: {
          kind: "text",
          doc: "The command of the image; \"none\" for none. Left out, Alembic's or Django's, where the service has it.",
          rules: [command],
        },
        variable: {
          kind: "text",
          doc: "The environment variable that holds the database's URL.",
          rules: [environmentVariable],
          default: "DATABASE_URL",
        },
        timeout: time("How long it may take.", "10m"),
      },
    },
    proof: {
      kind: "section",
      doc: "How it is proved that the version before works on a migrated schema, as it has to after a rollback.",
      fields: {
        required: {
          kind: "map",
          doc: "Migrate an environment's database only once that is proven.",
          keys: ENVIRONMENTS,
          item: { kind: "choice", values: [true, false] },
          default: {},
        },
        sample: {
          kind: "text",
          doc: "An SQL file with sample data for the version before. Left out, rows are made up.",
          rules: [...path, sqlFile],
        },
        paths: {
          kind: "list",
          doc: "What the version before has to answer. Left out, what is asked for health.",
          item: { kind: "text", rules: [urlPath] },
          nonEmpty: true,
        },
      },
    },
  },
} as const
