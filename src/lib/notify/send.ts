import type { Channel } from "../config/notify.js"
import type { Http, HttpAnswer } from "../http/client.js"
import { scrub } from "../secrets/scrub.js"
import { clip, visible } from "../text/escape.js"
import type { Notification } from "./notification.js"
import { slackMessage } from "./slack.js"
import { teamsMessage } from "./teams.js"
import { messageId, signedHeaders, webhookMessage } from "./webhook.js"

/** Where a channel's messages go. */
export interface WebhookAddress {
  channel: Channel
  /** A secret, as a whole. */
  url: string
  /** What messages are signed with; empty for nothing. */
  secret: string
}

/** What became of a message. */
export interface SendResult {
  sent: boolean
  /** A line without anything secret: why it wasn't sent, or what else there is to say. */
  text: string
  /** Whether it may have come through all the same. */
  uncertain: boolean
}

/** How patient one channel is, in milliseconds: a deployment waits for it. */
export const NOTIFY_PATIENCE = Object.freeze({ patience: 30_000, timeout: 10_000, tries: 4 })

const ANSWER_LENGTH = 200

/**
 * Sends news through a channel; never throws. A server that takes no more for now is waited for. What nobody knows the
 * end of isn't sent twice, but to a plain webhook, whose messages have an id.
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
    return { sent: false, text: "the secret holds no address such as https://…", uncertain: false }
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

/** Slack answers in a word, such as `invalid_blocks`; others as they like. */
function sendResult({ status, text }: HttpAnswer, secrets: readonly string[]): SendResult {
  if (status >= 200 && status < 300) return { sent: true, text: "told", uncertain: false }
  if (status >= 300 && status < 400)
    return {
      sent: false,
      text: `it sends this elsewhere (${status}), where nothing is sent`,
      uncertain: false,
    }
  // Scrubbed as a whole first: half a secret at a cut would not be found.
  const said = visible(scrub(text.slice(0, 10_000), secrets).trim().replace(/\s+/g, " "))
  const tail = said === "" ? "" : `: ${clip(said, ANSWER_LENGTH)}`
  return { sent: false, text: `it refuses this (${status})${tail}`, uncertain: status >= 500 }
}

/** The address, and those parts of it that are as good as all of it. */
function secretParts(address: string): string[] {
  const { pathname, search, searchParams, href } = new URL(address)
  const pieces = [...pathname.split("/"), ...searchParams.values()].filter((piece) => piece.length >= 8)
  return [address, href, `${pathname}${search}`, ...pieces].filter((part) => part.length > 1)
}
