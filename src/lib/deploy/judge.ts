import type { Traffic } from "../monitoring/exposition.js"

/** How many errors are too many, and how few requests too few. */
export interface Limits {
  /** In per cent. */
  maxPercent: number
  samples: number
}

export type Judgement = "good" | "bad" | "too few"

/**
 * Judges requests by their errors. Bad is what surely has more than the limit, good what doesn't have more so far;
 * whatever lies between, and too few requests, says nothing yet.
 */
export function judge(
  { requests, errors }: Pick<Traffic, "requests" | "errors">,
  { maxPercent, samples }: Limits,
): Judgement {
  if (requests < samples) return "too few"
  if (atLeast(errors, requests) * 100 > maxPercent) return "bad"
  return errors * 100 > requests * maxPercent ? "too few" : "good"
}

/** In 19 of 20 cases the true rate is above this: the lower end of Wilson's interval, one-sided. */
function atLeast(errors: number, requests: number): number {
  const [rate, z] = [errors / requests, 1.645]
  const spread = z * Math.sqrt((rate * (1 - rate)) / requests + (z / (2 * requests)) ** 2)
  return Math.max(0, (rate + z ** 2 / (2 * requests) - spread) / (1 + z ** 2 / requests))
}

/** `error rate 5.1 % (63 of 1,240 requests; limit 2 %)` */
export function rateText(
  { requests, errors }: Pick<Traffic, "requests" | "errors">,
  { maxPercent }: Limits,
): string {
  const rate = requests === 0 ? 0 : (errors / requests) * 100
  return `error rate ${rate.toFixed(1)} % (${grouped(errors)} of ${grouped(requests)} ${requests === 1 ? "request" : "requests"}; limit ${maxPercent} %)`
}

const grouped = (number: number): string => Math.round(number).toLocaleString("en-US")

/** What one answer to a question for health was. */
export interface Answer {
  status: number
  body: string
  milliseconds: number
  /** Why there was none. */
  problem?: string
}

export interface Healthy {
  path: string
  status: number
  body?: string
}

/** What is wrong with an answer; undefined for a good one. */
export function unhealthy(answer: Answer, { path, status, body }: Healthy): string | undefined {
  if (answer.status === 0) return `${path}: ${answer.problem ?? "no answer"}`
  if (answer.status !== status)
    return `${path} answers ${answer.status}, not ${status}${excerpt(answer.body)}`
  if (body !== undefined && !answer.body.includes(body))
    return `${path} answers without ${JSON.stringify(body)}${excerpt(answer.body)}`
  return undefined
}

const excerpt = (body: string): string => {
  const text = body.trim().replace(/\s+/g, " ")
  return text === "" ? "" : `: ${text.slice(0, 200)}`
}

/** How many times in a row something went well. */
export const inARow = (before: number, good: boolean): number => (good ? before + 1 : 0)
