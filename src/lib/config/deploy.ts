import { commitSection } from "./commit.js"
import { previewSection } from "./previews.js"
import {
  aksClusterRule,
  chartReferenceRule,
  commandRule,
  dnsLabelRule,
  durationRule,
  environmentInPathRule,
  folderRule,
  httpUrlRule,
  environmentVariableRule,
  metricNameRule,
  noCredentialsRule,
  pathRules,
  pathPatternRules,
  printableRule,
  durationSeconds,
  sqlFileRule,
  urlPathRule,
} from "./rules.js"
import { ENTRIES, environmentRule, ENVIRONMENTS } from "./environments.js"

const time = (doc: string, value: string) =>
  ({ kind: "text", doc, rules: [durationRule], convert: durationSeconds, default: value }) as const

const name = (doc: string) => ({ kind: "text", doc, rules: [dnsLabelRule] }) as const

/** The section `deploy`. */
export const deploySection = {
  kind: "section",
  doc: "The deployment of the service and its checks.",
  fields: {
    environments: {
      kind: "list",
      doc: "The environments that the service is deployed to, in order of promotion: any names. One of them without a kustomization or a chart is an error. The last one's defaults are production's, all others' are staging's.",
      item: { kind: "text", rules: [environmentRule] },
      default: ENVIRONMENTS,
    },
    entry: {
      kind: "map",
      doc: "The environment that is deployed to by a push to develop or hotfix/*, by a pre-release's tag, and by a version's. Default: the first; for versions the last of two environments, or the first of more.",
      keys: ENTRIES,
      item: { kind: "choice", values: ENVIRONMENTS },
      default: {},
    },
    promotion: {
      kind: "map",
      doc: "Refuse a release whose image wasn't deployed with success to the environment before (enforce), report that alone (warn), or ask nothing (ignore). Default: enforce after the environment that versions enter (deploy.entry), else ignore.",
      keys: ENVIRONMENTS,
      item: { kind: "choice", values: ["enforce", "warn", "ignore"] },
      default: {},
    },
    overlay: {
      kind: "text",
      doc: 'The folder with an environment\'s kustomization; "{environment}" stands for its name.',
      rules: pathPatternRules,
      default: "deploy/overlays/{environment}",
    },
    chart: {
      kind: "section",
      doc: "A Helm chart to deploy in place of kustomizations.",
      fields: {
        path: {
          kind: "text",
          doc: "The folder in the source with its Chart.yaml.",
          rules: [...pathRules, folderRule],
        },
        reference: {
          kind: "text",
          doc: "A chart with its version in a registry, in place of path.",
          rules: [chartReferenceRule],
        },
        values: {
          kind: "list",
          doc: 'Files of values in the source, of which later ones win; "{environment}" stands for the environment\'s name.',
          item: { kind: "text", rules: [...pathRules, environmentInPathRule] },
          default: [],
        },
        release: name("The name of the release. Default: the service's name."),
      },
    },
    commit: commitSection,
    preview: previewSection,
    deployment: name("The Deployment that serves the traffic. Default: the only one that a Service selects."),
    service: name("The Service that routes to it. Default: the only one that does."),
    url: {
      kind: "map",
      doc: "The public URL of an environment's service, whose health is checked after the switch; a redirect isn't followed.",
      keys: ENVIRONMENTS,
      item: { kind: "text", rules: [noCredentialsRule, httpUrlRule] },
      default: {},
    },
    namespace: {
      kind: "map",
      doc: "An environment's namespace if its manifests name none. Default: the kubeconfig's.",
      keys: ENVIRONMENTS,
      item: { kind: "text", rules: [dnsLabelRule] },
      default: {},
    },
    aks: {
      kind: "map",
      doc: "An environment's cluster in Azure (AKS): resource-group/cluster. Without it, a kubeconfig is needed.",
      keys: ENVIRONMENTS,
      item: { kind: "text", rules: [aksClusterRule] },
      default: {},
    },
    verify: {
      kind: "map",
      doc: "Refuse an image without valid signatures and passed gates (enforce), or deploy it with a warning.",
      keys: ENVIRONMENTS,
      item: { kind: "choice", values: ["enforce", "warn"] },
      default: { staging: "warn", production: "enforce" },
    },
    drift: {
      kind: "map",
      doc: "Refuse a deployment while the environment's infrastructure drifts or can't be compared with its state (enforce), report that alone (warn), or compare nothing (ignore).",
      keys: ENVIRONMENTS,
      item: { kind: "choice", values: ["enforce", "warn", "ignore"] },
      default: { staging: "warn", production: "enforce" },
    },
    review: {
      kind: "map",
      doc: "Refuse a release whose pull request nobody but its author approved, or that has none (enforce), name that in report and ledger (warn), or ask nobody (ignore). GitHub is asked with the secret REVIEW_TOKEN.",
      keys: ENVIRONMENTS,
      item: { kind: "choice", values: ["enforce", "warn", "ignore"] },
      default: { staging: "ignore", production: "warn" },
    },
    releases: {
      kind: "map",
      doc: "The releases that an environment takes: those of a version's tag alone, or those of any branch or tag.",
      keys: ENVIRONMENTS,
      item: { kind: "choice", values: ["version", "any"] },
      default: { staging: "any", production: "version" },
    },
    health: {
      kind: "section",
      doc: "The health check of a pod.",
      fields: {
        path: { kind: "text", doc: "The path to request. Default: image.health.", rules: [urlPathRule] },
        status: {
          kind: "integer",
          doc: "The status of a healthy response.",
          minimum: 100,
          maximum: 599,
          default: 200,
        },
        body: {
          kind: "text",
          doc: "A text that the body of a healthy response contains.",
          rules: [printableRule],
        },
        successes: {
          kind: "integer",
          doc: "The number of consecutive healthy responses required of every new pod before the switch.",
          minimum: 1,
          maximum: 100,
          default: 3,
        },
        interval: time("The interval between health checks, before and after the switch.", "2s"),
        timeout: time("The time limit of one response.", "5s"),
      },
    },
    smoke: {
      kind: "section",
      doc: "The smoke tests of the new version before it gets traffic.",
      fields: {
        paths: {
          kind: "list",
          doc: "The paths to request; a status of 500 or more is an error.",
          item: { kind: "text", rules: [urlPathRule] },
          default: ["/"],
        },
        requests: {
          kind: "integer",
          doc: "The number of requests, spread over these paths and the new pods.",
          minimum: 0,
          maximum: 10_000,
          default: 200,
        },
        command: {
          kind: "text",
          doc: "A command to run in the image; it finds the new version at $BASE_URL and must exit with 0.",
          rules: [commandRule],
        },
        k6: {
          kind: "text",
          doc: "A k6 script to run, in the same way, with the text files that it imports or opens by paths such as ./lib/users.js. It fails by its thresholds and by exceptions.",
          rules: pathRules,
        },
        timeout: time("The time limit of the command or the script.", "5m"),
      },
    },
    errors: {
      kind: "section",
      doc: "The gate on the error rate.",
      fields: {
        maxPercent: {
          kind: "integer",
          doc: "The maximum error rate in per cent; a deployment that certainly exceeds it is rolled back.",
          minimum: 0,
          maximum: 100,
          default: 2,
        },
        samples: {
          kind: "integer",
          doc: "The minimum number of requests to judge; with fewer, a deployment is put on hold instead of passed.",
          minimum: 1,
          maximum: 1_000_000,
          default: 100,
        },
        path: {
          kind: "text",
          doc: "The path at which a pod serves its metrics.",
          rules: [urlPathRule],
          default: "/metrics",
        },
        counter: {
          kind: "text",
          doc: "The counter of requests, with a label for the status.",
          rules: [metricNameRule],
          default: "http_requests_total",
        },
        histogram: {
          kind: "text",
          doc: "The histogram of response times, in seconds.",
          rules: [metricNameRule],
          default: "http_request_duration_seconds",
        },
        prometheus: {
          kind: "text",
          doc: "The URL of a Prometheus to query instead. It must be reachable from where Slipway runs.",
          rules: [noCredentialsRule, httpUrlRule],
        },
        total: {
          kind: "text",
          doc: 'Its query for the number of requests; "{since}" stands for the seconds since the switch, "{hash}" for the new pods\' pod-template-hash, "{pods}" for a pattern of their names, "{namespace}" for their namespace. Default: by the labels namespace and pod.',
          rules: [printableRule],
        },
        failed: {
          kind: "text",
          doc: "Its query for the number of those that failed, in the same way.",
          rules: [printableRule],
        },
      },
    },
    latencyP95: time(
      "The 95th percentile of response times above which an alert is raised; it rolls nothing back.",
      "2s",
    ),
    soak: time("The time during which the new version has traffic and the old pods are kept.", "5m"),
    hold: time("The additional time to wait for enough samples.", "10m"),
    readyTimeout: time("The time limit for new pods to become ready.", "5m"),
    finishTimeout: time("The time limit for old pods to terminate and other Deployments to follow.", "5m"),
    lockTimeout: time("The time to wait for another deployment to end.", "2m"),
    migrate: {
      kind: "section",
      doc: "The migration of the database before the new pods start.",
      fields: {
        command: {
          kind: "text",
          doc: "The command to run in the image, or \"none\". Default: Alembic's or Django's, if the service uses one.",
          rules: [commandRule],
        },
        variable: {
          kind: "text",
          doc: "The environment variable that holds the database's URL.",
          rules: [environmentVariableRule],
          default: "DATABASE_URL",
        },
        timeout: time("The time limit of the migration.", "10m"),
      },
    },
    proof: {
      kind: "section",
      doc: "The proof that the previous version works on the migrated schema, as it must after a rollback.",
      fields: {
        required: {
          kind: "map",
          doc: "Migrate an environment's database only after this proof.",
          keys: ENVIRONMENTS,
          item: { kind: "choice", values: [true, false] },
          default: {},
        },
        sample: {
          kind: "text",
          doc: "An SQL file with sample data for the previous version. Default: generated rows.",
          rules: [...pathRules, sqlFileRule],
        },
        paths: {
          kind: "list",
          doc: "The paths that the previous version must answer. Default: the health check's.",
          item: { kind: "text", rules: [urlPathRule] },
          nonEmpty: true,
        },
      },
    },
  },
} as const
