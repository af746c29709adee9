import type { Directory } from "@dagger.io/dagger"
import { secretNamed } from "../stage/secrets.js"
import type { Config } from "../lib/config/config.js"
import type { Environment } from "../lib/config/deploy.js"
import { CHANNELS, type NewsKind } from "../lib/config/notify.js"
import { WEBHOOKS } from "../lib/pipeline/deliverySecrets.js"
import { ExitCode } from "../lib/errors/catalogue.js"
import { httpClient } from "../lib/http/client.js"
import {
  type Annotated,
  beginRegion,
  endRegion,
  type Grafana,
  GRAFANA_PATIENCE,
  type Region,
} from "../lib/monitoring/annotations.js"
import { changesBetween, readHistory, unknown } from "../lib/notify/changes.js"
import { linksOf } from "../lib/notify/links.js"
import type { News } from "../lib/notify/news.js"
import { type Ended, endedOf } from "../lib/notify/outcome.js"
import { type Address, type Delivery, NOTIFY_PATIENCE, send } from "../lib/notify/send.js"
import { fields, parseJson } from "../lib/text/json.js"
import { oneLine } from "../lib/text/words.js"
import type { LedgerEntry } from "../lib/run/ledger.js"
import type { NamedSecret } from "../stage/secrets.js"
import { identity, messageOf, skipped, type Stage } from "../stage/stage.js"
import { nameOf } from "../stage/texts.js"
import { nameOfMessage, Told } from "./sentMessages.js"

/** A deployment that people are told of. */
export interface Telling {
  source: Directory
  config: Config
  environment: Environment
  /** SLACK_WEBHOOK and the like, and GRAFANA_TOKEN, each also with the environment's name before it. */
  secrets: readonly NamedSecret[]
  run: string
  /** When it began, in milliseconds since 1970. */
  startedAt: number
  version: string
  sha: string
  /** Who deploys; empty where nobody says. */
  who: string
  /** Where the run is shown; empty where nobody says. */
  runUrl: string
  /** What `git log --format=%H%x09%P%x09%s` says; empty where nobody asked. */
  history: string
}

/** Tells that a deployment begins, and begins its mark. Never fails: what can't be told is a warning. An effect, once for each run. */
export async function tellStarted(telling: Telling): Promise<Stage[]> {
  const service = await nameOf(telling.source, telling.config)
  const region = regionOf(telling, service, telling.version)
  return Promise.all([
    notifyStage(telling, newsOf(telling, service, "started", {})),
    annotateStage(telling, (grafana) => beginRegion(grafana, region, httpClient(GRAFANA_PATIENCE))),
  ])
}

/**
 * Tells how a deployment ended, by its stages, and ends its mark. Never fails. `begun` is what `tellStarted` came to: its
 * warnings are in the result. An effect, once for each run.
 */
export async function tellEnded(
  telling: Telling,
  deployed: readonly Stage[],
  begun: readonly Stage[] = [],
): Promise<Stage[]> {
  const ended = endedOf(deployed, await entryOf(deployed))
  if (ended === undefined) return passedOver("nothing was deployed")
  const stages = await tellOutcome(telling, ended)
  return stages.map((stage) =>
    withStart(
      stage,
      begun.find(({ name }) => name === stage.name),
    ),
  )
}

/** Tells of a deployment that ended so. Never fails. */
export async function tellOutcome(telling: Telling, ended: Ended): Promise<Stage[]> {
  const service = await nameOf(telling.source, telling.config)
  const region = regionOf(telling, service, ended.subject || telling.version)
  const result = { result: ended.kind, endedAt: Date.now() }
  return Promise.all([
    notifyStage(telling, newsOf(telling, service, ended.kind, ended)),
    annotateStage(telling, (grafana) => endRegion(grafana, region, result, httpClient(GRAFANA_PATIENCE))),
  ])
}

/** Tells what watching a version found. Never fails. */
export async function tellAlert(telling: Telling, note: string, failure?: News["failure"]): Promise<Stage> {
  const service = await nameOf(telling.source, telling.config)
  return notifyStage(telling, newsOf(telling, service, "alert", { note, failure }))
}

const passedOver = (why: string): Stage[] =>
  (["notify", "annotate"] as const).map((name) => ({ ...identityOf(name), ...skipped(why) }))

/** Nothing repeats what people were told. */
const identityOf = (name: "notify" | "annotate") => ({ ...identity("tell", name, "", ""), repro: "" })

const regionOf = ({ environment, run, startedAt }: Telling, service: string, version: string): Region => ({
  service,
  environment,
  version,
  run,
  startedAt,
})

/** What a deployment left of itself in the ledger. */
export async function entryOf(deployed: readonly Stage[]): Promise<LedgerEntry | undefined> {
  const [files] = deployed.flatMap(({ files }) => (files === undefined ? [] : [files]))
  if (files === undefined || !(await files.exists("deploy/entry.json"))) return undefined
  const entry = fields(parseJson(await files.file("deploy/entry.json").contents()))
  return "facts" in entry ? (entry as unknown as LedgerEntry) : undefined
}

function newsOf(telling: Telling, service: string, kind: NewsKind, ended: Partial<Ended>): News {
  const { environment, run, who, history, startedAt, config } = telling
  const sha = ended.sha || telling.sha
  const version = ended.version || telling.version
  const from = ended.previousSha ?? ""
  return {
    kind,
    service,
    environment,
    version,
    previous: ended.previous ?? "",
    who,
    run,
    sha,
    startedAt: new Date(startedAt).toISOString(),
    milliseconds: ended.milliseconds,
    changes: history === "" ? unknown("") : changesBetween(readHistory(history), from, sha),
    links: linksOf(config, { environment, version, sha, run, runUrl: telling.runUrl, startedAt }),
    failure: ended.failure,
    note: ended.note ?? "",
  }
}

