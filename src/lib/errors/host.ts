import { type Catalogue, ExitCode, quote } from "./entry.js"

/** Errors of CI hosts and of their pipeline files. */
export const hostErrors = {
  WRAPPERS_UNPINNED: (pin: string) => ({
    message:
      pin === ""
        ? "nothing says which Slipway the wrappers are to fetch"
        : `${quote(pin)} is not a git address with a full commit`,
    remedy:
      'say it in slipway.yaml: `wrappers: { slipway: "https://git.example.com/team/slipway@<commit>" }`',
    exitCode: ExitCode.badInput,
  }),
  DEFAULT_BRANCH: (branch: string, main: string) => ({
    message: `this repository's default branch is ${quote(branch)}, and the wrappers would be for ${quote(main)}`,
    remedy: `say it in slipway.yaml: \`branches: { main: ${branch} }\`; or, if ${branch} is deployed to staging, \`branches: { develop: ${branch} }\``,
    exitCode: ExitCode.badInput,
  }),
  UNKNOWN_JOB: (job: string, known: readonly string[]) => ({
    message: `unknown job ${quote(job)}`,
    remedy: `choose one of ${known.join(", ")}, or none for all that the event runs`,
    exitCode: ExitCode.badInput,
  }),
  UNKNOWN_HOST: (host: string, known: readonly string[]) => ({
    message: `unknown CI host ${quote(host)}`,
    remedy: `choose one of ${known.join(", ")}`,
    exitCode: ExitCode.badInput,
  }),
  HOST_ELSEWHERE: (host: string, variable: string) => ({
    message: `not a job of the CI host ${quote(host)}: ${variable} isn't set`,
    remedy: "leave --host out, and say what happened by --event and --ref",
    exitCode: ExitCode.badInput,
  }),
  TRUSTS_STRANGERS: (event: string) => ({
    message: `the event ${quote(event)} would run a pull request's code with this repository's secrets`,
    remedy: "use pull_request, where a fork's code gets no secrets",
    exitCode: ExitCode.badInput,
  }),
  UNKNOWN_ACTION: (action: string, known: readonly string[]) => ({
    message: `SLIPWAY_ACTION is ${quote(action)}, which nobody knows how to do`,
    remedy: `choose one of ${known.join(", ")}`,
    exitCode: ExitCode.badInput,
  }),
  NOTHING_TO_DEPLOY: () => ({
    message: "nothing says what to deploy",
    remedy: "set SLIPWAY_VERSION to a tag, a digest or a whole reference",
    exitCode: ExitCode.badInput,
  }),
} satisfies Catalogue
