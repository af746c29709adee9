/** Requests to pods and services through the API server: for whoever has no way into the cluster's network. */
import type { Answer, Request } from "./connection.js"
import { type Done, type Line, patiently, type Wait, waitAfter, waitWithout } from "./patience.js"
import { statusOf } from "./status.js"
import type { Trouble } from "./trouble.js"

export interface ProxyAnswer {
  /** 0 where the pod gave no answer. */
  status: number
  body: string
  milliseconds: number
  /** Why there is no answer. */
  problem?: string
}

export interface ProxyRequest {
  method: string
  path: string
  timeout: number
}

/** A pod's answer, or the API server's own, which refuses. */
export type Proxied = { kind: "pod"; answer: ProxyAnswer } | { kind: "refused"; answer: Answer }

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
 * Asks a pod. What is the pod's own fault is an answer; what is the API server's is tried again: a pod isn't ill
 * because that restarts.
 */
export async function askPod(line: Line, { method, path, timeout }: ProxyRequest): Promise<Proxied> {
  const request = { method, path } satisfies Partial<Request>
  const attempt = async (limit: number): Promise<Done<Proxied> | Wait> => {
    const start = performance.now()
    const result = await line.connection.send({ ...request, timeout: limit })
    const milliseconds = Math.round(performance.now() - start)
    return result.kind === "trouble"
      ? afterTrouble(result, milliseconds, line)
      : afterAnswer(result, milliseconds, line)
  }
  return await patiently(line, ["GET", "HEAD"].includes(method), attempt, timeout)
}

const none = (problem: string, milliseconds: number): Done<Proxied> => ({
  kind: "done",
  value: { kind: "pod", answer: { status: 0, body: "", milliseconds, problem } },
})

function afterTrouble(trouble: Trouble, milliseconds: number, line: Line): Done<Proxied> | Wait {
  if (trouble.answered) return none(trouble.reason, milliseconds)
  // Whoever was asked took too long: as a rule that is the pod.
  if (trouble.late && trouble.state === "uncertain")
    return none(`it gave no answer within ${milliseconds} ms`, milliseconds)
  return waitWithout(trouble, line)
}

function afterAnswer(answer: Answer, milliseconds: number, line: Line): Done<Proxied> | Wait {
  const { status, text } = answer
  const told = status < 400 ? undefined : statusOf(text)
  if (told === undefined)
    return { kind: "done", value: { kind: "pod", answer: { status, body: text, milliseconds } } }
  if (NOT_REACHED.test(told.message) || told.reason === "NotFound")
    return none(told.message.replace(/^error trying to reach service: /, ""), milliseconds)
  return waitAfter(answer, line) ?? { kind: "done", value: { kind: "refused", answer } }
}

const NOT_REACHED =
  /error trying to reach service|no endpoints available for service|no service port|is not running|does not have a host assigned|address not allowed|proxy error/i