/** The webhooks that there are secrets for. */
async function addressesOf({ config, secrets, environment }: Telling): Promise<Address[]> {
  const text = async (name: string) => secretNamed(secrets, environment, name)?.secret.plaintext()
  const all = await Promise.all(
    (config.notify.channels ?? CHANNELS).map(async (channel) => {
      const url = ((await text(WEBHOOKS[channel])) ?? "").trim()
      const secret = channel === "webhook" ? ((await text(SIGNING)) ?? "") : ""
      return { channel, url, secret }
    }),
  )
  return all.filter(({ url }) => url !== "")
}

const SIGNING = "NOTIFY_WEBHOOK_SECRET"
const GRAFANA_TOKEN = "GRAFANA_TOKEN"

function notifyStage(telling: Telling, news: News): Promise<Stage> {
  return harmless("notify", async () => {
    const { events, environments } = telling.config.notify
    if (!environments.includes(telling.environment))
      return skipped(`not for ${telling.environment} (notify.environments)`)
    if (!events.includes(news.kind)) return skipped(`not when it is ${news.kind} (notify.events)`)
    const addresses = await addressesOf(telling)
    if (addresses.length === 0)
      return skipped(`no webhook is given: ${CHANNELS.map((channel) => WEBHOOKS[channel]).join(", ")}`)
    return done(news.kind, await sendAll(telling, news, addresses))
  })
}

/** Sends what wasn't sent before, through all channels at once. */
async function sendAll(telling: Telling, news: News, addresses: readonly Address[]): Promise<Delivered> {
  const told = new Told(telling.config)
  const { service, environment, run, kind } = news
  const note = kind === "alert" ? news.note : ""
  const named = addresses.map((address) => ({
    address,
    name: nameOfMessage([service, environment, run, kind, note, address.channel, address.url]),
  }))
  const claimed = await told.claim(named.map(({ name }) => name))
  const all = await Promise.all(
    named.map(async ({ address, name }) => {
      if (!claimed.includes(name)) return { address, name, delivery: BEFORE }
      return { address, name, delivery: await send(news, address, httpClient(NOTIFY_PATIENCE)) }
    }),
  )
  await told.free(all.flatMap(({ name, delivery }) => (delivery.sent || delivery.uncertain ? [] : [name])))
  return Object.fromEntries(all.map(({ address, delivery }) => [address.channel, delivery]))
}

type Delivered = Record<string, Pick<Delivery, "sent" | "text">>

const BEFORE: Delivery = { sent: true, text: "told before", uncertain: false }

/** A stage that did what it could. */
function done(what: string, delivered: Delivered) {
  const all = Object.entries(delivered)
  const texts = all.map(([name, { sent, text }]) => `${name}: ${sent ? text : `NOT TOLD: ${text}`}`)
  const lost = all.filter(([, { sent }]) => !sent).map(([name, { text }]) => `${name} was not told: ${text}`)
  return {
    status: "passed" as const,
    reason: `${what}; ${texts.join("; ")}`,
    exitCode: ExitCode.passed,
    findings: [],
    cached: false,
    log: `${texts.join("\n")}\n`,
    ...(lost.length > 0 && { facts: { WARNING: lost.join("; ") } }),
  }
}

function annotateStage(telling: Telling, work: (grafana: Grafana) => Promise<Annotated>): Promise<Stage> {
  return harmless("annotate", async () => {
    const { config, environment, secrets } = telling
    const url = config.monitoring.grafana[environment]
    const token = secretNamed(secrets, environment, GRAFANA_TOKEN)
    if (url === undefined) return skipped(`no Grafana is named for ${environment} (monitoring.grafana)`)
    if (token === undefined) return skipped(`no token is given: ${GRAFANA_TOKEN}`)
    const { dashboard } = config.monitoring
    const { done: marked, text } = await work({ url, token: await token.secret.plaintext(), dashboard })
    return done(environment, { grafana: { sent: marked, text } })
  })
}

type Outcome = Omit<ReturnType<typeof done> | ReturnType<typeof skipped>, "milliseconds">

/** Nobody who can't be told keeps a deployment from its end. */
async function harmless(name: "notify" | "annotate", work: () => Promise<Outcome>): Promise<Stage> {
  const began = Date.now()
  const outcome = await work().catch((error: unknown) =>
    done("news", { [name]: { sent: false, text: oneLine(messageOf(error)) } }),
  )
  const times = outcome.status === "skipped" ? {} : { began }
  return { ...identityOf(name), ...outcome, milliseconds: Date.now() - began, ...times }
}

/** What was told at the start is not lost where only the end is reported. */
function withStart(stage: Stage, begun: Stage | undefined): Stage {
  if (begun === undefined || begun.status === "skipped") return stage
  const warnings = [begun, stage].flatMap(({ facts }) =>
    facts?.["WARNING"] === undefined ? [] : [facts["WARNING"]],
  )
  const facts = {
    ...stage.facts,
    "at the start": begun.reason,
    ...(warnings.length > 0 && { WARNING: warnings.join("; ") }),
  }
  return { ...stage, facts }
}
