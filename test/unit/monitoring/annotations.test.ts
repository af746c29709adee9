import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import {
  startAnnotation,
  endAnnotation,
  type Grafana,
  type AnnotatedDeployment,
} from "../../../src/lib/monitoring/annotations.js"
import { Clock } from "../forge/forge.js"
import { nowhere, type Receiver, startReceiver } from "../notify/receiver.js"

let receiver: Receiver

beforeAll(async () => {
  receiver = await startReceiver()
})
afterAll(() => receiver.stop())
beforeEach(() => receiver.control({ reset: true }))

const http = () => new Clock().client({ patience: 5_000 })
const grafana = (more: Partial<Grafana> = {}): Grafana => ({
  url: `${receiver.url}/`,
  token: "glsa_slipway",
  dashboard: undefined,
  ...more,
})
const region: AnnotatedDeployment = {
  service: "shop",
  environment: "production",
  version: "v1.2.3",
  run: "2026-03-01T12:00:00.000Z",
  startedAt: 1_000_000,
}
const end = { result: "succeeded", endedAt: 1_300_000 }
const annotations = async () => (await receiver.log()).annotations

describe("the annotation of a run", () => {
  it("has tags that fit Grafana together, whatever their names and script", async () => {
    const long = "ü".repeat(90)
    const wide = { ...region, service: long, version: long, run: long }
    expect(await startAnnotation(grafana(), wide, http())).toEqual({ done: true, text: "started" })
    expect(await endAnnotation(grafana(), wide, end, http())).toEqual({ done: true, text: "ended" })
  })

  it("is created at the start and ended at the end", async () => {
    expect(await startAnnotation(grafana({ dashboard: "shop" }), region, http())).toEqual({
      done: true,
      text: "started",
    })
    expect(await annotations()).toMatchObject([{ time: 1_000_000, timeEnd: 1_000_000, dashboardUID: "shop" }])
    expect((await annotations())[0]?.tags).toContain("result:running")
    expect(await endAnnotation(grafana(), region, end, http())).toEqual({ done: true, text: "ended" })
    expect(await annotations()).toEqual([
      {
        id: 1,
        time: 1_000_000,
        timeEnd: 1_300_000,
        dashboardUID: "shop",
        text: "shop v1.2.3 in production: succeeded",
        tags: [
          "slipway",
          "service:shop",
          "environment:production",
          "version:v1.2.3",
          "result:succeeded",
          "run:2026-03-01T12:00:00.000Z",
        ],
      },
    ])
  })

  it("is created once per run however often it starts", async () => {
    await startAnnotation(grafana(), region, http())
    expect((await startAnnotation(grafana(), region, http())).text).toBe("annotated already")
    await endAnnotation(grafana(), region, end, http())
    await endAnnotation(grafana(), region, end, http())
    await startAnnotation(grafana(), { ...region, run: "another" }, http())
    expect(await annotations()).toHaveLength(2)
  })

  it("has both times if its start was missed", async () => {
    expect((await endAnnotation(grafana(), region, end, http())).text).toBe("created afterwards")
    expect(await annotations()).toMatchObject([{ time: 1_000_000, timeEnd: 1_300_000 }])
  })

  it("is found by a run id longer than a tag, and escapes markup", async () => {
    const long = { ...region, run: "r".repeat(500), version: "<b>v1</b>" }
    await startAnnotation(grafana(), long, http())
    expect((await endAnnotation(grafana(), long, end, http())).text).toBe("ended")
    expect((await annotations())[0]?.text).toBe("shop &lt;b&gt;v1&lt;/b&gt; in production: succeeded")
  })

  it.each([
    ["a wrong token", { token: "glsa_secretive" }, /^it doesn't accept the token \(401\): Invalid API key$/],
    [
      "a token that may only read",
      { token: "glsa_viewer" },
      /^it doesn't let the token do this \(403\).*annotations:create/,
    ],
    ["an invalid token", { token: "a\nb" }, /^the token is empty or has invalid characters/],
    [
      "no server",
      { url: "http://127.0.0.1:1" },
      /^nothing listens at its address|^the connection to it failed/,
    ],
  ])("is reported as missing with %s", async (_, more, text) => {
    const marked = await startAnnotation(grafana(more), region, http())
    expect(marked.done).toBe(false)
    expect(marked.text).toMatch(text)
    expect(marked.text).not.toContain("glsa_")
  })
  it("is reported as missing if Grafana is unreachable", async () => {
    const away = grafana({ url: await nowhere() })
    const marked = await endAnnotation(away, region, end, http())
    expect(marked).toEqual({
      done: false,
      text: expect.stringMatching(/^nothing listens at its address/) as unknown,
    })
  })
})
