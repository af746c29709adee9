import type { Traffic } from "../monitoring/exposition.js"

/** The limits by which traffic is judged. */
export interface ErrorLimits {
  /** The highest error rate, in per cent. */
  maxPercent: number
  /** The fewest requests that can be judged. */
  samples: number
}

export type TrafficJudgement = "good" | "bad" | "too few"

/**
 * Judges requests by their errors.
 *
 * Bad if the error rate is above the limit with confidence, good if the measured rate isn't above it; anything between,
 * and too few requests, is undecided.
 */
export function judgeTraffic(
  { requests, errors }: Pick<Traffic, "requests" | "errors">,
  { maxPercent, samples }: ErrorLimits,
): TrafficJudgement {
  if (requests < samples) return "too few"
  if (lowerBound(errors, requests) * 100 > maxPercent) return "bad"
  return errors * 100 > requests * maxPercent ? "too few" : "good"
}

/** Returns the lower bound of the true rate with 95 % confidence: Wilson's interval, one-sided. */
function lowerBound(errors: number, requests: number): number {
  const [rate, z] = [errors / requests, 1.645]
  const spread = z * Math.sqrt((rate * (1 - rate)) / requests + (z / (2 * requests)) ** 2)
  return Math.max(0, (rate + z ** 2 / (2 * requests) - spread) / (1 + z ** 2 / requests))
}

/** Formats a rate: `error rate 5.1 % (63 of 1,240 requests; limit 2 %)`. */
export function rateText(
  { requests, errors }: Pick<Traffic, "requests" | "errors">,
  { maxPercent }: ErrorLimits,
): string {
  const rate = requests === 0 ? 0 : (errors / requests) * 100
  return `error rate ${rate.toFixed(1)} % (${grouped(errors)} of ${grouped(requests)} ${requests === 1 ? "request" : "requests"}; limit ${maxPercent} %)`
}

const grouped = (number: number): string => Math.round(number).toLocaleString("en-US")

/** An answer to a health request; status 0 for none. */
export interface HealthAnswer {
  status: number
  body: string
  milliseconds: number
  /** The reason for no answer. */
  problem?: string
}

/** The answer that a healthy service gives. */
export interface HealthCriteria {
  path: string
  status: number
  body?: string
}

/** Returns the problem of an answer; undefined for a healthy one. */
export function unhealthy(answer: HealthAnswer, { path, status, body }: HealthCriteria): string | undefined {
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

/** Counts successes in a row. */
export const inARow = (before: number, good: boolean): number => (good ? before + 1 : 0)
