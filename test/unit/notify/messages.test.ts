import { createHmac } from "node:crypto"
import { describe, expect, it } from "vitest"
import { NOTIFICATION_KINDS } from "../../../src/lib/config/notify.js"
import { fit } from "../../../src/lib/notify/fit.js"
import { titleOf } from "../../../src/lib/notify/notification.js"
import { SLACK_LIMITS, slackMessage } from "../../../src/lib/notify/slack.js"
import { teamsMessage } from "../../../src/lib/notify/teams.js"
import { messageId, signedHeaders, webhookMessage } from "../../../src/lib/notify/webhook.js"
import { HOSTILE, news } from "./receiver.js"

/** Returns every text of a message, at any depth. */
const texts = (value: unknown): string[] =>
  typeof value === "string"
    ? [value]
    : typeof value === "object" && value !== null
      ? Object.values(value).flatMap(texts)
      : []

/** Very long values, of characters that take the most bytes. */
const HUGE = ["&<>", "界", "🙂", "\u202E", "a"].map((piece) => piece.repeat(50_000))
const huge = (piece: string) =>
  news({
    service: piece,
    version: piece,
    previous: piece,
    who: piece,
    run: piece,
    note: piece,
    failure: { stage: piece, reason: piece, repro: piece },
    changes: { subjects: Array.from({ length: 20 }, () => piece), more: 1_000_000, back: false, problem: "" },
    links: Array.from({ length: 30 }, () => ({ name: piece, url: `https://a.example/${piece}` })),
  })

describe("titleOf", () => {
  it("differs for each kind of notification", () => {
    const titles = NOTIFICATION_KINDS.map((kind) => titleOf(news({ kind })))
    expect(new Set(titles).size).toBe(NOTIFICATION_KINDS.length)
    for (const title of titles) expect(title).toMatch(/shop v1\.2\.3 .*\bproduction\b/)
  })
})

describe("a message to Slack", () => {
  it("has title, details, failure and links", () => {
    const message = slackMessage(
      news({
        kind: "rolled-back",
        failure: { stage: "soak", reason: "error rate 5.1 %", repro: "dagger call deploy 'a & b'" },
      }),
    )
    expect(message).toMatchObject({
      text: "↩️ Rolled back to shop v1.2.3 in production",
      blocks: [
        { type: "header", text: { type: "plain_text", text: "↩️ Rolled back to shop v1.2.3 in production" } },
        {
          type: "section",
          fields: expect.arrayContaining([expect.objectContaining({ text: "Triggered by\nada" })]) as unknown,
        },
        { type: "section", text: { text: "soak failed: error rate 5.1 %" } },
        { type: "rich_text", elements: [{ elements: [{ text: "dagger call deploy 'a & b'" }] }] },
        { type: "section", text: { text: "2 changes since the last deployment\n• Sell hats\n• Count them" } },
        {
          type: "section",
          text: { type: "mrkdwn", text: "<https://ci.example.com/runs/4711?a=1&amp;b=2|Run>" },
        },
      ],
    })
    expect(texts(message)).toContain("Duration\n3 min 05 s")
  })

  it.each(HOSTILE)("mentions nobody and adds no link for %j", (text) => {
    const all = { service: text, version: text, who: text, note: text }
    const { blocks, text: fallback } = slackMessage(
      news({
        ...all,
        failure: { stage: text, reason: text, repro: text },
        changes: { subjects: [text], more: 0, back: false, problem: "" },
        links: [
          { name: text, url: `https://a.example/>|${text}` },
          { name: "x", url: "javascript:alert(1)" },
        ],
      }),
    )
    for (const block of blocks.filter(({ type }) => type !== "rich_text"))
      for (const piece of texts(block)) {
        // Only a link's visible text; its address is checked separately.
        const shown = piece.replace(/^<https:\/\/a\.example\/[^<>|\s]*\|([^<>]*)>$/, "$1")
        expect(shown).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/)
        expect(shown).not.toMatch(/@(channel|here|everyone|U0)\b|javascript:|\u202E/)
      }
    expect(fallback).not.toMatch(/[<>]|@(channel|here)/)
  })

  it.each(HUGE)("stays within Slack's limits for any content (%#)", (piece) => {
    const { blocks, text } = slackMessage(huge(piece))
    expect(blocks.length).toBeLessThanOrEqual(SLACK_LIMITS.blocks)
    expect(Buffer.byteLength(JSON.stringify(blocks))).toBeLessThan(13_000)
    expect(text.length).toBeLessThanOrEqual(3000)
    for (const block of blocks) {
      if (block.type === "header") expect(block.text.text.length).toBeLessThanOrEqual(SLACK_LIMITS.header)
      if ("fields" in block) expect(block.fields.length).toBeLessThanOrEqual(SLACK_LIMITS.fields)
      for (const each of texts(block)) expect(each.length).toBeLessThanOrEqual(SLACK_LIMITS.section)
    }
    const escaped = blocks.filter(({ type }) => type !== "rich_text")
    expect(JSON.stringify(escaped)).not.toMatch(/&(?!amp;|lt;|gt;)/)
  })

  it("says why changes are unknown and when they are reverted", () => {
    const problem = "the changes aren't known: the history here doesn't have abc"
    const changes = { subjects: [], more: 0, back: false, problem }
    expect(texts(slackMessage(news({ changes })))).toContain(problem)
    const back = { subjects: ["Sell hats"], more: 2, back: true, problem: "" }
    expect(texts(slackMessage(news({ changes: back })))).toContain(
      "Reverted: 3 changes\n• Sell hats\n• … and 2 more",
    )
    expect(JSON.stringify(slackMessage(news({ changes: { ...changes, problem: "" } })))).not.toContain(
      "change",
    )
  })
})

