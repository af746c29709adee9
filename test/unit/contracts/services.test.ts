import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { tried } from "../../contracts/contract.js"
import { ask, last } from "../../contracts/serviceRuns.js"
import { imitated, SERVICES } from "../../contracts/targets.js"
import { type Forge, startForge } from "../forge/forge.js"
import { type Receiver, startReceiver } from "../notify/receiver.js"

let forge: Forge
let receiver: Receiver

beforeAll(async () => {
  ;[forge, receiver] = await Promise.all([startForge(), startReceiver()])
})
afterAll(() => Promise.all([forge.stop(), receiver.stop()]))
beforeEach(() => Promise.all([forge.control({ reset: true }), receiver.control({ reset: true })]))

const server = (name: "receiver" | "forge") => (name === "forge" ? forge : receiver).url

describe.each(Object.values(SERVICES))("the imitation of $name", (service) => {
  const tries = service.facts.flatMap(({ id, check }) => (check === undefined ? [] : [{ id, check }]))

  it.each(tries)("keeps the fact $id", async ({ check }) => {
    expect(await tried(check, ask(imitated(service, server(service.imitation.server))))).toBeUndefined()
  })

  it("refuses what it doesn't know", async () => {
    const target = imitated(service, server(service.imitation.server))
    const answers = await ask(target)([
      { path: "/unheard-of", json: {} },
      { method: "DELETE", path: "/unheard-of" },
    ])
    expect(answers.filter(({ status }) => status < 400)).toEqual([])
  })
})

it("a check finds a service that breaks its fact", async () => {
  const { slack, grafana } = SERVICES
  if (slack === undefined || grafana === undefined) throw new Error("no such service")
  const wrong = { ...imitated(grafana, receiver.url), base: `${receiver.url}${slack.imitation.base}` }
  const check = {
    run: [{ json: {} }],
    found: (answers: Parameters<typeof last>[0]) => last(answers).status,
    equals: 200,
  }
  expect(await tried(check, ask(wrong))).toBe("found 400, wanted 200")
})
