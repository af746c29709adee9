import { type Command, Option } from "commander"
import { ENVIRONMENTS } from "../../../src/lib/config/deploy.js"
import { webAddress } from "../../../src/lib/image/revision.js"
import { EVENTS } from "../../../src/lib/pipeline/policy.js"
import { secretProblem } from "../commands/credentials.js"
import { oneOf } from "./choices.js"

/** Ends with the code that the work comes to. */
export const exit = (code: number): void => {
  process.exitCode = code
}

export const same = (command: Command): Command => command

export const withSource = (command: Command): Command =>
  command.option("--source <folder or git address>", "the service's sources", ".")

export const withRun = (command: Command): Command =>
  withSource(command)
    .option("--out <folder>", "where the reports go", "out")
    .option("--now <time>", "judge expiry dates by this time, such as 2026-03-01T12:00:00Z")
    .option("--json", "print verdict.json instead of text")

export const withRunId = (command: Command): Command =>
  command.option("--run-id <id>", "names this run; by default a new one")

/** What happened, as a CI host tells it. */
export const withEvent = (command: Command): Command =>
  command
    .addOption(
      oneOf(
        new Option("--event <name>", "what happened").default(undefined, "local"),
        EVENTS,
        "UNKNOWN_EVENT",
      ),
    )
    .option("--ref <ref>", "the git reference it happened to; by default the one checked out")
    .option("--base-ref <branch>", "the branch that a pull request is to be merged into")
    .option("--fork", "the pull request comes from another repository; by default as the CI host says")

export const withRegistry = (command: Command): Command =>
  command
    .option("--authority <file>", "the certificate authority of the registry, beside the public ones")
    .option("--plain-http", "the registry speaks plain HTTP")

const secretsOption = (command: Command, name: string, what: string): Command =>
  command.option(
    `--${name} <address>`,
    `${what}; may be given several times`,
    (address: string, before: string[] = []) => {
      const problem = secretProblem(address)
      return problem === undefined ? [...before, address] : command.error(`error: ${problem}`)
    },
  )

export const withSecrets = (command: Command): Command =>
  secretsOption(command, "secret", "what the Dockerfile's commands may mount, such as env://TOKEN")

export const withInfraSecrets = (command: Command): Command =>
  secretsOption(
    command,
    "infra-secret",
    "what state and providers need besides, such as file://staging.tfbackend",
  )

export const withDeploy = (command: Command): Command =>
  secretsOption(
    command,
    "deploy-secret",
    "what a deployment needs besides, such as file://KUBECONFIG",
  ).option(
    "--cluster <address>",
    "where the cluster's API answers, if not at the address in the kubeconfig: tcp://127.0.0.1:6443",
  )

/** Where a deployment goes, or is looked at. */
export const withEnvironment = (command: Command, otherwise: string): Command =>
  withDeploy(command).addOption(environmentOption().default(otherwise))

/** Which of the environments that are deployed to. */
export const environmentOption = (what = "where it is deployed"): Option =>
  oneOf(new Option("--environment <name>", what), ENVIRONMENTS, "UNKNOWN_ENVIRONMENT")

/** What is released, and who signs it. */
export const withRelease = (command: Command): Command =>
  withSecrets(withRegistry(withRun(command)))
    .option("--sha <commit>", "the commit; by default the one checked out")
    .option("--committed <time>", "the commit's date, where the source is at a git address")
    .option(
      "--origin <url>",
      "the web address of the sources; by default that of git's origin",
      (url) => webAddress(url) || command.error("error: --origin takes a web address"),
    )
    .option("--identity <identity>", "who signs without a key, exactly as in the certificate")
    .option("--issuer <url>", "who vouches for that identity")
    .option("--embedded", "publish to a registry of Slipway's own, signed with a key of its own")
    .addHelpText("after", CREDENTIALS)

export const CREDENTIALS = `
Reads from the environment:
  REGISTRY_USERNAME, REGISTRY_PASSWORD  the user of the registry that slipway.yaml names; for one of Azure also
                                        ACR_USERNAME, ACR_PASSWORD, or the service principal
                                        AZURE_CLIENT_ID, AZURE_CLIENT_SECRET
  COSIGN_PRIVATE_KEY, COSIGN_PASSWORD   the key that signs, or
  SIGSTORE_ID_TOKEN                     the token of who signs without a key`

export const INFRA_CREDENTIALS = `
Reads from the environment, each also with an environment's name before it (STAGING_TF_VAR_password):
  TF_VAR_NAME                           the value of a variable
  TF_BACKEND, PG_CONN_STR               the settings of where the state is
  AZURE_CREDENTIALS, or AZURE_CLIENT_ID, AZURE_TENANT_ID, AZURE_SUBSCRIPTION_ID with AZURE_CLIENT_SECRET or
                                        AZURE_OIDC_TOKEN; and all of ARM_*
  SLIPWAY_PLAN_KEY                      what plans are encrypted with, and opened for an apply`

export const DEPLOY_CREDENTIALS = `
Reads from the environment, each also with an environment's name before it (PRODUCTION_DATABASE_URL):
  KUBECONFIG                            the path or the text of a kubeconfig
  DATABASE_URL                          the database that is migrated
  SLACK_WEBHOOK, TEAMS_WEBHOOK, NOTIFY_WEBHOOK, NOTIFY_WEBHOOK_SECRET
                                        who is told, and what their messages are signed with
  GRAFANA_TOKEN                         marks deployments in the Grafana that slipway.yaml names`
