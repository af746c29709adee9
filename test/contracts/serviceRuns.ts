/** Sends the requests of a service's contract, to the imitation or to the real service. */
import type { Fact } from "./contract.js"

/** A request of a check. */
export interface Ask {
  method?: "GET" | "POST" | "PATCH" | "PUT" | "DELETE"
  /** Below the service's address; `{id}` is that of the answer before, other words in braces are the target's places. */
  path?: string
  json?: unknown
  /** In place of the target's own; a word in braces is one of its places. */
  token?: string
  headers?: Readonly<Record<string, string>>
}

export interface Answered {
  status: number
  text: string
  json: Record<string, unknown>
  headers: Headers
}

export type ServiceFact = Fact<Answered[], readonly Ask[]>

/** The service that is asked. */
export interface Target {
  base: string
  token: string
  /** The headers of every request, for a token. */
  headers: (token: string) => Record<string, string>
  /** What stands for a word in braces, such as the comments of a pull request. */
  places: Readonly<Record<string, string>>
}

/** What a check writes: it may be read in a real service. */
export const BODY = "A check of Slipway's contract with this API."

/** A last answer that is none, for checks whose requests all failed. */
const NONE: Answered = { status: 0, text: "", json: {}, headers: new Headers() }

export const last = (answers: readonly Answered[]): Answered => answers.at(-1) ?? NONE

export const statuses = (answers: readonly Answered[]): number[] => answers.map(({ status }) => status)

/** Sends a check's requests one after another. */
export const ask =
  (target: Target) =>
  async (asks: readonly Ask[]): Promise<Answered[]> => {
    const answers: Answered[] = []
    for (const each of asks) {
      const { id } = last(answers).json
      answers.push(await send(target, each, typeof id === "number" ? String(id) : ""))
    }
    return answers
  }

async function send(
  { base, token, headers, places }: Target,
  { method = "POST", path = "", json, token: other, headers: more = {} }: Ask,
  id: string,
): Promise<Answered> {
  const filled = (text: string) =>
    text.replace(/\{(\w+)\}/g, (_, name: string) => (name === "id" ? id : (places[name] ?? "")))
  const answer = await fetch(`${base}${filled(path)}`, {
    method,
    redirect: "manual",
    headers: {
      ...headers(filled(other ?? token)),
      "user-agent": "slipway",
      ...(json !== undefined && { "content-type": "application/json" }),
      ...more,
    },
    ...(json !== undefined && { body: typeof json === "string" ? json : JSON.stringify(json) }),
  })
  const text = await answer.text()
  return { status: answer.status, text, json: parsed(text), headers: answer.headers }
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}
