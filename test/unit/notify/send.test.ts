import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import type { Channel } from "../../../src/lib/config/notify.js"
import { type WebhookAddress, NOTIFY_PATIENCE, send } from "../../../src/lib/notify/send.js"
import { Clock } from "../forge/forge.js"
import { HOSTILE, news, nowhere, type Receiver, startReceiver } from "./receiver.js"

let receiver: Receiver
let clock: Clock

beforeAll(async () => {
  receiver = await startReceiver()
})
afterAll(() => receiver.stop())
beforeEach(async () => {
  clock = new Clock()
  await receiver.control({ reset: true, signed: true })
})

const PATHS: Record<Channel, string> = {
  slack: "/services/T000/B000/hushhush",
  teams: "/workflows/hushhush?sig=hushhush",
  webhook: "/hooks/hushhush",
}

const to = (channel: Channel, more: Partial<WebhookAddress> = {}): WebhookAddress => ({
  channel,
  url: `${receiver.url}${PATHS[channel]}`,
  secret: "shared-by-both-ends",
  ...more,
})

const sendTo = (address: WebhookAddress, notification = news()) =>
  send(notification, address, clock.client({ ...NOTIFY_PATIENCE, timeout: 500 }))

const statuses = async () => (await receiver.log()).requests.map(({ status }) => status)

describe.each<Channel>(["slack", "teams", "webhook"])("%s", (channel) => {
  it("accepts every message, hostile or not", async () => {
    const hostile = HOSTILE.map((text) =>
      news({
        service: text,
        version: text,
        who: text,
        note: text,
        failure: { stage: text, reason: text, repro: text },
        changes: { subjects: HOSTILE, more: 0, back: false, problem: "" },
      }),
    )
    for (const each of [news(), news({ kind: "started", milliseconds: undefined }), ...hostile]) {
      expect(await sendTo(to(channel), each)).toEqual({ sent: true, text: "sent", uncertain: false })
    }
    expect((await statuses()).every((status) => status < 300)).toBe(true)
  })

  it("is retried after the time it asks for, within limits", async () => {
    await receiver.control({
      faults: [{ path: ".", status: 429, headers: { "Retry-After": "7" }, times: 2 }],
    })
    expect(await sendTo(to(channel))).toMatchObject({ sent: true })
    expect(clock.pauses).toEqual([7_000, 7_000])
  })

  it("isn't retried after the deployment's limit", async () => {
    await receiver.control({
      faults: [{ path: ".", status: 429, headers: { "Retry-After": "3600" }, times: 9 }],
    })
    const { sent, text, uncertain } = await sendTo(to(channel))
    expect([sent, uncertain]).toEqual([false, false])
    expect(text).toBe("it takes no more requests for now (429): it wants 3600 s of waiting")
    expect(clock.pauses).toEqual([])
  })

  it("is reported if it is unreachable", async () => {
    expect(await sendTo({ ...to(channel), url: `${await nowhere()}${PATHS[channel]}` })).toMatchObject({
      sent: false,
      uncertain: false,
      text: expect.stringMatching(/^nothing listens at its address \(4 tries\)$/) as unknown,
    })
    expect(clock.pauses.reduce((sum, pause) => sum + pause, 0)).toBeLessThan(NOTIFY_PATIENCE.patience)
  })

  it("is reported without secrets if it refuses", async () => {
    await receiver.control({ faults: [{ path: ".", status: 403 }] })
    const { sent, text } = await sendTo(to(channel))
    expect(sent).toBe(false)
    expect(text).toMatch(/^it refuses this \(403\): no: /)
    expect(text).not.toContain("hush")
  })

  it.each(["", "hooks.example.com/x", "ftp://a.example", "https://me:pass@a.example/"])(
    "isn't called at the address %j",
    async (url) => {
      expect(await sendTo({ ...to(channel), url })).toMatchObject({
        sent: false,
        text: expect.stringContaining("not a valid URL") as unknown,
      })
    },
  )
})

it("repeats a request without a known outcome only for a webhook, which has an id", async () => {
  const slow = { path: ".", delay: 1, times: 1 }
  await receiver.control({ faults: [slow] })
  expect(await sendTo(to("slack"))).toMatchObject({
    sent: false,
    text: "it took too long to answer",
    uncertain: true,
  })
  await receiver.control({ faults: [slow] })
  expect(await sendTo(to("webhook"))).toMatchObject({ sent: true })
})

it("reports a webhook that rejects the signature", async () => {
  expect(await sendTo(to("webhook", { secret: "another" }))).toEqual({
    sent: false,
    text: "it refuses this (401): the signature is wrong",
    uncertain: false,
  })
})

it("follows no redirect", async () => {
  await receiver.control({
    faults: [{ path: "/services", status: 302, headers: { Location: "https://evil.example/" } }],
  })
  expect((await sendTo(to("slack"))).text).toBe("it sends this elsewhere (302), where nothing is sent")
})
