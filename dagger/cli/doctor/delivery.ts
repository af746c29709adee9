import type { Config } from "../../../src/lib/config/config.js"
import {
  type DeliverySecret,
  deliverySecrets,
  type DeliverySecretName,
} from "../../../src/lib/pipeline/deliverySecrets.js"
import { firstEnvironment } from "../../../src/lib/config/environments.js"
import { ownVariable } from "../../../src/lib/text/variables.js"
import { type DoctorFinding, ok, warning } from "./finding.js"
import { variableFor, type SecretNeeds } from "./secrets.js"
import type { Variables } from "../../lib/variables.js"

/**
 * Checks the optional secrets that the settings ask for: missing ones and those of a wrong form.
 *
 * A deployment works without them, but sends no notifications, or its tests and scans cover less.
 */
export function deliveryFindings(
  { groups, environment: deployedTo }: Pick<SecretNeeds, "groups" | "environment">,
  config: Config,
  env: Variables,
): DoctorFinding[] {
  const environment = deployedTo ?? firstEnvironment(config.deploy)
  const prefix = ownVariable(environment, "")
  const held = (name: string) => variableFor(name, environment, env)
  const used = deliverySecrets(config).filter(
    (secret) =>
      secret.environments.includes(environment) && secret.groups.some((group) => groups.includes(group)),
  )
  return used.flatMap((secret) => {
    const variable = held(secret.name)
    if (variable !== undefined && secret.name === SIGNS && held("NOTIFY_WEBHOOK") === undefined)
      return [warning("signature", "there is no NOTIFY_WEBHOOK to sign for", `set ${prefix}NOTIFY_WEBHOOK`)]
    if (variable !== undefined) return [shapeFinding(secret.name, variable, env[variable] ?? "")]
    return secret.asked ? [missing(secret, prefix)] : []
  })
}

const SIGNS = "NOTIFY_WEBHOOK_SECRET"

function missing({ name, setting }: DeliverySecret, prefix: string): DoctorFinding {
  return warning(
    KNOWN[name].label,
    `no ${name}, which ${setting} asks for`,
    `set ${prefix}${name} or ${name}, where one is needed`,
  )
}

/** The expected form of each secret, and the messages for another one, which never contain the value. */
const WEBHOOK = { right: isWebAddress, wrong: "no https URL", remedy: "the URL of the webhook" }
const TOKEN = {
  right: (value: string) => /^\S+$/.test(value),
  wrong: "more than a token",
  remedy: "the token alone, without Bearer or Token before it",
}
const HEADER = {
  right: (value: string) => /^[\t\x20-\x7e\xa0-\xff]+$/.test(value) && !/^[\w-]+:\s/.test(value),
  wrong: "not the value of a header",
  remedy: "what stands after the header's name, on one line",
}
const SIGNATURE = {
  right: (value: string) => !value.startsWith("whsec_") || /^whsec_[A-Za-z0-9+/]+={0,2}$/.test(value),
  wrong: "not base64 after whsec_",
  remedy: "the whole secret, or one without whsec_",
}
const KNOWN: Readonly<Record<DeliverySecretName, typeof TOKEN & { label: string }>> = {
  SLACK_WEBHOOK: { label: "slack", ...WEBHOOK },
  TEAMS_WEBHOOK: { label: "teams", ...WEBHOOK },
  NOTIFY_WEBHOOK: { label: "webhook", ...WEBHOOK },
  NOTIFY_WEBHOOK_SECRET: { label: "signature", ...SIGNATURE },
  GRAFANA_TOKEN: { label: "grafana", ...TOKEN },
  INFLUXDB_TOKEN: { label: "influxdb", ...TOKEN },
  PROMETHEUS_TOKEN: { label: "prometheus", ...TOKEN },
  LOAD_AUTHORIZATION: { label: "load test", ...HEADER },
  DAST_AUTH_HEADER: { label: "scan", ...HEADER },
}

function shapeFinding(name: DeliverySecretName, variable: string, value: string): DoctorFinding {
  const { label, right, wrong, remedy } = KNOWN[name]
  return right(value.trim())
    ? ok(label, variable)
    : warning(label, `${variable} is ${wrong}`, `set it to ${remedy}`)
}

function isWebAddress(value: string): boolean {
  return /^https:\/\/[^\s@]+$/.test(value) && URL.canParse(value)
}
