import type { Config } from "../config/config.js"
import { SlipwayError } from "../errors/catalogue.js"
import type { KubeObject } from "../kube/objects.js"
import { probeObject, ruleObject, rulesConfigMap } from "../monitoring/objects.js"
import { thresholdsOf } from "../monitoring/rules.js"
import type { Context } from "./context.js"

/**
 * Loads the alert rules, and the probe of the public URL, into the service's namespace.
 *
 * As objects of the Prometheus operator where the cluster has it, else as a ConfigMap, as `monitoring.alerts.load` says.
 * Returns what was loaded. Fails with KUBE_MISSING without an operator that the settings ask for, and as the API does.
 */
export async function loadAlertRules(context: Context, config: Config, service: string): Promise<string> {
  const { namespace, names, environment, healthPath, kube } = context
  const { alerts, probe: probing } = config.monitoring
  const place = { name: names.deployment, namespace, labels: alerts.labels }
  const thresholds = thresholdsOf(config, service, namespace)
  const url = config.deploy.url[environment]
  const probe =
    probing.prober === undefined || url === undefined
      ? undefined
      : {
          url: `${url.replace(/(?<!\/)\/+$/, "")}${healthPath}`,
          prober: probing.prober,
          module: probing.module,
        }
  const applied = async (objects: readonly KubeObject[]): Promise<string> => {
    for (const object of objects) await kube.apply(object)
    return objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`).join(", ")
  }
  const configMap = [rulesConfigMap(thresholds, place, probe)]
  if (alerts.load === "configmap") return applied(configMap)
  try {
    return await applied([
      ruleObject(thresholds, place),
      ...(probe === undefined ? [] : [probeObject(thresholds, place, probe)]),
    ])
  } catch (error) {
    const missing = error instanceof SlipwayError && error.code === "KUBE_MISSING"
    if (!missing || alerts.load === "operator") throw error
    return applied(configMap)
  }
}
