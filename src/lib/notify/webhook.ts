/** Message for any webhook, signed by the Standard Webhooks specification. https://www.standardwebhooks.com */
import { createHash, createHmac } from "node:crypto"
import { clip, visible } from "../text/escape.js"
import { alertSubject, changesText, type Notification, titleOf } from "./notification.js"

const TEXT_LENGTH = 4000
const SUBJECT_LENGTH = 300
const SUBJECTS = 500

/** The payload. A breaking change gets another `schema`. */
export interface WebhookMessage extends Omit<Notification, "changes" | "failure" | "milliseconds"> {
  schema: 1
  title: string
  milliseconds: number | null
  changes: { heading: string; subjects: string[]; more: number; back: boolean; problem: string }
  failure: Notification["failure"] | null
}

/** Formats a notification as JSON with bounded texts and without invisible characters. */
export function webhookMessage(news: Notification): WebhookMessage {
  const { changes, failure, milliseconds, links, ...rest } = news
  const bounded = (text: string) => clip(visible(text), TEXT_LENGTH)
  const texts = Object.fromEntries(
    Object.entries(rest).map(([name, value]) => [name, bounded(value)]),
  ) as typeof rest
  return {
    schema: 1,
    title: bounded(titleOf(news)),
    ...texts,
    milliseconds: milliseconds ?? null,
    changes: {
      ...changes,
      heading: changesText(changes).heading,
      subjects: changes.subjects
        .slice(0, SUBJECTS)
        .map((subject) => visible(clip(subject, SUBJECT_LENGTH)).slice(0, SUBJECT_LENGTH)),
      more: changes.more + Math.max(0, changes.subjects.length - SUBJECTS),
    },
    links: links.filter(({ url }) => url.length <= TEXT_LENGTH),
    failure: failure === undefined ? null : mapTexts(failure, (text) => clip(text, TEXT_LENGTH)),
  }
}

const mapTexts = <T extends object>(object: T, change: (text: string) => string): T =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(String(value))])) as T

/** Stable id of a message, so that receivers can drop duplicates. */
export const messageId = (news: Notification): string => {
  const { run, environment, kind, service } = news
  const parts = [service, environment, run, kind, ...(kind === "alert" ? [alertSubject(news)] : [])]
  return `msg_${createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32)}`
}

/** Headers with id and signature of a message. The secret may be in the form `whsec_` and base64. */
export function signedHeaders(id: string, body: string, secret: string, now: number): Record<string, string> {
  const seconds = String(Math.floor(now / 1000))
  const named = { "webhook-id": id, "webhook-timestamp": seconds }
  if (secret === "") return named
  const [, base64] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? []
  const key = base64 === undefined ? Buffer.from(secret) : Buffer.from(base64, "base64")
  const signature = createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64")
  return { ...named, "webhook-signature": `v1,${signature}` }
}
