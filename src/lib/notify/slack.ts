/**
 * A message for Slack's incoming webhooks, in Block Kit.
 * https://docs.slack.dev/reference/block-kit/blocks https://docs.slack.dev/messaging/formatting-message-text
 */
import { fit, fitPlain, inert, inertLines, fitWithin } from "./fit.js"
import { isWebAddress } from "./links.js"
import { changesText, detailsOf, type Link, type Notification, titleOf } from "./notification.js"

/** Slack's own limits, in characters. */
export const SLACK_LIMITS = Object.freeze({ blocks: 50, header: 150, section: 3000, field: 2000, fields: 10 })

/** Limit on all blocks: past some 13,000 Slack answers msg_blocks_too_long. https://github.com/slackapi/bolt-js/issues/2509 */
const BYTES = 12_000
const VALUE_LENGTH = 100
const SUBJECT_LENGTH = 120
const REASON_LENGTH = 800
const REPRO_LENGTH = 1000
const URL_LENGTH = 500

interface PlainText {
  type: "plain_text"
  text: string
  /** Disables emoji such as `:tada:`. */
  emoji: false
}

interface Mrkdwn {
  type: "mrkdwn"
  text: string
  /** Disables automatic links. */
  verbatim: true
}

type Block =
  | { type: "header"; text: PlainText }
  | { type: "section"; text: PlainText | Mrkdwn }
  | { type: "section"; fields: PlainText[] }
  | {
      type: "rich_text"
      elements: [{ type: "rich_text_preformatted"; elements: [{ type: "text"; text: string }] }]
    }

export interface SlackMessage {
  /** Preview for push notifications. */
  text: string
  blocks: Block[]
  unfurl_links: false
  unfurl_media: false
}

const ICONS: Record<Notification["kind"], string> = {
  started: "🚀",
  succeeded: "✅",
  failed: "❌",
  "rolled-back": "↩️",
  held: "⏸️",
  alert: "🚨",
}

const ENTITIES: Partial<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" }

/** With these three as references, no text can name a person, a channel or an address. */
const escape = (character: string): string => ENTITIES[character] ?? character

const plainText = (text: string, length: number): PlainText => ({
  type: "plain_text",
  text: fit(text, length, escape),
  emoji: false,
})

/** Formats a notification within all of Slack's limits. Untrusted texts are plain, without markup. */
export function slackMessage(news: Notification): SlackMessage {
  const title = `${ICONS[news.kind]} ${inert(titleOf(news))}`
  const changes = changesText(news.changes)
  const blocks = fitWithin(BYTES, changes.lines.length, (count): Block[] => [
    { type: "header", text: plainText(title, SLACK_LIMITS.header) },
    { type: "section", fields: fieldsOf(news) },
    ...failureOf(news),
    ...(news.note === "" ? [] : [section(inertLines(news.note), REASON_LENGTH)]),
    ...changesOf(changes, count),
    ...linksOf(news.links),
  ])
  return { text: fit(title, SLACK_LIMITS.section, escape), blocks, unfurl_links: false, unfurl_media: false }
}

const section = (text: string, length: number): Block => ({ type: "section", text: plainText(text, length) })

const fieldsOf = (news: Notification): PlainText[] =>
  detailsOf(news)
    .slice(0, SLACK_LIMITS.fields)
    .map(([name, value]) => plainText(`${name}\n${inert(value)}`, VALUE_LENGTH))

function failureOf({ failure }: Notification): Block[] {
  if (failure === undefined) return []
  const repro = fitPlain(inert(failure.repro), REPRO_LENGTH)
  return [
    section(`${inert(failure.stage)} failed: ${inertLines(failure.reason)}`, REASON_LENGTH),
    ...(repro === "" ? [] : [preformatted(repro)]),
  ]
}

/** Its text is never markup, so nothing in it is escaped. */
const preformatted = (text: string): Block => ({
  type: "rich_text",
  elements: [{ type: "rich_text_preformatted", elements: [{ type: "text", text }] }],
})

function changesOf({ heading, lines }: ReturnType<typeof changesText>, count: number): Block[] {
  if (heading === "") return []
  const left = lines.length - count
  const kept = lines.slice(0, count).map((line) => `• ${fitPlain(inert(line), SUBJECT_LENGTH)}`)
  const all = [inert(heading), ...kept, ...(left > 0 ? [`… and ${left} more lines`] : [])]
  return [section(all.join("\n"), SLACK_LIMITS.section)]
}

function linksOf(links: readonly Link[]): Block[] {
  const written = links.slice(0, SLACK_LIMITS.fields).flatMap(({ name, url }) => {
    const address = addressOf(url)
    return address === undefined ? [] : [`<${address}|${fit(inert(name), VALUE_LENGTH, escape)}>`]
  })
  const text: Mrkdwn = { type: "mrkdwn", text: written.join("  ·  "), verbatim: true }
  return written.length === 0 ? [] : [{ type: "section", text }]
}

/** An escaped URL that can't end its link early; one that is too long is left out. */
function addressOf(url: string): string | undefined {
  if (url.length > 2 * URL_LENGTH || !isWebAddress(url)) return undefined
  const address = new URL(url).href.replace(/[<>|]/g, encodeURIComponent).replaceAll("&", "&amp;")
  return address.length <= URL_LENGTH ? address : undefined
}
