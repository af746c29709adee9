/**
 * Grafana annotations of deployments: a region from start to end.
 *
 * https://grafana.com/docs/grafana/latest/developers/http_api/annotations/
 */
import { createHash } from "node:crypto"
import type { Http, HttpAnswer, HttpFailure } from "../http/client.js"
import { scrub } from "../secrets/scrub.js"
import { clip, visible, xml } from "../text/escape.js"
import { fields, objects, parseJson, text } from "../text/json.js"

export interface Grafana {
  /** Base URL, without credentials. */
  url: string
  token: string
  /** The dashboard's uid; undefined for an organisation-wide annotation. */
  dashboard: string | undefined
}

/** The deployment that an annotation shows. */
export interface AnnotatedDeployment {
  service: string
  environment: string
  version: string
  run: string
  /** In milliseconds since 1970. */
  startedAt: number
}

/** Result of writing an annotation. */
export interface AnnotationResult {
  done: boolean
  /** One line, without the token. */
  text: string
}

/** An existing annotation. */
interface FoundAnnotation {
  id: number
  time: number
  timeEnd: number
}

/** Retry limits of Grafana's client, in milliseconds. */
export const GRAFANA_PATIENCE = Object.freeze({ patience: 30_000, timeout: 10_000, tries: 4 })

/**
 * Limit on a tag, in bytes. Grafana takes 100 characters in one, and 500 bytes in all of them as a JSON list unless
 * `annotations.tags_length` says otherwise: "slipway" and five others of this length fit.
 */
const TAG_BYTES = 94
const TEXT_LENGTH = 1000
const MESSAGE_LENGTH = 200

/** A run has one annotation, or two if the first request had no known outcome. */
const MAX_FOUND = 5

const RUNNING = "running"

/** Creates the annotation of a run, unless it exists. Never throws. */
export const startAnnotation = (
  grafana: Grafana,
  region: AnnotatedDeployment,
  http: Http,
): Promise<AnnotationResult> =>
  withGrafana(grafana, async (api) => {
    const found = await findAnnotations(api, region, http)
    if (found.length > 0) return { done: true, text: "annotated already" }
    const { startedAt } = region
    await ask(
      api,
      http,
      "POST",
      "",
      annotationBody(grafana, region, RUNNING, { time: startedAt, timeEnd: startedAt }),
    )
    return { done: true, text: "started" }
  })

/** Ends the annotation of a run, or creates it with both times if the start was missed. Never throws. */
export const endAnnotation = (
  grafana: Grafana,
  region: AnnotatedDeployment,
  { result, endedAt }: { result: string; endedAt: number },
  http: Http,
): Promise<AnnotationResult> =>
  withGrafana(grafana, async (api) => {
    const found = await findAnnotations(api, region, http)
    const { tags, text } = annotationBody(grafana, region, result, {})
    for (const { id } of found) await ask(api, http, "PATCH", `/${id}`, { tags, text, timeEnd: endedAt })
    if (found.length > 0) return { done: true, text: "ended" }
    const times = { time: region.startedAt, timeEnd: endedAt }
    await ask(api, http, "POST", "", annotationBody(grafana, region, result, times))
    return { done: true, text: "created afterwards" }
  })

interface Api {
  url: string
  token: string
}

/** A refused request, or Grafana is unreachable. */
class GrafanaError extends Error {}

async function withGrafana(
  { url, token }: Grafana,
  work: (api: Api) => Promise<AnnotationResult>,
): Promise<AnnotationResult> {
  const api = { url: `${url.replace(/(?<!\/)\/+$/, "")}/api/annotations`, token: token.trim() }
  // A header can't hold every character, and the error of the runtime would quote it.
  if (!/^[\x21-\x7E]{1,10000}$/.test(api.token))
    return { done: false, text: "the token is empty or has invalid characters" }
  try {
    return await work(api)
  } catch (error) {
    if (!(error instanceof GrafanaError)) throw error
    return { done: false, text: error.message }
  }
}

/** Finds the annotations of a run, which have all of these tags. */
async function findAnnotations(
  api: Api,
  { run, environment, service }: AnnotatedDeployment,
  http: Http,
): Promise<FoundAnnotation[]> {
  const tags = ["slipway", tag("run", run), tag("environment", environment), tag("service", service)]
  const query = new URLSearchParams([
    ["type", "annotation"],
    ["limit", String(MAX_FOUND)],
    ...tags.map((value): [string, string] => ["tags", value]),
  ])
  const answer = await ask(api, http, "GET", `?${query.toString()}`)
  return objects(answer).flatMap(({ id, time, timeEnd }) =>
    Number.isSafeInteger(id) ? [{ id: Number(id), time: Number(time), timeEnd: Number(timeEnd) }] : [],
  )
}

function annotationBody(
  { dashboard }: Grafana,
  { service, environment, version, run }: AnnotatedDeployment,
  result: string,
  times: { time?: number; timeEnd?: number },
) {
  const tags = ["slipway", tag("service", service), tag("environment", environment)]
  return {
    ...(dashboard !== undefined && { dashboardUID: dashboard }),
    ...times,
    tags: [
      ...tags,
      ...(version === "" ? [] : [tag("version", version)]),
      tag("result", result),
      tag("run", run),
    ],
    // Grafana shows it as HTML.
    text: clip(xml(visible(`${service} ${version} in ${environment}: ${result}`)), TEXT_LENGTH),
  }
}

/** A tag; a longer one is replaced by its hash. */
function tag(name: string, value: string): string {
  const whole = `${name}:${visible(value)}`
  if (Buffer.byteLength(whole) <= TAG_BYTES) return whole
  return `${name}:${createHash("sha256").update(value).digest("hex").slice(0, 32)}`
}

async function ask(
  { url, token }: Api,
  http: Http,
  method: "GET" | "POST" | "PATCH",
  path: string,
  json?: unknown,
): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}`, accept: "application/json" }
  const answer = await http.send({
    method,
    url: `${url}${path}`,
    headers,
    ...(json !== undefined && { json }),
  })
  if (answer.kind === "answer" && answer.status === 200) return parseJson(answer.text)
  throw new GrafanaError(reasonOf(answer, token))
}

function reasonOf(answer: HttpAnswer | HttpFailure, token: string): string {
  if (answer.kind === "failure") return answer.reason
  const { status } = answer
  const message = visible(scrub(text(fields(parseJson(answer.text))["message"]), [token]).trim())
  const tail = message === "" ? "" : `: ${clip(message, MESSAGE_LENGTH)}`
  if (status === 401) return `it doesn't accept the token (401)${tail}`
  if (status === 403)
    return `it doesn't let the token do this (403)${tail}; it needs annotations:create, :read and :write`
  if (status >= 300 && status < 400) return `it sends this elsewhere (${status}), where the token isn't sent`
  return `it refuses this (${status})${tail}`
}
