import type { Channel } from "../config/notify.js"
import type { Http, HttpAnswer } from "../http/client.js"
import { scrub } from "../secrets/scrub.js"
import { clip, visible } from "../text/escape.js"
import type { Notification } from "./notification.js"
import { slackMessage } from "./slack.js"
import { teamsMessage } from "./teams.js"
import { messageId, signedHeaders, webhookMessage } from "./webhook.js"

/** Webhook of a channel. */
export interface WebhookAddress {
  channel: Channel
  /** Secret. */
  url: string
  /** Signing secret; empty for none. */
  secret: string
}

/** Result of sending a message. */
export interface SendResult {
  sent: boolean
  /** One line without secrets: why it wasn't sent, or a remark. */
  text: string
  /** True if it may have been delivered all the same. */
  uncertain: boolean
}

/** Retry limits of a channel in milliseconds; a deployment waits for it. */
export const NOTIFY_PATIENCE = Object.freeze({ patience: 30_000, timeout: 10_000, tries: 4 })

const ANSWER_LENGTH = 200

/**
 * Sends a notification through a channel; never throws.
 *
 * Waits for a server that limits its rate. A request without a known outcome is repeated only for a plain webhook, whose
 * messages have an id.
 */
export async function send(
  news: Notification,
  address: WebhookAddress,
  http: Http,
  now = Date.now(),
): Promise<SendResult> {
  const { channel } = address
  const [url, secret] = [address.url.trim(), address.secret.trim()]
  if (!/^https?:\/\/[^\s@]+$/.test(url) || !URL.canParse(url))
    return { sent: false, text: "the secret is not a valid URL such as https://…", uncertain: false }
  const json = MESSAGES[channel](news)
  const answer = await http.send({
    method: "POST",
    url,
    json,
    ...(channel === "webhook" && {
      headers: signedHeaders(messageId(news), JSON.stringify(json), secret, now),
      repeatable: true,
    }),
  })
  if (answer.kind === "failure") return { sent: false, text: answer.reason, uncertain: answer.uncertain }
  return sendResult(answer, [secret, ...secretParts(url)])
}

const MESSAGES: Record<Channel, (news: Notification) => unknown> = {
  slack: slackMessage,
  teams: teamsMessage,
  webhook: webhookMessage,
}

/** Slack answers with one word, such as `invalid_blocks`; others vary. */
function sendResult({ status, text }: HttpAnswer, secrets: readonly string[]): SendResult {
  if (status >= 200 && status < 300) return { sent: true, text: "sent", uncertain: false }
  if (status >= 300 && status < 400)
    return {
      sent: false,
      text: `it sends this elsewhere (${status}), where nothing is sent`,
      uncertain: false,
    }
  // Scrubbed before clipping: a truncated secret would not be found.
  const message = visible(scrub(text.slice(0, 10_000), secrets).trim().replace(/\s+/g, " "))
  const tail = message === "" ? "" : `: ${clip(message, ANSWER_LENGTH)}`
  return { sent: false, text: `it refuses this (${status})${tail}`, uncertain: status >= 500 }
}

/** The URL and those parts of it that are secret. */
function secretParts(address: string): string[] {
  const { pathname, search, searchParams, href } = new URL(address)
  const pieces = [...pathname.split("/"), ...searchParams.values()].filter((piece) => piece.length >= 8)
  return [address, href, `${pathname}${search}`, ...pieces].filter((part) => part.length > 1)
}
