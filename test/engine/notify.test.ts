import { randomUUID } from "node:crypto"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { DEFAULTS } from "../../src/lib/config/config.js"
import { trafficQueries } from "../../src/lib/deploy/prometheus.js"
import { once } from "../../src/lib/run/once.js"
import type { Verdict } from "../../src/lib/run/verdict.js"
import type { Annotation, Seen } from "../unit/notify/receiver.js"
import { engineEnvironment } from "./dagger.js"
import { folder, service, write } from "./pipeline.js"
import { runScripts } from "./session.js"
import { formsOf } from "./supply.js"

beforeAll(engineEnvironment)

const ESTATE = join(REPOSITORY, "test/fixtures/modules/estate")
const RECEIVER = join(REPOSITORY, "test/fixtures/notify")
const RUN = randomUUID()
const id = (letter: string) => letter.repeat(40)

const secrets = {
  SLACK_WEBHOOK: `http://hooks.test:8000/services/T000/B000/${randomUUID().replaceAll("-", "")}`,
  TEAMS_WEBHOOK: `http://hooks.test:8000/workflows/${randomUUID()}`,
  NOTIFY_WEBHOOK: `http://hooks.test:8000/hooks/${randomUUID()}`,
  NOTIFY_WEBHOOK_SECRET: "shared-by-both-ends",
  GRAFANA_TOKEN: "glsa_slipway",
  STAGING_SLACK_WEBHOOK: `http://nobody.invalid/services/T000/B000/${randomUUID().replaceAll("-", "")}`,
}

const SETTINGS = `name: shop
notify: { commit: "https://git.example.com/{sha}" }
deploy: { url: { production: "http://hooks.test:8000" } }
load: { paths: [/nothing], document: /none, pause: 50, iterations: 1, load: { ramps: ["1s:2"] } }
monitoring:
  grafana: { production: "http://hooks.test:8000", staging: "http://nobody.invalid" }
  alerts: { for: 1s, latency: 500ms, runbook: "https://example.com/runbook" }
  probe: { prober: "blackbox:9115" }
`

/** The soak's query for failed requests. */
const FAILED = trafficQueries(
  { settings: DEFAULTS.deploy, names: { deployment: "shop", service: "shop" }, namespace: "audio" },
  "5d4f8c7b9",
  60,
).failed

/** All output and error output of the sessions. */
const said: string[] = []

