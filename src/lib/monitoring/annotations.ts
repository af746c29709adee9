/**
 * Marks of deployments in Grafana: a region from their start to their end.
 * https://grafana.com/docs/grafana/latest/developers/http_api/annotations/
 */
import { createHash } from "node:crypto"
import type { Http, HttpAnswer, HttpFailure } from "../http/client.js"
import { scrub } from "../secrets/scrub.js"
import { clip, visible, xml } from "../text/escape.js"
import { fields, objects, parseJson, text } from "../text/json.js"

export interface Grafana {
  /** Its address, without a password. */
  url: string
  token: string
  /** The dashboard's uid; undefined for a mark on any. */
  dashboard: string | undefined
}

/** What a mark is of. */
export interface AnnotatedDeployment {
  service: string
  environment: string
  version: string
  run: string
  /** In milliseconds since 1970. */
  startedAt: number
}

/** What became of a mark. */
export interface AnnotationResult {
  done: boolean
  /** A line, without the token. */
  text: string
}

/** What is known of a mark that is there. */
interface FoundAnnotation {
  id: number
  time: number
  timeEnd: number
}

/** How patient Grafana's client is, in milliseconds. */
export const GRAFANA_PATIENCE = Object.freeze({ patience: 30_000, timeout: 10_000, tries: 4 })

/** What a tag of Grafana's holds at most. */
const TAG_LENGTH = 100
const TEXT_LENGTH = 1000
const MESSAGE_LENGTH = 200

/** Of one run there is one, or two where nobody knew whether the first came through. */
const MAX_FOUND = 5

const RUNNING = "running"

/** Begins a region, unless this run has begun it. Never throws. */
export const startAnnotation = (
  grafana: Grafana,
  region: AnnotatedDeployment,
  http: Http,
): Promise<AnnotationResult> =>
  withGrafana(grafana, async (api) => {
    const found = await findAnnotations(api, region, http)
    if (found.length > 0) return { done: true, text: "marked before" }
    const { startedAt } = region
    await ask(
      api,
      http,
      "POST",
      "",
      annotationBody(grafana, region, RUNNING, { time: startedAt, timeEnd: startedAt }),
    )
    return { done: true, text: "begun" }
  })

/** Ends the region of this run, and makes it whole where its start was missed. Never throws. */
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
    const whole = { time: region.startedAt, timeEnd: endedAt }
    await ask(api, http, "POST", "", annotationBody(grafana, region, result, whole))
    return { done: true, text: "marked as a whole" }
  })

interface Api {
  url: string
  token: string
}

/** What Grafana refuses, or that it isn't there. */
class GrafanaError extends Error {}

async function withGrafana(
  { url, token }: Grafana,
  work: (api: Api) => Promise<AnnotationResult>,
): Promise<AnnotationResult> {
  const api = { url: `${url.replace(/\/+$/, "")}/api/annotations`, token: token.trim() }
  // A header can't hold every character, and the error of the runtime would quote it.
  if (!/^[\x21-\x7E]{1,10000}$/.test(api.token))
    return { done: false, text: "the token is empty, or has characters that no token has" }
  try {
    return await work(api)
  } catch (error) {
    if (!(error instanceof GrafanaError)) throw error
    return { done: false, text: error.message }
  }
}

/** Those of this run, by its tags: all of them have to be there. */
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

/** Of a longer one only a name is left by which it is found again. */
function tag(name: string, value: string): string {
  const whole = `${name}:${visible(value)}`
  if (whole.length <= TAG_LENGTH) return whole
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
  const said = visible(scrub(text(fields(parseJson(answer.text))["message"]), [token]).trim())
  const tail = said === "" ? "" : `: ${clip(said, MESSAGE_LENGTH)}`
  if (status === 401) return `it doesn't accept the token (401)${tail}`
  if (status === 403)
    return `it doesn't let the token do this (403)${tail}; it needs annotations:create, :read and :write`
  if (status >= 300 && status < 400) return `it sends this elsewhere (${status}), where the token isn't sent`
  return `it refuses this (${status})${tail}`
}
