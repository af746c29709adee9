/**
 * A message for a Teams workflow that is called by a webhook: an Adaptive Card.
 * https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
 */
import { fitPlain, inert, inertLines, fitWithin } from "./fit.js"
import { isWebAddress } from "./links.js"
import { changesText, detailsOf, type Notification, titleOf } from "./notification.js"

/** Teams' pages say 28 KB, but a limit of 21,000 bytes was measured too. */
const BYTES = 20_000
const LINE_LENGTH = 200
const REASON_LENGTH = 1500
const NAME_LENGTH = 40
const URL_LENGTH = 500

interface Run {
  type: "TextRun"
  text: string
  weight?: "Bolder"
  size?: "Large"
  color?: "Good" | "Warning" | "Attention" | "Default"
  fontType?: "Monospace"
}

/** Unlike a TextBlock it renders no Markdown, so that untrusted texts stay text. */
interface RichTextBlock {
  type: "RichTextBlock"
  inlines: Run[]
  separator?: true
}

export interface TeamsMessage {
  type: "message"
  attachments: [
    {
      contentType: "application/vnd.microsoft.card.adaptive"
      contentUrl: null
      content: {
        $schema: "http://adaptivecards.io/schemas/adaptive-card.json"
        type: "AdaptiveCard"
        version: "1.4"
        body: RichTextBlock[]
        actions: { type: "Action.OpenUrl"; title: string; url: string }[]
        msteams: { width: "Full" }
      }
    },
  ]
}

const COLORS: Record<Notification["kind"], Run["color"]> = {
  started: "Default",
  succeeded: "Good",
  failed: "Attention",
  "rolled-back": "Warning",
  held: "Warning",
  alert: "Attention",
}

/** Limit of a card. */
const ACTIONS = 6

const run = (text: string, more: Partial<Run> = {}, length = LINE_LENGTH): Run => ({
  type: "TextRun",
  text: fitPlain(text, length),
  ...more,
})

const line = (...inlines: Run[]): RichTextBlock => ({ type: "RichTextBlock", inlines })

export function teamsMessage(news: Notification): TeamsMessage {
  const { heading, lines } = changesText(news.changes)
  const color = COLORS[news.kind] ?? "Default"
  return fitWithin(BYTES, lines.length, (count) => ({
    type: "message",
    attachments: [
      {
        contentType: "application/vnd.microsoft.card.adaptive",
        contentUrl: null,
        content: {
          $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
          type: "AdaptiveCard",
          version: "1.4",
          body: [
            line(run(inert(titleOf(news)), { weight: "Bolder", size: "Large", color })),
            ...detailsOf(news).map(([name, value]) =>
              line(run(`${name}: `, { weight: "Bolder" }), run(inert(value))),
            ),
            ...failureOf(news),
            ...(news.note === "" ? [] : [line(run(inertLines(news.note), {}, REASON_LENGTH))]),
            ...(heading === ""
              ? []
              : [{ ...line(run(inert(heading), { weight: "Bolder" })), separator: true as const }]),
            ...lines.slice(0, count).map((subject) => line(run(`• ${inert(subject)}`))),
            ...(count < lines.length ? [line(run(`… and ${lines.length - count} more lines`))] : []),
          ],
          actions: news.links
            .filter(({ url }) => url.length <= URL_LENGTH && isWebAddress(url))
            .slice(0, ACTIONS)
            .map(({ name, url }) => ({
              type: "Action.OpenUrl",
              title: fitPlain(inert(name), NAME_LENGTH),
              url,
            })),
          msteams: { width: "Full" },
        },
      },
    ],
  }))
}

function failureOf({ failure }: Notification): RichTextBlock[] {
  if (failure === undefined) return []
  const reason = `${inert(failure.stage)} failed: ${inertLines(failure.reason)}`
  return [
    line(run(reason, { color: "Attention" }, REASON_LENGTH)),
    ...(failure.repro === ""
      ? []
      : [line(run(inert(failure.repro), { fontType: "Monospace" }, REASON_LENGTH))]),
  ]
}
