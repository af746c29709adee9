import { fail } from "../errors/catalogue.js"
import { fields, objects, parseJson, text } from "../text/json.js"
import type { Context } from "./context.js"
import type { Traffic } from "../monitoring/exposition.js"

const TOTAL = 'sum(increase(http_requests_total{pod_template_hash="{hash}"}[{since}s]))'
const FAILED = 'sum(increase(http_requests_total{pod_template_hash="{hash}",status=~"5.."}[{since}s]))'

/** Counts requests by querying Prometheus. Fails with PROMETHEUS. https://prometheus.io/docs/prometheus/latest/querying/api/ */
export async function fromPrometheus(context: Context, hash: string, seconds: number): Promise<Traffic> {
  const { total = TOTAL, failed = FAILED } = context.settings.errors
  const [requests, errors] = await Promise.all(
    [total, failed].map((query) => number(context, filled(query, hash, seconds))),
  )
  return { requests: requests ?? 0, errors: errors ?? 0, buckets: {} }
}

const filled = (query: string, hash: string, seconds: number): string =>
  query.replaceAll("{hash}", hash).replaceAll("{since}", String(seconds))

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
