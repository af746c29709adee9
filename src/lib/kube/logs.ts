/** Lines of a container's log as they are written. */
import { fail } from "../errors/catalogue.js"
import { readBody } from "../http/body.js"
import { type ConnectionStream, MOST_BYTES } from "../http/connection.js"
import type { Retry, Settled } from "../http/retry.js"
import { type ApiServer, retryOfApiAnswer, retryOfLostApi, untilSettled } from "./apiServer.js"

export interface Follow {
  path: string
  query: Readonly<Record<string, string>>
  signal?: AbortSignal
  /** Creates the error for an answer that isn't a log. */
  refuse: (status: number, text: string) => Error
}

/** Length beyond which a line is split. */
const LONGEST_LINE = 256 * 1024

/**
 * Follows a log until its container ends or the signal aborts it.
 *
 * After a lost connection it continues behind the last line: each line has its time, and the next connection starts at
 * that of the last.
 */
export async function* followed(api: ApiServer, follow: Follow): AsyncGenerator<string> {
  const { signal, refuse } = follow
  const { now, patience, sleep } = api.settings
  const position = new Position()
  for (let [first, progress] = [true, now()]; !signal?.aborted; first = false) {
    const request = pathFrom(follow, position)
    const opened = await untilSettled(api, true, (timeout) => open(api, request, timeout, signal))
    if (opened === undefined) return
    if (opened.kind === "refused") {
      // A 404 later on means that its pod has been deleted.
      if (opened.status === 404 && !first) return
      throw refuse(opened.status, opened.text)
    }
    position.begin()
    try {
      for await (const text of linesOf(opened.body)) {
        progress = now()
        const shown = position.take(text)
        if (shown !== undefined) yield shown
      }
      return
    } catch (error) {
      if (signal?.aborted) return
      api.unreachableAt = now()
      if (now() - progress >= patience)
        throw fail("KUBE_UNREACHABLE", [api.server, "its logs break off again and again", 0], {
          cause: error,
        })
      await sleep(200)
    }
  }
}

function pathFrom({ path, query }: Follow, { since }: Position): string {
  const from = since === undefined ? query : { ...without(query), sinceTime: since }
  return `${path}?${String(new URLSearchParams({ ...from, follow: "true", timestamps: "true" }))}`
}

const without = (query: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(query).filter(([name]) => name !== "sinceSeconds"))

type Opened = ConnectionStream | { kind: "refused"; status: number; text: string } | undefined

async function open(
  api: ApiServer,
  path: string,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<Settled<Opened> | Retry> {
  if (signal?.aborted) return { kind: "settled", value: undefined }
  const result = await api.connection.open({ method: "GET", path, timeout, signal })
  if (signal?.aborted) return { kind: "settled", value: undefined }
  if (result.kind === "unanswered") return retryOfLostApi(result, api)
  if (result.status < 400) return { kind: "settled", value: result }
  const text = await readBody(result.body, MOST_BYTES).catch(() => "")
  const retry = retryOfApiAnswer({ ...result, text }, api) ?? waitForStart(text)
  return retry ?? { kind: "settled", value: { kind: "refused", status: result.status, text } }
}

/** Returns the retry for a container that is about to start, and has no log yet. */
const waitForStart = (text: string): Retry | undefined =>
  isBeforeStart(text)
    ? {
        kind: "retry",
        reason: "the container hasn't started",
        uncertain: false,
        limited: false,
        asked: 0,
        final: false,
      }
    : undefined

/** True for the 404 of a node that doesn't know a newly scheduled pod yet: it is for a missing resource, not a pod. */
export const isBeforeStart = (text: string): boolean =>
  /is waiting to start|is not available|ContainerCreating|PodInitializing|could not find the requested resource \(\s*pods\/log/.test(
    text.slice(0, 4_000),
  )

/** Splits a stream into lines, whatever its chunks are. */
export async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ""
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n")
    rest = lines.pop() ?? ""
    yield* lines
    if (rest.length > LONGEST_LINE) {
      yield rest
      rest = ""
    }
  }
  rest += decoder.decode()
  if (rest !== "") yield rest
}

/** Position up to which a log was read. */
class Position {
  /** Time of the last line, and the number of lines with that time. */
  private last = ""
  private same = 0
  private skip = 0

  /** Time to continue from, in whole seconds, as the API has it. */
  get since(): string | undefined {
    return this.last === "" ? undefined : this.last.replace(/\.\d+/, "")
  }

  begin(): void {
    this.skip = this.same
  }

  /** Removes a line's time; undefined for a line that was read before. */
  take(text: string): string | undefined {
    const [, time, rest] = /^(\d{4}-\d\d-\d\dT\S+) (.*)$/s.exec(text) ?? []
    if (time === undefined || rest === undefined) return text
    if (time < this.last) return undefined
    if (time === this.last) {
      if (this.skip > 0) {
        this.skip -= 1
        return undefined
      }
      this.same += 1
      return rest
    }
    this.last = time
    this.same = 1
    this.skip = 0
    return rest
  }
}