const session = once(async () => {
  const source = service({ "app.py": "", "slipway.yaml": SETTINGS })
  const stale = service({ "app.py": "", "slipway.yaml": SETTINGS, "monitoring/alerts.yaml": "groups: []\n" })
  const history = join(
    write(folder(), {
      "history.txt": `${id("b")}\t${id("a")}\tSell hats <!channel> @here\n${id("a")}\t\tOpen the shop\n`,
    }),
    "history.txt",
  )
  const on = (place: string) => `${REPOSITORY} --source $(host | directory ${place})`
  const given = Object.keys(secrets)
    .map((name) => `--secrets env://${name}`)
    .join(" ")
  const notifications = (environment: string, more = given) =>
    `${on(source)} | with-notify --who ada --run-url https://ci.example.com/7 --history $(host | file ${history}) | notifications ${environment} ${more}`
  const control = (asked: unknown) =>
    `ask http://hooks.test:8000/__control --method POST --body '${JSON.stringify(asked)}'`
  const ended = (run: string, result = "succeeded") =>
    `ended ${result} v2 ${run} --sha ${id("b")} --previous v1 --previous-sha ${id("a")} --seconds 60`
  const ran = await runScripts({
    module: ESTATE,
    prelude: `forge $(host | directory ${RECEIVER}) --script receiver.py | with-hostname hooks.test | start`,
    env: secrets,
    scripts: {
      signed: control({ signed: true }),
      started: `${notifications("production")} | started v2 ${RUN} --sha ${id("b")}`,
      running: "ask http://hooks.test:8000/__log",
      ended: `${notifications("production")} | ${ended(RUN)}`,
      again: `${notifications("production")} | ${ended(RUN)}`,
      log: "ask http://hooks.test:8000/__log",
      busy: control({
        faults: [
          { path: "/services", status: 429, headers: { "Retry-After": "1" } },
          { path: "/workflows", status: 429, headers: { "Retry-After": "3600" } },
          { path: "/hooks", delay: 3 },
          { path: "/api", status: 403 },
        ],
      }),
      limited: `${notifications("production")} | with-failure soak --reason "too many errors" | ${ended(`${RUN}-limited`, "failed")}`,
      repeated: `${notifications("production")} | with-failure soak --reason "too many errors" | ${ended(`${RUN}-limited`, "failed")}`,
      down: `${notifications("staging")} | started v2 ${RUN}`,
      nobody: `${notifications("staging", "")} | started v2 ${RUN}`,
      tested: `${on(source)} | with-deploy --environment production --reference v3 ${given} | with-notify --who ada | ci --only load,notify --run-id ${RUN}-load | file verdict.json | contents`,
      alerted: "ask http://hooks.test:8000/__log",
      promtool: `${on(source)} | monitoring | promtool && .echo "promtool takes them"`,
      generated: `${on(source)} | monitoring | generate | as-patch | contents`,
      stale: `${on(stale)} | monitoring | promtool`,
      alerting: `alerting $(${on(source)} | monitoring | rules) | with-hostname alerting.test | start`,
      fired:
        "awaited http://hooks.test:8000/__log --texts 'alertname:HighErrorRate,HighErrorRate (,Unreachable ('",
      counted: `ask "http://alerting.test:9090/api/v1/query?query=${encodeURIComponent(FAILED)}"`,
    },
  })
  said.push(ran.stdout, ran.stderr)
  return ran
})

const log = async (name: string) =>
  (await session()).json(name) as { requests: Seen[]; annotations: Annotation[] }

