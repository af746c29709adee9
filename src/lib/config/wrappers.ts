import { cronTime, environmentVariable, pinnedRepository, printable } from "./rules.js"

/** The CI hosts that there are wrappers for. */
export const CI_HOSTS = ["github", "gitlab", "azure", "jenkins", "circleci"] as const

export type CiHost = (typeof CI_HOSTS)[number]

/** How CI hosts call Slipway. */
export const wrappers = {
  kind: "section",
  doc: "The files by which CI hosts call Slipway, as `slipway wrappers` writes them.",
  fields: {
    hosts: {
      kind: "list",
      doc: "The hosts to write them for.",
      item: { kind: "choice", values: CI_HOSTS },
      default: [],
    },
    slipway: {
      kind: "text",
      doc: 'Which Slipway they fetch: a git address, "@", and a whole commit.',
      rules: [pinnedRepository],
    },
    secrets: {
      kind: "list",
      doc: "The names of secrets that the run is handed, beside those that follow from this file.",
      item: { kind: "text", rules: [environmentVariable] },
      default: [],
    },
    schedule: {
      kind: "text",
      doc: "When drift and new vulnerabilities are looked for, in UTC, as cron has it.",
      rules: [cronTime],
      default: "23 4 * * *",
    },
    connection: {
      kind: "text",
      doc: "The service connection by which Azure Pipelines log in to Azure. Left out, they don't.",
      rules: [printable],
    },
  },
} as const