describe("a message to Teams", () => {
  it("is a card of plain runs and links", () => {
    const { attachments } = teamsMessage(news())
    const [{ content }] = attachments
    expect(content.body[0]?.inlines[0]).toMatchObject({
      text: "Deployed shop v1.2.3 to production",
      color: "Good",
    })
    expect(content.body.every(({ type }) => type === "RichTextBlock")).toBe(true)
    expect(content.actions).toEqual([
      { type: "Action.OpenUrl", title: "Run", url: "https://ci.example.com/runs/4711?a=1&b=2" },
    ])
  })

  it.each(HUGE)("stays below 28 KB for any content (%#)", (piece) => {
    expect(Buffer.byteLength(JSON.stringify(teamsMessage(huge(piece))))).toBeLessThan(28_000)
  })
})

describe("a message to a webhook", () => {
  it("has all fields and the version of its format", () => {
    expect(webhookMessage(news({ kind: "started", milliseconds: undefined }))).toMatchObject({
      schema: 1,
      kind: "started",
      title: "Deploying shop v1.2.3 to production",
      milliseconds: null,
      changes: { subjects: ["Sell hats", "Count them"], heading: "2 changes since the last deployment" },
      failure: null,
    })
  })

  it.each(HUGE)("is bounded (%#)", (piece) => {
    expect(Buffer.byteLength(JSON.stringify(webhookMessage(huge(piece))))).toBeLessThan(200_000)
  })

  it("has the same id only for the same notification", () => {
    expect(messageId(news())).toBe(messageId(news({ who: "bob", milliseconds: 1 })))
    const others = [news({ run: "2" }), news({ kind: "failed" }), news({ environment: "staging" })]
    expect(new Set([news(), ...others].map(messageId)).size).toBe(4)
    expect(messageId(news())).toMatch(/^msg_[0-9a-f]{32}$/)
  })

  it("is signed with HMAC-SHA256 of id, time and body", () => {
    const key = Buffer.from("a secret of 24 bytes ...")
    const at = Date.UTC(2026, 0, 1)
    const right = createHmac("sha256", key)
      .update(`msg_1.${at / 1000}.{"a":1}`)
      .digest("base64")
    const expected = {
      "webhook-id": "msg_1",
      "webhook-timestamp": String(at / 1000),
      "webhook-signature": `v1,${right}`,
    }
    expect(signedHeaders("msg_1", '{"a":1}', key.toString(), at)).toEqual(expected)
    expect(signedHeaders("msg_1", '{"a":1}', `whsec_${key.toString("base64")}`, at)).toEqual(expected)
    expect(signedHeaders("msg_1", "{}", "", at)).not.toHaveProperty("webhook-signature")
  })

  it("is signed as in the specification's example", () => {
    // https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/javascript/src/index.test.ts
    const headers = signedHeaders(
      "msg_p5jXN8AQM9LWM0D4loKWxJek",
      '{"test": 2432232314}',
      "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
      1_614_265_330_000,
    )
    expect(headers["webhook-signature"]).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
  })
})

describe("fit", () => {
  const entity = (character: string) => (character === "&" ? "&amp;" : character)

  it("truncates between escape sequences", () => {
    expect(fit("ab&c", 20, entity)).toBe("ab&amp;c")
    expect(fit("ab&c", 8, entity)).toBe("ab&amp;c")
    expect(fit("ab&c", 7, entity)).toBe("ab…")
    expect(fit("a🙂🙂", 4, (character) => character)).toBe("a🙂…")
  })
})
