import { ENVIRONMENTS } from "./environments.js"
import { httpUrlRule, linkPatternRule, noCredentialsRule } from "./rules.js"

/** The channels for notifications. */
export const CHANNELS = ["slack", "teams", "webhook"] as const

export type Channel = (typeof CHANNELS)[number]

/** The events that can be notified. */
export const NOTIFICATION_KINDS = ["started", "succeeded", "failed", "rolled-back", "held", "alert"] as const

export type NotificationKind = (typeof NOTIFICATION_KINDS)[number]

const link = (doc: string) =>
  ({ kind: "text", doc, rules: [noCredentialsRule, httpUrlRule, linkPatternRule] }) as const

/** The section `notify`. */
export const notifySection = {
  kind: "section",
  doc: "The notifications of deployments. The URLs of webhooks are secrets: SLACK_WEBHOOK, TEAMS_WEBHOOK, NOTIFY_WEBHOOK.",
  fields: {
    channels: {
      kind: "list",
      doc: "The channels, each if its secret is there. If set, wrappers pass these secrets on and doctor requires them. Default: slack, teams and webhook.",
      item: { kind: "choice", values: CHANNELS },
    },
    events: {
      kind: "list",
      doc: "The events. A deployment that failed and was undone is rolled-back, as is a manual rollback; alert is a finding of a soak, a watch, a load test or a scan.",
      item: { kind: "choice", values: NOTIFICATION_KINDS },
      default: NOTIFICATION_KINDS,
    },
    environments: {
      kind: "list",
      doc: "The environments.",
      item: { kind: "choice", values: ENVIRONMENTS },
      default: ENVIRONMENTS,
    },
    run: link(
      'The URL of a run, such as "https://ci.example.com/runs/{run}"; {sha}, {environment} and {version} are replaced too. Default: the CI host\'s.',
    ),
    commit: link(
      'The URL of a commit, such as "https://github.com/team/upscaler/commit/{sha}", in the same way.',
    ),
  },
} as const
