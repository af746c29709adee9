/** Reads metrics in Prometheus' text format. https://prometheus.io/docs/instrumenting/exposition_formats/ */

/** One sample: a name, its labels, the value, and its time if given. */
export interface Sample {
  name: string
  labels: Record<string, string>
  value: number
  /** Milliseconds since 1970. */
  at?: number
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})?[ \t]+(\S+)(?:[ \t]+(-?\d+))?/
const LABEL = /(?<!\w)([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g

/** Parses samples; skips comments and invalid lines. */
export const readSamples = (text: string): Sample[] =>
  text.split("\n").flatMap((line) => {
    const [, name, labels = "", value = "", at] = LINE.exec(line) ?? []
    const number = valueOf(value)
    return name === undefined || Number.isNaN(number)
      ? []
      : [{ name, labels: labelsOf(labels), value: number, ...(at !== undefined && { at: Number(at) }) }]
  })

const valueOf = (text: string): number =>
  /^[+-]?Inf$/.test(text) ? Number(text.replace("Inf", "Infinity")) : Number(text)

const labelsOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    Array.from(text.matchAll(LABEL), ([, name = "", value = ""]) => [name, unescaped(value)]),
  )

const unescaped = (value: string): string =>
  value.replace(/\\(.)/g, (_, letter: string) => (letter === "n" ? "\n" : letter))

/** The requests that a pod has answered since it started. */
export interface Traffic {
  requests: number
  errors: number
  /** Cumulative counts of answers by the upper bound of their time in seconds. */
  buckets: Record<string, number>
}

export const NO_TRAFFIC: Traffic = Object.freeze({ requests: 0, errors: 0, buckets: {} })

/** The metrics to read, and the routes to ignore. */
export interface MetricNames {
  counter: string
  histogram: string
  /** Routes of probes and scrapes, which aren't the service's traffic. */
  ignoredRoutes: readonly string[]
}

const STATUS = [
  "status",
  "code",
  "status_code",
  "http_status",
  "http_status_code",
  "http_response_status_code",
]
const ROUTE = ["route", "path", "handler", "endpoint", "uri", "http_route"]

const labelled = ({ labels }: Sample, names: readonly string[]): string | undefined =>
  names.map((name) => labels[name]).find((value) => value !== undefined)

/** Counts a pod's answers; undefined if the counter has no label for the status. */
export function trafficOf(
  samples: readonly Sample[],
  { counter, histogram, ignoredRoutes }: MetricNames,
): Traffic | undefined {
  const counts = (sample: Sample) => !ignoredRoutes.includes(labelled(sample, ROUTE) ?? "")
  const counters = samples.filter(({ name }) => name === counter)
  if (counters.length > 0 && counters.every((sample) => labelled(sample, STATUS) === undefined))
    return undefined
  const work = counters.filter(counts)
  const total = (some: readonly Sample[]) => some.reduce((sum, { value }) => sum + value, 0)
  const buckets: Record<string, number> = {}
  for (const { labels, value } of samples
    .filter(({ name }) => name === `${histogram}_bucket`)
    .filter(counts)) {
    const bound = labels["le"] ?? "+Inf"
    buckets[bound] = (buckets[bound] ?? 0) + value
  }
  const failed = work.filter((sample) => /^5/.test(labelled(sample, STATUS) ?? ""))
  return { requests: total(work), errors: total(failed), buckets }
}

/** Returns the difference of two readings; after a counter's reset, all of the second. */
export function trafficSince(before: Traffic, now: Traffic): Traffic {
  const more = (a: number, b: number) => (b >= a ? b - a : b)
  const buckets = Object.entries(now.buckets).map(([bound, value]) => [
    bound,
    more(before.buckets[bound] ?? 0, value),
  ])
  return {
    requests: more(before.requests, now.requests),
    errors: more(before.errors, now.errors),
    buckets: Object.fromEntries(buckets) as Record<string, number>,
  }
}

/** Adds the traffic of all pods. */
export const sum = (all: readonly Traffic[]): Traffic =>
  all.reduce(
    (a, b) => ({
      requests: a.requests + b.requests,
      errors: a.errors + b.errors,
      buckets: Object.fromEntries(
        [...new Set([...Object.keys(a.buckets), ...Object.keys(b.buckets)])].map((bound) => [
          bound,
          (a.buckets[bound] ?? 0) + (b.buckets[bound] ?? 0),
        ]),
      ),
    }),
    NO_TRAFFIC,
  )

/** Returns the 95th percentile of latency as a bucket's bound in seconds; undefined without answers. */
export function percentile95({ buckets }: Traffic): number | undefined {
  const bounds = Object.entries(buckets)
    .map(([bound, count]) => ({ bound: valueOf(bound), count }))
    .sort((a, b) => a.bound - b.bound)
  const all = bounds.at(-1)?.count ?? 0
  return all === 0 ? undefined : bounds.find(({ count }) => count >= all * 0.95)?.bound
}
