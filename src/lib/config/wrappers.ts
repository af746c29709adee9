import {
  cronTimeRule,
  environmentVariableRule,
  pathRules,
  pinnedRepositoryRule,
  printableRule,
} from "./rules.js"

/** The CI hosts with a wrapper. */
export const CI_HOSTS = ["github", "gitlab", "azure", "jenkins", "circleci"] as const

export type CiHost = (typeof CI_HOSTS)[number]

/** The section `wrappers`. */
export const wrappersSection = {
  kind: "section",
  doc: "The files with which CI hosts call Slipway, as `slipway wrappers` writes them.",
  fields: {
    hosts: {
      kind: "list",
      doc: "The CI hosts to write files for.",
      item: { kind: "choice", values: CI_HOSTS },
      default: [],
    },
    slipway: {
      kind: "text",
      doc: 'The Slipway to fetch: a git address, "@" and a full commit.',
      rules: [pinnedRepositoryRule],
    },
    deployScript: {
      kind: "text",
      doc: "The path of a script to write by which people deploy, roll back, and see status and logs, such as scripts/deploy.sh.",
      rules: pathRules,
    },
    secrets: {
      kind: "list",
      doc: "Additional secrets to pass to a run, by name.",
      item: { kind: "text", rules: [environmentVariableRule] },
      default: [],
    },
    schedule: {
      kind: "text",
      doc: "The time of the scheduled run for drift and new vulnerabilities, in UTC, in cron's format.",
      rules: [cronTimeRule],
      default: "23 4 * * *",
    },
    hotfixes: {
      kind: "choice",
      doc: "Release pushes to hotfix/* and deploy them to staging. Only for hosts that protect these branches.",
      values: [true, false],
      default: false,
    },
    connection: {
      kind: "text",
      doc: 'The service connection with which Azure Pipelines log in to Azure; "{environment}" stands for the environment of its secrets. Without it, they don\'t.',
      rules: [printableRule],
    },
  },
} as const
