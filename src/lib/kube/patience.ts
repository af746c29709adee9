/** When a request is tried again, until patience is over. */
import { fail } from "../errors/catalogue.js"
import type { Answer, Connection, Request } from "./connection.js"
import { statusOf } from "./status.js"
import type { Trouble } from "./trouble.js"

export interface Settings {
  /** Milliseconds for one try. */
  timeout: number
  /** Milliseconds for all tries of a request. */
  patience: number
  sleep: (milliseconds: number) => Promise<unknown>
  /** Milliseconds since 1970. */
  now: () => number
  random: () => number
}

/** The way to one API server, and how it fared. */
export interface Line {
  server: string
  connection: Connection
  settings: Settings
  /** When it last couldn't be reached. */
  troubledAt: number
}

/** What a try that came to nothing asks of the next. */
export interface Wait {
  kind: "wait"
  /** Why, in a clause about the server as "it". */
  reason: string
  /** Whether the server may have done what it was asked for. */
  uncertain: boolean
  /** Milliseconds that it asks for. */
  asked: number
}

export interface Done<T> {
  kind: "done"
  value: T
}

const FIRST_PAUSE = 200
const LONGEST_PAUSE = 3_000
/** A server that has just started doesn't know all rights yet. */
const SETTLING = 10_000

/**
 * Tries until something is done. A try gets the milliseconds that it may take. What can't be repeated is given up
 * once the server may have done it.
 */
export async function patiently<T>(
  { server, settings }: Line,
  repeatable: boolean,
  attempt: (timeout: number) => Promise<Done<T> | Wait>,
  timeout = settings.timeout,
): Promise<T> {
  const start = settings.now()
  for (let tries = 0; ; tries += 1) {
    const left = settings.patience - (settings.now() - start)
    const result = await attempt(tries === 0 ? timeout : Math.max(1, Math.min(timeout, left)))
    if (result.kind === "done") return result.value
    const { reason, uncertain, asked } = result
    const pause = Math.max(asked, backoff(tries, settings.random()))
    const gone = settings.now() - start
    if (!repeatable && uncertain)
      throw fail("KUBE_UNREACHABLE", [server, `${reason}, and may have done what it was asked for`, 0])
    if (gone + pause >= settings.patience)
      throw fail("KUBE_UNREACHABLE", [server, reason, Math.round(gone / 1_000)])
    await settings.sleep(pause)
  }
}

/** Half of a pause is by chance, so that many clients part. */
const backoff = (tries: number, random: number): number => {
  const most = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(tries, 10))
  return Math.round(most / 2 + (most / 2) * random)
}

export interface Told {
  answer: Answer
  /** Whether an earlier try may have done it already. */
  uncertain: boolean
}

/** Asks until there is an answer that stands. */
export async function ask(
  line: Line,
  request: Omit<Request, "timeout">,
  { repeatable, timeout }: { repeatable: boolean; timeout?: number },
): Promise<Told> {
  let uncertain = false
  const attempt = async (milliseconds: number): Promise<Done<Told> | Wait> => {
    const result = await line.connection.send({ ...request, timeout: milliseconds })
    const wait = result.kind === "answer" ? waitAfter(result, line) : waitWithout(result, line)
    if (wait === undefined) return { kind: "done", value: { answer: result as Answer, uncertain } }
    uncertain ||= wait.uncertain
    return wait
  }
  return await patiently(line, repeatable, attempt, timeout)
}

/** Says how to go on after a try without an answer. Throws where no other helps. */
export function waitWithout({ reason, state, certificate }: Trouble, line: Line): Wait {
  if (certificate) throw fail("KUBE_CERTIFICATE", [line.server, reason])
  if (state === "final") throw fail("KUBE_UNREACHABLE", [line.server, reason, 0])
  line.troubledAt = line.settings.now()
  return { kind: "wait", reason, uncertain: state === "uncertain", asked: 0 }
}

/** Says whether an answer asks for another try; undefined for one that stands. */
export function waitAfter({ status, headers, text }: Omit<Answer, "kind">, line: Line): Wait | undefined {
  if (status < 400) return undefined
  const told = statusOf(text)
  const message = (told?.message ?? "").replace(/\s+/g, " ").slice(0, 300)
  const wait = (uncertain: boolean): Wait => ({
    kind: "wait",
    reason: `it answered ${status}${message === "" ? "" : `: ${message}`}`,
    uncertain,
    asked: retryAfter(headers["retry-after"]),
  })
  if (status === 429) return wait(false)
  if (status === 502 || status === 503 || status === 504) return wait(true)
  if (status === 500 && (told?.reason === "ServerTimeout" || /etcd|leader/i.test(message))) return wait(true)
  return isStarting(status, message, line) ? wait(false) : undefined
}

/** A server that has just come up refuses what it will allow in a moment. */
function isStarting(status: number, message: string, { settings, troubledAt }: Line): boolean {
  if (status === 403 && message.includes("not yet ready to handle request")) return true
  return (status === 401 || status === 403) && settings.now() - troubledAt < SETTLING
}

const retryAfter = (value: string | undefined): number =>
  value !== undefined && /^\d{1,6}$/.test(value.trim()) ? Number(value) * 1_000 : 0
