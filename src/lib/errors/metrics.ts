import { type Catalogue, ExitCode, quote } from "./entry.js"

const WINDOWS = "7d, 30d, 90d, or another number of days up to 366"

/** Errors of figures and audits. */
export const metricsErrors = {
  UNKNOWN_WINDOW: (window: string) => ({
    message: `${quote(window)} is no window`,
    remedy: `choose one of ${WINDOWS}`,
    exitCode: ExitCode.badInput,
  }),
  INCIDENTS: (problems: readonly string[]) => ({
    message: [`.slipway/incidents.yaml can't be used:`, ...problems].join("\n  "),
    remedy: "mend each line above; docs/metrics.md says what an incident has",
    exitCode: ExitCode.badInput,
  }),
  NO_HISTORY: (reason: string) => ({
    message: `the history can't be read: ${reason}`,
    remedy: "pass a repository's .git folder, for example --history=.git",
    exitCode: ExitCode.badInput,
  }),
  LEDGER_BROKEN: (first: string, others: number) => ({
    message: `the ledger is not whole: ${first}${others > 0 ? `; and ${others} more` : ""}`,
    remedy:
      "`slipway metrics ledger` lists all that is wrong; compare with the git notes, and find out who can write to ConfigMaps there",
    exitCode: ExitCode.gateFailed,
  }),
  NO_REPOSITORY: (address: string) => ({
    message:
      address === ""
        ? "it isn't said which repository to ask about"
        : `${quote(address)} is no repository on GitHub`,
    remedy: "pass its web address, for example --repository=https://github.com/team/service",
    exitCode: ExitCode.badInput,
  }),
  NO_FORGE_TOKEN: () => ({
    message: "there is no token to ask GitHub with",
    remedy: "pass one that may read the repository's administration: --token=env://GITHUB_TOKEN",
    exitCode: ExitCode.badInput,
  }),
  NOT_PROTECTED: (lacks: readonly string[]) => ({
    message: ["branches lack what the pipeline demands:", ...lacks].join("\n  "),
    remedy: "add a branch protection rule or a ruleset; merge hotfixes back to both branches",
    exitCode: ExitCode.gateFailed,
  }),
  PROTECTION_UNKNOWN: (reasons: readonly string[]) => ({
    message: ["nobody knows whether branches are protected:", ...reasons].join("\n  "),
    remedy: "give a token with the permission that is named above",
    exitCode: ExitCode.badInput,
  }),
} satisfies Catalogue
