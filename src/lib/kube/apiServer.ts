/** Requests to one API server, with retries by the common policy and by rules of Kubernetes. */
import { fail } from "../errors/catalogue.js"
import type { Connection, ConnectionAnswer, ConnectionRequest } from "../http/connection.js"
import {
  type Retry,
  retryAfter,
  type RetryClock,
  retried,
  retryOfStatus,
  retryOfUnanswered,
  type Settled,
} from "../http/retry.js"
import type { Unanswered } from "../http/unanswered.js"
import { statusOf } from "./status.js"

export interface ApiSettings extends RetryClock {
  /** Milliseconds for one attempt. */
  timeout: number
  /** Milliseconds for all attempts of a request. */
  patience: number
}

/** Lock that must be held whenever a write is sent. */
export interface Fence {
  /** Milliseconds for which it is surely held; 0 or less until it is renewed. Throws once somebody else has it. */
  left: () => number
}

/** Connection to one API server, with its recent state. */
export interface ApiServer {
  server: string
  connection: Connection
  settings: ApiSettings
  /** Time of the last failed connection, in milliseconds since 1970. */
  unreachableAt: number
}

const FIRST_PAUSE = 200
const LONGEST_PAUSE = 3_000

/** Milliseconds during which a server that has just started may not know all permissions yet. */
const SETTLING = 10_000

/**
 * Repeats an attempt until it settles, given the milliseconds that it may take.
 *
 * Throws `KUBE_UNREACHABLE` once patience is over, or if a request that isn't repeatable may have been carried out.
 */
export async function untilSettled<T>(
  { server, settings }: ApiServer,
  repeatable: boolean,
  attempt: (timeout: number) => Promise<Settled<T> | Retry>,
  timeout = settings.timeout,
): Promise<T> {
  const start = settings.now()
  const elapsed = () => settings.now() - start
  const left = () => settings.patience - elapsed()
  const policy = { ...settings, left, firstPause: FIRST_PAUSE, longestPause: LONGEST_PAUSE, tries: Infinity }
  const result = await retried(policy, repeatable, (tries) =>
    attempt(tries === 0 ? timeout : Math.max(1, Math.min(timeout, left()))),
  )
  if (result.kind === "settled") return result.value
  const { reason, uncertain } = result
  if (!repeatable && uncertain)
    throw fail("KUBE_UNREACHABLE", [server, `${reason}, and may have done what it was asked for`, 0])
  throw fail("KUBE_UNREACHABLE", [server, reason, Math.round(elapsed() / 1_000)])
}

export interface ApiAnswer {
  answer: ConnectionAnswer
  /** True if an earlier attempt may have been carried out already. */
  uncertain: boolean
}

/** Sends a request until there is a final answer; with a fence, each attempt only while that is held, and no longer. */
export async function sendSettled(
  api: ApiServer,
  request: Omit<ConnectionRequest, "timeout">,
  repeatable: boolean,
  fence?: Fence,
): Promise<ApiAnswer> {
  let uncertain = false
  return await untilSettled(api, repeatable, async (timeout): Promise<Settled<ApiAnswer> | Retry> => {
    const held = fence?.left() ?? Infinity
    if (held <= 0) return NOT_RENEWED
    const result = await api.connection.send({ ...request, timeout: Math.min(timeout, held) })
    if (result.kind === "answer") {
      const retry = retryOfApiAnswer(result, api)
      if (retry === undefined) return { kind: "settled", value: { answer: result, uncertain } }
      uncertain ||= retry.uncertain
      return retry
    }
    const retry = retryOfLostApi(result, api)
    uncertain ||= retry.uncertain
    return retry
  })
}

const NOT_RENEWED: Retry = {
  kind: "retry",
  reason: "the deployment's lock couldn't be renewed",
  uncertain: false,
  limited: false,
  asked: 0,
  final: false,
}

/** Returns the retry for a request without an answer. Throws if no retry helps. */
export function retryOfLostApi(lost: Unanswered, api: ApiServer): Retry {
  if (lost.certificate) throw fail("KUBE_CERTIFICATE", [api.server, lost.reason])
  if (lost.state === "final") throw fail("KUBE_UNREACHABLE", [api.server, lost.reason, 0])
  api.unreachableAt = api.settings.now()
  return retryOfUnanswered(lost)
}

/** Returns the retry for an answer; undefined for a final one. */
export function retryOfApiAnswer(
  { status, headers, text }: Omit<ConnectionAnswer, "kind">,
  api: ApiServer,
): Retry | undefined {
  if (status < 400) return undefined
  const said = statusOf(text)
  const message = (said?.message ?? "").replace(/\s+/g, " ").slice(0, 300)
  const asked = retryAfter(headers["retry-after"], api.settings.now()) ?? 0
  const reason = `it answered ${status}${message === "" ? "" : `: ${message}`}`
  const retry = (uncertain: boolean): Retry => ({
    kind: "retry",
    reason,
    uncertain,
    limited: false,
    asked,
    final: false,
  })
  const usual = retryOfStatus(status, asked)
  if (usual !== undefined) return { ...usual, reason }
  if (status === 500 && (said?.reason === "ServerTimeout" || /etcd|leader/i.test(message))) return retry(true)
  return isStarting(status, message, api) ? retry(false) : undefined
}

/** True for a server that has just started, and refuses for a moment what it will allow. */
function isStarting(status: number, message: string, { settings, unreachableAt }: ApiServer): boolean {
  if (status === 403 && message.includes("not yet ready to handle request")) return true
  return (status === 401 || status === 403) && settings.now() - unreachableAt < SETTLING
}
