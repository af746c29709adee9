/**
 * What Slipway relies on of Slack's incoming webhooks.
 *
 * Sources: "docs" is https://docs.slack.dev/.
 */
import { last, type ServiceFact, statuses } from "./serviceRuns.js"

const WEBHOOKS = "docs, messaging/sending-messages-using-incoming-webhooks"
const BLOCKS = "docs, reference/block-kit/blocks"
const ERRORS = "https://api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks"
const FORMATTING = "docs, messaging/formatting-message-text"

/** Slack's own packages, whose types and tests quote its reference. */
const NODE = "slackapi/node-slack-sdk at 4322e14f"
const JAVA = "slackapi/java-slack-sdk at 86ff7ca99, IncomingWebhooksTest.java"

const plain = (text: string) => ({ type: "plain_text", text, emoji: false })
const header = (text: string) => ({ type: "header", text: plain(text) })
const section = (text: string) => ({ type: "section", text: plain(text) })
const message = (...blocks: object[]) => ({ json: { text: "slipway: a check of the contract", blocks } })
const answered = (answers: Parameters<typeof last>[0]) => [last(answers).status, last(answers).text]

export const SLACK_FACTS: readonly ServiceFact[] = [
  {
    id: "ok",
    fact: "A POST of JSON with text and blocks is answered with 200 and the text ok.",
    sources: [WEBHOOKS],
    read: JAVA,
    check: { run: [message(header("slipway"))], found: answered, equals: [200, "ok"] },
  },
  {
    id: "no-text",
    fact: "Without text and attachments it answers 400, with no_text or missing_text_or_fallback_or_attachments.",
    sources: [WEBHOOKS, "fluxcd/flagger#1031: no_text", "hastic-zzz/hastic-server#708: the other"],
    read: "both issues in December 2026",
    check: {
      run: [{ json: {} }],
      found: (answers) => [
        last(answers).status,
        /^(no_text|missing_text_or_fallback_or_attachments)$/.test(last(answers).text),
      ],
      equals: [400, true],
    },
  },
  {
    id: "invalid-payload",
    fact: "What is no JSON it answers with 400 invalid_payload.",
    sources: [WEBHOOKS, ERRORS],
    read: "the page of 2016-05-17 in December 2026",
    check: { run: [{ json: "{" }], found: answered, equals: [400, "invalid_payload"] },
  },
  {
    id: "errors",
    fact: "Errors are a word as plain text: 403 action_prohibited, 404 channel_not_found and no_service, 410 channel_is_archived.",
    sources: [WEBHOOKS, ERRORS],
    read: "in December 2026",
    byHand: "remove the webhook's app, and send: 404 no_service",
  },
  {
    id: "header-length",
    fact: "A header has at most 150 characters.",
    sources: [`${BLOCKS}/header-block`],
    read: `${NODE}, HeaderBlock.md`,
    check: {
      run: [message(header("a".repeat(150))), message(header("a".repeat(151)))],
      found: statuses,
      equals: [200, 400],
    },
  },
  {
    id: "section-length",
    fact: "A section's text has at least one and at most 3,000 characters.",
    sources: [`${BLOCKS}/section-block`],
    read: `${NODE}, SectionBlock.md`,
    check: {
      run: [message(section("a".repeat(3000))), message(section("a".repeat(3001))), message(section(""))],
      found: statuses,
      equals: [200, 400, 400],
    },
  },
  {
    id: "fields",
    fact: "A section has at most ten fields, each of at most 2,000 characters.",
    sources: [`${BLOCKS}/section-block`],
    read: `${NODE}, SectionBlock.md: both limits`,
    check: {
      run: [10, 11].map((count) =>
        message({ type: "section", fields: Array.from({ length: count }, () => plain("a")) }),
      ),
      found: statuses,
      equals: [200, 400],
    },
  },
  {
    id: "blocks",
    fact: "A message has at most 50 blocks.",
    sources: [BLOCKS],
    read: "docs, reference/block-kit/blocks.md in December 2026",
    check: {
      run: [50, 51].map((count) => message(...Array.from({ length: count }, () => section("a")))),
      found: statuses,
      equals: [200, 400],
    },
  },
  {
    id: "blocks-size",
    fact: "Blocks of some 13,000 bytes together are answered with msg_blocks_too_long, which no page says.",
    sources: ["slackapi/bolt-js#2509 and #2867"],
    read: "both issues in December 2026: of chat.postMessage; #2867 saw none of it where a command is answered",
    check: {
      run: [message(...Array.from({ length: 5 }, () => section("a".repeat(2900))))],
      found: answered,
      equals: [400, "msg_blocks_too_long"],
    },
  },
  {
    id: "invalid-blocks",
    fact: "A block of an unknown type is answered with 400 invalid_blocks.",
    sources: [
      "docs, reference/methods/chat.postMessage: errors",
      "slackapi/java-slack-sdk, IncomingWebhooksTest.java",
    ],
    read: `${JAVA}: of a section without text`,
    check: { run: [message({ type: "unheard-of" })], found: answered, equals: [400, "invalid_blocks"] },
  },
  {
    id: "rich-text",
    fact: "A rich_text block takes a rich_text_preformatted element, whose texts are never markup.",
    sources: [`${BLOCKS}/rich-text-block`],
    read: `${NODE}, RichTextPreformatted.md: the element, not that it is no markup`,
    check: {
      run: [
        message({
          type: "rich_text",
          elements: [{ type: "rich_text_preformatted", elements: [{ type: "text", text: "a <!channel>" }] }],
        }),
      ],
      found: statuses,
      equals: [200],
    },
  },
  {
    id: "escapes",
    fact: "&, < and > are written as &amp;, &lt; and &gt;; no other character calls a person, a channel or a link.",
    sources: [FORMATTING],
    read: "api.slack.com/docs/attachments in December 2026: the three characters",
    byHand: "send `&lt;!channel&gt;` in a section of mrkdwn: nobody is called",
  },
  {
    id: "verbatim",
    fact: "With verbatim, addresses and names of channels in a mrkdwn text aren't made links.",
    sources: ["docs, reference/block-kit/composition-objects/text-object"],
    read: `${NODE}, MrkdwnElement.md`,
    byHand: "send a section of mrkdwn with verbatim and https://example.com: it is no link",
  },
  {
    id: "unfurl",
    fact: "unfurl_links and unfurl_media, if false, keep Slack from showing what is behind a link.",
    sources: ["docs, messaging/unfurling-links-in-messages", "slack-go/slack#1207"],
    read: "slack-go/slack#1207 in December 2026: that a webhook's message takes both",
    byHand: "send a link with and without unfurl_links",
  },
  {
    id: "rate",
    fact: "One message a second is taken; past a burst it answers 429 with Retry-After in seconds, and hasn't sent it.",
    sources: ["docs, apis/web-api/rate-limits"],
    read: "the page as stored in 2025: one a second, and short bursts",
    byHand: "send forty messages at once",
  },
]
