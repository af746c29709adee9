/**
 * What Slipway relies on of a Teams workflow that a webhook starts.
 *
 * Sources: "docs" is https://learn.microsoft.com/microsoftteams/platform/.
 */
import { type ServiceFact, statuses } from "./serviceRuns.js"

const USING = "docs, webhooks-and-connectors/how-to/connectors-using"
const CARDS = "docs, task-modules-and-cards/cards"

const card = (content: object) => ({
  json: {
    type: "message",
    attachments: [{ contentType: "application/vnd.microsoft.card.adaptive", contentUrl: null, content }],
  },
})
const line = (text: string) => ({ type: "RichTextBlock", inlines: [{ type: "TextRun", text }] })
const body = (text: string, more: object = {}) =>
  card({ type: "AdaptiveCard", version: "1.4", body: [line(text)], ...more })

export const TEAMS_FACTS: readonly ServiceFact[] = [
  {
    id: "accepted",
    fact: "A POST of a message with an Adaptive Card is answered with 202 before the workflow posts it; that may still fail.",
    sources: [
      USING,
      "https://learn.microsoft.com/connectors/teams: When a Teams webhook request is received",
    ],
    check: { run: [body("slipway: a check of the contract")], found: statuses, equals: [202] },
  },
  {
    id: "attachment",
    fact: "The body has the type message, and attachments with contentType application/vnd.microsoft.card.adaptive and the card as content.",
    sources: [USING],
    read: "MicrosoftDocs/msteams-docs at 0166903ae7, of an older year: connectors-using.md",
    check: {
      run: [{ json: { type: "message", attachments: [] } }, { json: { text: "slipway" } }],
      found: statuses,
      equals: [400, 400],
    },
  },
  {
    id: "version",
    fact: "Cards of version 1.4 are shown on desktop, web and telephones; a newer version isn't everywhere.",
    sources: [`${CARDS}/cards-reference: support for Adaptive Cards`],
    read: "msteams-docs at 0062d0c699, cards-reference.md: up to 1.5; nothing of telephones",
    byHand: "look at a notification in Teams on a telephone",
  },
  {
    id: "rich-text-block",
    fact: "A RichTextBlock shows TextRuns as they are, without Markdown; weight, size, color and fontType are kept.",
    sources: [
      "https://learn.microsoft.com/adaptive-cards/schema-explorer/text-run",
      "https://adaptivecards.io/explorer/RichTextBlock.html",
      `${CARDS}/cards-format`,
    ],
    read: "the page of TextRun in December 2026: it has no Markdown",
    byHand: "send `**a** <at>b</at>` in a TextRun: it is shown as it is",
  },
  {
    id: "actions",
    fact: "A card has at most six actions; Action.OpenUrl opens an address of https.",
    sources: [`${CARDS}/cards-actions`],
    check: {
      run: [body("slipway", { actions: [{ type: "Action.OpenUrl", title: "a", url: "javascript:0" }] })],
      found: statuses,
      equals: [400],
    },
  },
  {
    id: "size",
    fact: "A message of more than 28 KB is refused; somebody who measured found 21,000 bytes.",
    sources: [
      "docs, webhooks-and-connectors/how-to/add-incoming-webhook: the message size limit is 28 KB",
      "MSTEAMS_MESSAGE_SIZE_LIMIT of a public client for Ruby, with a comment on its measurement",
    ],
    read: "an excerpt in December 2026",
    check: { run: [body("a".repeat(30_000))], found: statuses, equals: [413] },
  },
  {
    id: "width",
    fact: "msteams: { width: Full } in the card uses the whole width.",
    sources: [`${CARDS}/cards-format: full width`],
    read: "msteams-docs at 0058eeffc0, cards-format.md",
    byHand: "look at a notification in Teams on a desktop",
  },
  {
    id: "rate",
    fact: "More than four requests a second, 60 in 30 seconds or 100 in an hour are throttled; a workflow says 429, the older connectors 200 with HTTP error 429 in the text.",
    sources: ["docs, webhooks-and-connectors/how-to/connectors-using: rate limiting"],
    read: "MicrosoftDocs/msteams-docs at 0166903ae7, of an older year: connectors-using.md",
    byHand: "send ten messages at once",
  },
  {
    id: "secret",
    fact: "The whole address is the secret: its signature is the query's sig.",
    sources: [
      "https://learn.microsoft.com/azure/logic-apps/logic-apps-securing-a-logic-app: SAS",
      "databrickslabs/dqx, reference/api/actions/destinations/teams",
    ],
    read: "DQX's page on Teams in December 2026: the query's sig; not the 401",
    byHand: "send to the address without its query: 401",
  },
]
