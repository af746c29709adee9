import type { Directory } from "@dagger.io/dagger"
import { secretNamed } from "../stage/secrets.js"
import type { Config } from "../lib/config/config.js"
import type { Environment } from "../lib/config/environments.js"
import { CHANNELS, type NotificationKind } from "../lib/config/notify.js"
import { WEBHOOKS } from "../lib/pipeline/deliverySecrets.js"
import { ExitCode } from "../lib/errors/catalogue.js"
import { httpClient } from "../lib/http/client.js"
import {
  type AnnotationResult,
  startAnnotation,
  endAnnotation,
  type Grafana,
  GRAFANA_PATIENCE,
  type AnnotatedDeployment,
} from "../lib/monitoring/annotations.js"
import { type RaisedAlert, soakAlerts } from "../lib/notify/alerts.js"
import { changesBetween, parseLog, unknownChanges } from "../lib/notify/changes.js"
import { linksOf } from "../lib/notify/links.js"
import { alertSubject, type Notification } from "../lib/notify/notification.js"
import { type DeploymentOutcome, deploymentOutcome } from "../lib/notify/outcome.js"
import { type WebhookAddress, type SendResult, NOTIFY_PATIENCE, send } from "../lib/notify/send.js"
import { fields, parseJson } from "../lib/text/json.js"
import { oneLine } from "../lib/text/words.js"
import type { LedgerEntry } from "../lib/run/ledger.js"
import type { NamedSecret } from "../stage/secrets.js"
import { identity, skipped, type Stage } from "../stage/stage.js"
import { messageOf } from "../lib/run/execError.js"
import { nameOf } from "../stage/texts.js"
import { withAlert, withStart } from "./merged.js"
import { messageKey, SentMessages } from "./sentMessages.js"

/** A deployment to notify of. */
export interface NotifyInputs {
  source: Directory
  config: Config
  /** The cache volumes that it may use. */
  space: string
  environment: Environment
  /** SLACK_WEBHOOK and the like, and GRAFANA_TOKEN, each also with the environment's name before it. */
  secrets: readonly NamedSecret[]
  run: string
  /** Start time in milliseconds since 1970. */
  startedAt: number
  version: string
  sha: string
  /** The user who deploys; empty if unknown. */
  who: string
  /** Address of the run in the CI host; empty if unknown. */
  runUrl: string
  /** Output of `git log --format=%H%x09%P%x09%s`; empty for none. */
  history: string
}

/** Notifies that a deployment started and creates its annotation. Never fails, but warns. An effect, once per run. */
export async function notifyStarted(inputs: NotifyInputs): Promise<Stage[]> {
  const service = await nameOf(inputs.source, inputs.config)
  const region = annotatedDeployment(inputs, service, inputs.version)
  return Promise.all([
    notifyStage(inputs, notificationOf(inputs, service, "started", {})),
    annotateStage(inputs, (grafana) => startAnnotation(grafana, region, httpClient(GRAFANA_PATIENCE))),
  ])
}

/**
 * Notifies of the result of a deployment and ends its annotation.
 *
 * Never fails. `begun` are the stages of `notifyStarted`, whose warnings are kept. An effect, once per run.
 */
export async function notifyEnded(
  inputs: NotifyInputs,
  deployed: readonly Stage[],
  begun: readonly Stage[] = [],
): Promise<Stage[]> {
  const ended = deploymentOutcome(deployed, await writtenEntry(deployed))
  if (ended === undefined) return skippedStages("nothing was deployed")
  const stages = (await notifyOutcome(inputs, ended)).map((stage) =>
    withStart(
      stage,
      begun.find(({ name }) => name === stage.name),
    ),
  )
  const version = ended.subject || inputs.version
  return notifyFindings({ ...inputs, version }, soakAlerts(deployed), stages)
}

/**
 * Sends alerts, one message each, and adds what became of them to the run's stages of notifications.
 *
 * Never fails. An effect, once per run and alert.
 */
export async function notifyFindings(
  inputs: NotifyInputs,
  alerts: readonly RaisedAlert[],
  notified: readonly Stage[],
): Promise<Stage[]> {
  const sent: Stage[] = []
  for (const { note, failure } of alerts) sent.push(await notifyAlert(inputs, note, failure))
  return notified.map((stage) => (stage.name === "notify" ? sent.reduce(withAlert, stage) : stage))
}

/** Notifies of a deployment's result. Never fails. */
export async function notifyOutcome(inputs: NotifyInputs, ended: DeploymentOutcome): Promise<Stage[]> {
  const service = await nameOf(inputs.source, inputs.config)
  const region = annotatedDeployment(inputs, service, ended.subject || inputs.version)
  const result = { result: ended.kind, endedAt: Date.now() }
  return Promise.all([
    notifyStage(inputs, notificationOf(inputs, service, ended.kind, ended)),
    annotateStage(inputs, (grafana) => endAnnotation(grafana, region, result, httpClient(GRAFANA_PATIENCE))),
  ])
}

/** Sends an alert on a version that serves. Never fails. */
export async function notifyAlert(
  inputs: NotifyInputs,
  note: string,
  failure?: Notification["failure"],
): Promise<Stage> {
  const service = await nameOf(inputs.source, inputs.config)
  return notifyStage(inputs, notificationOf(inputs, service, "alert", { note, failure }))
}

const skippedStages = (why: string): Stage[] =>
  (["notify", "annotate"] as const).map((name) => ({ ...identityOf(name), ...skipped(why) }))

