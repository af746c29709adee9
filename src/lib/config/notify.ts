import { ENVIRONMENTS } from "./deploy.js"
import { httpUrl, linkPattern, noCredentials } from "./rules.js"

/** Through what people can be told. */
export const CHANNELS = ["slack", "teams", "webhook"] as const

export type Channel = (typeof CHANNELS)[number]

/** Of what they can be told. */
export const NOTIFICATION_KINDS = ["started", "succeeded", "failed", "rolled-back", "held", "alert"] as const

export type NotificationKind = (typeof NOTIFICATION_KINDS)[number]

const link = (doc: string) => ({ kind: "text", doc, rules: [noCredentials, httpUrl, linkPattern] }) as const

/** Who is told of deployments, and of what. */
export const notify = {
  kind: "section",
  doc: "Who is told of deployments. The webhooks' addresses are secrets: SLACK_WEBHOOK, TEAMS_WEBHOOK, NOTIFY_WEBHOOK.",
  fields: {
    channels: {
      kind: "list",
      doc: "Through what, where there is a secret for it. Named here, wrappers bring that secret along, and doctor misses it. Left out, slack, teams and webhook.",
      item: { kind: "choice", values: CHANNELS },
    },
    events: {
      kind: "list",
      doc: "Of what: what failed and was undone is rolled-back, as is what somebody went back from; alert is what watching found.",
      item: { kind: "choice", values: NOTIFICATION_KINDS },
      default: NOTIFICATION_KINDS,
    },
    environments: {
      kind: "list",
      doc: "Of which environments.",
      item: { kind: "choice", values: ENVIRONMENTS },
      default: ENVIRONMENTS,
    },
    run: link(
      'Where a run is shown, such as "https://ci.example.com/runs/{run}"; {sha}, {environment} and {version} stand for theirs. Left out, what the CI host says.',
    ),
    commit: link(
      'Where a commit is shown, such as "https://github.com/team/upscaler/commit/{sha}", in the same way.',
    ),
  },
} as const
