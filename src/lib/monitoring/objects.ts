/**
 * The objects of a cluster that carry the alert rules and the probe.
 *
 * https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.PrometheusRule and …#Probe
 */
import { stringify } from "yaml"
import { CONFIG_MAP, type KubeObject, type ObjectKind } from "../kube/objects.js"
import { alertRules, rulesFile, type Thresholds } from "./rules.js"

const OPERATOR = "monitoring.coreos.com/v1"
export const PROMETHEUS_RULE: ObjectKind = { apiVersion: OPERATOR, kind: "PrometheusRule" }
export const PROBE: ObjectKind = { apiVersion: OPERATOR, kind: "Probe" }

/** Name, namespace and labels of an object of monitoring. */
export interface MonitoringPlace {
  /** The Deployment. */
  name: string
  namespace: string
  /** Labels by which a Prometheus selects its rules and probes. */
  labels: Readonly<Record<string, string>>
}

/** The public address to probe, and the blackbox exporter that does. */
export interface HealthProbe {
  /** The health path's URL. */
  url: string
  /** Host and port of the blackbox exporter. */
  prober: string
  /** Its module. */
  module: string
}

const metadataOf = ({ name, namespace, labels }: MonitoringPlace) => ({
  name: `${name}-alerts`,
  namespace,
  labels: { "app.kubernetes.io/managed-by": "slipway", ...labels },
})

const groupsOf = (thresholds: Thresholds) => [{ name: thresholds.service, rules: alertRules(thresholds) }]

/** The rules for the Prometheus operator. */
export const ruleObject = (thresholds: Thresholds, place: MonitoringPlace) =>
  ({
    ...PROMETHEUS_RULE,
    metadata: metadataOf(place),
    spec: { groups: groupsOf(thresholds) },
  }) satisfies KubeObject & { spec: object }

/** The probe for the Prometheus operator, which adds the namespace to its series. */
export const probeObject = (
  thresholds: Pick<Thresholds, "probeJob">,
  place: MonitoringPlace,
  { url, prober, module }: HealthProbe,
) =>
  ({
    ...PROBE,
    metadata: metadataOf(place),
    spec: {
      jobName: thresholds.probeJob,
      module,
      prober: { url: prober },
      targets: { staticConfig: { static: [url] } },
    },
  }) satisfies KubeObject & { spec: object }

/** The rules, and the scrape configuration of the probe, as files for a Prometheus without an operator. */
export const rulesConfigMap = (thresholds: Thresholds, place: MonitoringPlace, probe?: HealthProbe) =>
  ({
    ...CONFIG_MAP,
    metadata: metadataOf(place),
    data: {
      [RULES_KEY]: rulesFile(thresholds),
      ...(probe !== undefined && { [SCRAPE_KEY]: scrapeFile(thresholds.probeJob, place.namespace, probe) }),
    },
  }) satisfies KubeObject & { data: object }

export const RULES_KEY = "alerts.yaml"
const SCRAPE_KEY = "scrape.yaml"

/** A file for `scrape_config_files`, as the blackbox exporter's documentation has it. */
export const scrapeFile = (job: string, namespace: string, { url, prober, module }: HealthProbe): string =>
  stringify({
    scrape_configs: [
      {
        job_name: job,
        metrics_path: "/probe",
        params: { module: [module] },
        static_configs: [{ targets: [url], labels: { namespace } }],
        relabel_configs: [
          { source_labels: ["__address__"], target_label: "__param_target" },
          { source_labels: ["__param_target"], target_label: "instance" },
          { target_label: "__address__", replacement: prober },
        ],
      },
    ],
  })
