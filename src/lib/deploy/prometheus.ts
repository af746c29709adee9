import { fail } from "../errors/catalogue.js"
import { fields, objects, parseJson, text } from "../text/json.js"
import type { Context } from "./context.js"
import type { Traffic } from "../monitoring/exposition.js"

/** Counts requests by querying Prometheus. Fails with PROMETHEUS. https://prometheus.io/docs/prometheus/latest/querying/api/ */
export async function fromPrometheus(context: Context, hash: string, seconds: number): Promise<Traffic> {
  const queries = trafficQueries(context, hash, seconds)
  const [requests, errors] = await Promise.all(
    [queries.total, queries.failed].map((query) => number(context, query)),
  )
  return { requests: requests ?? 0, errors: errors ?? 0, buckets: {} }
}

type QueryContext = Pick<Context, "settings" | "names" | "namespace" | "statusLabel">

/**
 * The queries for the requests to the pods of a hash and for those that failed, since so many seconds.
 *
 * By default by the labels `namespace` and `pod`, which the operator and the usual relabeling of `kubernetes_sd_configs`
 * set; a pod's name holds its template's hash.
 */
export function trafficQueries(
  { settings, names, namespace, statusLabel }: QueryContext,
  hash: string,
  seconds: number,
): { total: string; failed: string } {
  const { counter, total, failed } = settings.errors
  const pods = `namespace="{namespace}",pod=~"{pods}"`
  const count = (matchers: string) => `sum(increase(${counter}{${matchers}}[{since}s]))`
  // Kubernetes makes room for the random end of a pod's name.
  const prefix = `${names.deployment}-${hash}-`.slice(0, POD_PREFIX)
  const values = { hash, since: String(seconds), namespace, pods: `${prefix}[a-z0-9]{5}` }
  const filled = (query: string) =>
    Object.entries(values).reduce((text, [name, value]) => text.replaceAll(`{${name}}`, value), query)
  return {
    total: filled(total ?? count(pods)),
    failed: filled(failed ?? count(`${pods},${statusLabel ?? "status"}=~"5.."`)),
  }
}

/** Longest beginning of a generated name: 63 characters without the 5 random ones. */
const POD_PREFIX = 58

async function number({ fetchOutside, settings }: Context, query: string): Promise<number> {
  const base = (settings.errors.prometheus ?? "").replace(/\/$/, "")
  const { status, body, problem } = await fetchOutside(
    `${base}/api/v1/query?query=${encodeURIComponent(query)}`,
    settings.health.timeout * 1000,
  )
  const answer = fields(parseJson(body))
  if (status !== 200 || answer["status"] !== "success")
    throw fail("PROMETHEUS", [base, query, problem ?? (text(answer["error"]) || `status ${status}`)])
  const [first] = objects(fields(answer["data"])["result"])
  const value = (first?.["value"] ?? []) as unknown[]
  // No series means no requests; NaN comes from a division by zero.
  const found = Number(value[1] ?? 0)
  return Number.isFinite(found) ? found : 0
}
