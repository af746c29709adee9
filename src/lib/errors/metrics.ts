import { type Catalogue, ExitCode, quote } from "./entry.js"

const WINDOWS = "7d, 30d, 90d, or another number of days up to 366"

/** Errors of metrics and audits. */
export const metricsErrors = {
  UNKNOWN_WINDOW: (window: string) => ({
    message: `invalid window ${quote(window)}`,
    remedy: `use ${WINDOWS}`,
    exitCode: ExitCode.badInput,
  }),
  INCIDENTS: (problems: readonly string[]) => ({
    message: [`.slipway/incidents.yaml is invalid:`, ...problems].join("\n  "),
    remedy: "fix each line above; docs/metrics.md documents the fields of an incident",
    exitCode: ExitCode.badInput,
  }),
  NO_HISTORY: (reason: string) => ({
    message: `the git history can't be read: ${reason}`,
    remedy: "pass a repository's .git folder, for example --history=.git",
    exitCode: ExitCode.badInput,
  }),
  LEDGER_BROKEN: (first: string, others: number) => ({
    message: `the ledger is not intact: ${first}${others > 0 ? `; and ${others} more` : ""}`,
    remedy:
      "list all faults with `slipway metrics ledger`, compare with the git notes, and check who can write ConfigMaps in that namespace",
    exitCode: ExitCode.gateFailed,
  }),
  NO_REPOSITORY: (address: string) => ({
    message: address === "" ? "no repository is given" : `invalid GitHub repository ${quote(address)}`,
    remedy: "pass its web address, for example --repository=https://github.com/team/service",
    exitCode: ExitCode.badInput,
  }),
  NO_FORGE_TOKEN: () => ({
    message: "no GitHub token is given",
    remedy: "pass one with the permission `administration: read`: --token=env://GITHUB_TOKEN",
    exitCode: ExitCode.badInput,
  }),
  NOT_PROTECTED: (lacks: readonly string[]) => ({
    message: ["required branch protection is missing:", ...lacks].join("\n  "),
    remedy: "add a branch protection rule or a ruleset; merge hotfixes back to both branches",
    exitCode: ExitCode.gateFailed,
  }),
  PROTECTION_UNKNOWN: (reasons: readonly string[]) => ({
    message: ["branch protection could not be checked:", ...reasons].join("\n  "),
    remedy: "use a token with the permissions named above",
    exitCode: ExitCode.badInput,
  }),
} satisfies Catalogue
