/** Requests to pods and services through the API server, for clients without access to the cluster's network. */
import type { ConnectionAnswer, ConnectionRequest } from "../http/connection.js"
import type { Retry, Settled } from "../http/retry.js"
import type { Unanswered } from "../http/unanswered.js"
import { type ApiServer, retryOfApiAnswer, retryOfLostApi, untilSettled } from "./apiServer.js"
import { statusOf } from "./status.js"

export interface ProxyAnswer {
  /** 0 if the pod didn't answer. */
  status: number
  body: string
  milliseconds: number
  /** Reason for the missing answer. */
  problem?: string
}

export interface ProxyRequest {
  method: string
  path: string
  timeout: number
}

/** Answer of a pod, or a refusal of the API server. */
export type Proxied = { kind: "pod"; answer: ProxyAnswer } | { kind: "refused"; answer: ConnectionAnswer }

export function proxyPath(
  target: { pod: string } | { service: string },
  namespace: string,
  port: number | string,
  path: string,
): string {
  const [resource, name] = "pod" in target ? ["pods", target.pod] : ["services", target.service]
  const [space, endpoint] = [encodeURIComponent(namespace), encodeURIComponent(`${name}:${port}`)]
  return `/api/v1/namespaces/${space}/${resource}/${endpoint}/proxy/${path.replace(/^\/+/, "")}`
}

/**
 * Sends a request to a pod.
 *
 * A fault of the pod is an answer; one of the API server is retried, since its restart doesn't make a pod unhealthy.
 */
export async function askPod(api: ApiServer, { method, path, timeout }: ProxyRequest): Promise<Proxied> {
  const request = { method, path } satisfies Partial<ConnectionRequest>
  const attempt = async (limit: number): Promise<Settled<Proxied> | Retry> => {
    const start = performance.now()
    const result = await api.connection.send({ ...request, timeout: limit })
    const milliseconds = Math.round(performance.now() - start)
    return result.kind === "unanswered"
      ? afterLost(result, milliseconds, api)
      : afterAnswer(result, milliseconds, api)
  }
  return await untilSettled(api, ["GET", "HEAD"].includes(method), attempt, timeout)
}

const none = (problem: string, milliseconds: number): Settled<Proxied> => ({
  kind: "settled",
  value: { kind: "pod", answer: { status: 0, body: "", milliseconds, problem } },
})

function afterLost(lost: Unanswered, milliseconds: number, api: ApiServer): Settled<Proxied> | Retry {
  if (lost.answered) return none(lost.reason, milliseconds)
  // The pod or the API server took too long: as a rule it is the pod.
  if (lost.late && lost.state === "uncertain")
    return none(`it gave no answer within ${milliseconds} ms`, milliseconds)
  return retryOfLostApi(lost, api)
}

function afterAnswer(
  answer: ConnectionAnswer,
  milliseconds: number,
  api: ApiServer,
): Settled<Proxied> | Retry {
  const { status, text } = answer
  const said = status < 400 ? undefined : statusOf(text)
  if (said === undefined)
    return { kind: "settled", value: { kind: "pod", answer: { status, body: text, milliseconds } } }
  if (NOT_REACHED.test(said.message) || said.reason === "NotFound")
    return none(said.message.replace(/^error trying to reach service: /, ""), milliseconds)
  return retryOfApiAnswer(answer, api) ?? { kind: "settled", value: { kind: "refused", answer } }
}

const NOT_REACHED =
  /error trying to reach service|no endpoints available for service|no service port|is not running|does not have a host assigned|address not allowed|proxy error/i