describe("notifications", () => {
  it("are sent once, in the format that each service accepts", async () => {
    const run = await session()
    expect(run.of("started")).toBe(
      "notify passed: started; slack: sent; teams: sent; webhook: sent\nannotate passed: production; grafana: started",
    )
    expect(run.of("ended")).toMatch(/succeeded; slack: sent; teams: sent; webhook: sent\n.*grafana: ended$/)
    expect(run.of("again")).toMatch(/slack: sent already; teams: sent already; webhook: sent already\n/)
    const { requests } = await log("log")
    const messages = requests.filter(({ path }) => !path.startsWith("/api"))
    expect(messages.map(({ status }) => status).sort()).toEqual([200, 200, 202, 202, 204, 204])
    const texts = messages.map(({ body }) => body).join("\n")
    expect(texts).toContain("Deployed shop v2 to production")
    expect(texts).toContain("1 change since the last deployment")
    expect(texts).toContain("Sell hats &lt;!channel&gt; @\u200bhere")
    expect(texts).toContain(`https://git.example.com/${id("b")}`)
  })

  it("annotate the deployment in Grafana from its start to its end", async () => {
    const [begun] = (await log("running")).annotations
    expect(begun?.tags).toContain("result:running")
    const { annotations } = await log("log")
    expect(annotations).toHaveLength(1)
    const [{ time, timeEnd, tags }] = annotations as [Annotation]
    expect(time).toBe(begun?.time)
    expect(timeEnd).toBeGreaterThan(time)
    expect(tags).toEqual(
      expect.arrayContaining(["environment:production", "version:v2", "result:succeeded", `run:${RUN}`]),
    )
  })

  it("are sent again after a service's rate limit, with a warning", async () => {
    const run = await session()
    expect(run.of("limited")).toMatch(
      /^notify passed: failed; slack: sent; teams: NOT SENT: it takes no more requests for now \(429\): it wants 3600 s of waiting; webhook: sent\nannotate passed: production; grafana: NOT SENT: it doesn't let the token do this \(403\)/,
    )
    // A repeated run sends only what has not been sent.
    expect(run.of("repeated")).toMatch(
      /^notify passed: failed; slack: sent already; teams: sent; webhook: sent already/,
    )
  })

  it("that can't be sent don't fail the deployment", async () => {
    const run = await session()
    expect(run.of("down")).toMatch(
      /slack: NOT SENT: (no host of its name is known|its name can't be resolved)/,
    )
    expect(run.of("down")).toMatch(/annotate passed: staging; grafana: NOT SENT: /)
    expect(run.of("nobody")).toBe(
      "notify skipped: no webhook is given: SLACK_WEBHOOK, TEAMS_WEBHOOK, NOTIFY_WEBHOOK\nannotate skipped: no token is given: GRAFANA_TOKEN",
    )
  })
})

it("a load test that fails after a deployment alerts people, with its metrics and the version", async () => {
  const { stages } = (await session()).json("tested") as Verdict
  expect(stages.find(({ name }) => name === "load")).toMatchObject({
    status: "failed",
    reason: expect.stringMatching(/^100 % of the requests failed \(405: \d+\)/) as string,
  })
  expect(stages.find(({ name }) => name === "notify")?.reason).toBe(
    "alert; slack: sent; teams: sent; webhook: sent",
  )
  const { requests } = await log("alerted")
  const message = requests.find(({ path, body }) => path.startsWith("/hooks") && body.includes("alert"))
  expect(JSON.parse(message?.body ?? "{}")).toMatchObject({
    title: "Alert: shop v3 in production",
    failure: { stage: "load", reason: expect.stringContaining("100 % of the requests failed") as string },
    note: expect.stringMatching(/^measured: \d+ requests, 100 % failed, 95 of 100 within \d+ ms/) as string,
  })
})

describe("the alert rules", () => {
  it("are accepted by promtool, and each alert fires in its tests", async () => {
    const run = await session()
    expect(run.of("promtool")).toBe("promtool takes them")
    expect(run.of("generated")).toContain("+++ b/monitoring/alerts.yaml")
    for (const alert of ["HighErrorRate", "HighLatency", "LowUptime", "Down", "Unreachable"])
      expect(run.of("generated")).toContain(`+      - alert: ${alert}`)
  })

  it("fire in a real Prometheus, whose Alertmanager calls for a rollback and asks people", async () => {
    const { requests } = await log("fired")
    const fired = (start: string) =>
      requests.filter(({ path }) => path.startsWith(start)).map(({ body }) => body)
    const rollbacks = fired("/rollback").map((body) => JSON.parse(body) as unknown)
    expect(rollbacks).toContainEqual(
      expect.objectContaining({
        status: "firing",
        alerts: [
          expect.objectContaining({
            labels: expect.objectContaining({
              alertname: "HighErrorRate",
              action: "rollback",
              service: "shop",
              namespace: "audio",
            }) as unknown,
          }),
        ],
      }),
    )
    expect(JSON.stringify(rollbacks)).not.toContain("Unreachable")
    const told = fired("/services").filter((body) => body.includes("attachments"))
    for (const alert of ["HighErrorRate", "Unreachable"])
      expect(
        told.some((body) => body.includes(alert)),
        alert,
      ).toBe(true)
  })

  it("judge by the labels that a soak counts requests by", async () => {
    const { data } = (await session()).json("counted") as { data: { result: { value: [number, string] }[] } }
    expect(Number(data.result[0]?.value[1])).toBeGreaterThan(0)
  })

  it("are refused if the file doesn't match the settings", async () => {
    const run = await session()
    expect(run.of("stale")).toBe("failed")
    expect(run.stderr).toContain("RULES_STALE")
  })
})

it("no secret is in the output", async () => {
  await session()
  const all = said.join("")
  expect(all.length).toBeGreaterThan(2_000)
  for (const [name, secret] of Object.entries(secrets))
    for (const form of [...formsOf(secret), ...formsOf(secret.split("/").at(-1) ?? "")])
      expect(all.includes(form), `${name} as ${form.slice(0, 8)}…`).toBe(false)
})