/** Notifications have no command that repeats them. */
const identityOf = (name: "notify" | "annotate") => ({ ...identity("notify", name, "", ""), repro: "" })

const annotatedDeployment = (
  { environment, run, startedAt }: NotifyInputs,
  service: string,
  version: string,
): AnnotatedDeployment => ({ service, environment, version, run, startedAt })

/** The ledger entry that a deployment wrote. */
export async function writtenEntry(deployed: readonly Stage[]): Promise<LedgerEntry | undefined> {
  const [files] = deployed.flatMap(({ files }) => (files === undefined ? [] : [files]))
  if (files === undefined || !(await files.exists("deploy/entry.json"))) return undefined
  const entry = fields(parseJson(await files.file("deploy/entry.json").contents()))
  return "facts" in entry ? (entry as unknown as LedgerEntry) : undefined
}

function notificationOf(
  inputs: NotifyInputs,
  service: string,
  kind: NotificationKind,
  ended: Partial<DeploymentOutcome>,
): Notification {
  const { environment, run, who, history, startedAt, config } = inputs
  const sha = ended.sha || inputs.sha
  const version = ended.version || inputs.version
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
    changes: history === "" ? unknownChanges("") : changesBetween(parseLog(history), from, sha),
    links: linksOf(config, { environment, version, sha, run, runUrl: inputs.runUrl, startedAt }),
    failure: ended.failure,
    note: ended.note ?? "",
  }
}

/** The webhooks with a secret. */
async function addressesOf({ config, secrets, environment }: NotifyInputs): Promise<WebhookAddress[]> {
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

function notifyStage(inputs: NotifyInputs, notification: Notification): Promise<Stage> {
  return neverFailing("notify", async () => {
    const { events, environments } = inputs.config.notify
    if (!environments.includes(inputs.environment))
      return skipped(`not for ${inputs.environment} (notify.environments)`)
    if (!events.includes(notification.kind))
      return skipped(`not for the event ${notification.kind} (notify.events)`)
    const addresses = await addressesOf(inputs)
    if (addresses.length === 0)
      return skipped(`no webhook is given: ${CHANNELS.map((channel) => WEBHOOKS[channel]).join(", ")}`)
    return stageOutcome(notification.kind, await sendAll(inputs, notification, addresses))
  })
}

/** Sends the message to all channels that didn't get it yet, in parallel. */
async function sendAll(
  inputs: NotifyInputs,
  notification: Notification,
  addresses: readonly WebhookAddress[],
): Promise<SendResults> {
  const messages = new SentMessages(inputs.space, inputs.config)
  const { service, environment, run, kind } = notification
  const subject = kind === "alert" ? alertSubject(notification) : ""
  const named = addresses.map((address) => ({
    address,
    name: messageKey([service, environment, run, kind, subject, address.channel, address.url]),
  }))
  const claimed = await messages.claim(named.map(({ name }) => name))
  const all = await Promise.all(
    named.map(async ({ address, name }) => {
      if (!claimed.includes(name)) return { address, name, delivery: SENT_BEFORE }
      return { address, name, delivery: await send(notification, address, httpClient(NOTIFY_PATIENCE)) }
    }),
  )
  await messages.release(
    all.flatMap(({ name, delivery }) => (delivery.sent || delivery.uncertain ? [] : [name])),
  )
  return Object.fromEntries(all.map(({ address, delivery }) => [address.channel, delivery]))
}

type SendResults = Record<string, Pick<SendResult, "sent" | "text">>

const SENT_BEFORE: SendResult = { sent: true, text: "sent already", uncertain: false }

/** Outcome of a stage that passes even if a notification failed. */
function stageOutcome(what: string, delivered: SendResults) {
  const all = Object.entries(delivered)
  const texts = all.map(([name, { sent, text }]) => `${name}: ${sent ? text : `NOT SENT: ${text}`}`)
  const lost = all
    .filter(([, { sent }]) => !sent)
    .map(([name, { text }]) => `${name} was not notified: ${text}`)
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

function annotateStage(
  inputs: NotifyInputs,
  work: (grafana: Grafana) => Promise<AnnotationResult>,
): Promise<Stage> {
  return neverFailing("annotate", async () => {
    const { config, environment, secrets } = inputs
    const url = config.monitoring.grafana[environment]
    const token = secretNamed(secrets, environment, GRAFANA_TOKEN)
    if (url === undefined) return skipped(`no Grafana is named for ${environment} (monitoring.grafana)`)
    if (token === undefined) return skipped(`no token is given: ${GRAFANA_TOKEN}`)
    const { dashboard } = config.monitoring
    const { done: marked, text } = await work({ url, token: await token.secret.plaintext(), dashboard })
    return stageOutcome(environment, { grafana: { sent: marked, text } })
  })
}

type NotifyOutcome = Omit<ReturnType<typeof stageOutcome> | ReturnType<typeof skipped>, "milliseconds">

/** Runs a notification so that its failure never stops a deployment. */
async function neverFailing(name: "notify" | "annotate", work: () => Promise<NotifyOutcome>): Promise<Stage> {
  const began = Date.now()
  const outcome = await work().catch((error: unknown) =>
    stageOutcome("notification", { [name]: { sent: false, text: oneLine(messageOf(error)) } }),
  )
  const times = outcome.status === "skipped" ? {} : { began }
  return { ...identityOf(name), ...outcome, milliseconds: Date.now() - began, ...times }
}
