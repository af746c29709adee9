import { type Command, Option } from "commander"
import { webAddress } from "../../../src/lib/image/revision.js"
import { EVENTS } from "../../../src/lib/pipeline/policy.js"
import type { CiOptions } from "../commands/ci.js"
import { chosenEnvironment, type UsualEnvironment } from "../commands/environment.js"
import { mountedSecret, secretProblem } from "../commands/secretOptions.js"
import { SESSION_AGENT } from "../commands/secretOptions.js"
import { oneOf } from "./choices.js"

/** Sets the exit code of the command. */
export const exit = (code: number): void => {
  process.exitCode = code
}

/** Runs the pipeline, or these groups of stages, and sets the exit code; loads it only then. */
export async function exitAfterRun(options: CiOptions, only: readonly string[] = []): Promise<void> {
  const { runCi } = await import("../commands/services.js")
  exit(await runCi(options, only))
}

export const same = (command: Command): Command => command

export const withSource = (command: Command): Command =>
  command
    .option("--source <folder or git address>", "folder or git address of the service's sources", ".")
    .option("--service <name>", "service of the repository, as in `services` of its slipway.yaml")
    .addOption(
      new Option("--path <folder>", "folder of the service in the source, such as services/api").conflicts(
        "service",
      ),
    )
    .hook("preAction", (_, action) => {
      // Both say the same: the rest of the command knows only the one.
      const { path } = action.opts<{ path?: string }>()
      if (path !== undefined) action.setOptionValue("service", path.startsWith("./") ? path : `./${path}`)
    })

export const withRun = (command: Command): Command =>
  withSource(command)
    .option("--out <folder>", "folder to write reports to", "out")
    .option(
      "--now <time>",
      "time to check expiry dates against, RFC 3339, such as 2026-03-01T12:00:00Z; by default the present",
    )
    .option("--json", "print verdict.json instead of text")
    .option("--open", "open report.html in the browser once the run has ended")

/** Adds the option for the run that this one is compared with. */
export const withPrevious = (command: Command): Command =>
  command.option(
    "--previous <verdict.json>",
    "verdict of the last run, to show what changed since; by default that of the same branch in --out",
  )

/** Adds the option that runs again after each edit. */
export const withWatch = (command: Command): Command =>
  command.addOption(
    new Option("--watch", "run again after each edit of the source, and show what changed; Ctrl-C ends it")
      // What reads a verdict, or reports it, waits for the end.
      .conflicts(["json", "host", "job"]),
  )

export const withRunId = (command: Command): Command =>
  command.option("--run-id <id>", "id of this run: effects happen once per id; by default a new one")

/** Adds the options that describe the event, as a CI host would. */
export const withEvent = (command: Command): Command =>
  command
    .addOption(
      oneOf(
        new Option("--event <name>", "event that triggers the run").default(undefined, "local"),
        EVENTS,
        "UNKNOWN_EVENT",
      ),
    )
    .option("--ref <ref>", "git reference of the event; by default the one checked out")
    .option("--base-ref <branch>", "target branch of a pull request")
    .option("--fork", "treat the pull request as from a fork; by default detected on CI hosts")

export const withRegistry = (command: Command): Command =>
  command
    .option(
      "--authority <file>",
      "certificate authority to trust for the registry, PEM, in addition to the public ones",
    )
    .option("--plain-http", "use plain HTTP for the registry")

/** Adds the option for the floor of releases. */
export const withPolicy = (command: Command): Command =>
  command.addOption(
    // A variable that an organisation sets for all of its services at their CI host.
    new Option(
      "--policy <file or address>",
      "floor of releases: a file, a git address with @COMMIT:PATH, or an artifact with @sha256:DIGEST",
    ).env("SLIPWAY_POLICY"),
  )

const secretsOption = (
  command: Command,
  name: string,
  what: string,
  addressOf: (text: string) => string = (text) => text,
): Command =>
  command.option(`--${name} <address>`, `${what}; repeatable`, (text: string, before: string[] = []) => {
    const problem = secretProblem(addressOf(text))
    return problem === undefined ? [...before, text] : command.error(`error: ${problem}`)
  })

/** Adds the options of what the Dockerfile's commands may use. */
export const withBuild = (command: Command): Command =>
  secretsOption(
    command,
    "secret",
    "secret that the Dockerfile may mount, such as env://TOKEN or id=NAME,env=TOKEN",
    (text) => mountedSecret(text).address,
  ).addOption(
    new Option(
      "--ssh [key]",
      "let the Dockerfile use the SSH agent of this session, or one with this key alone",
    ).preset(SESSION_AGENT),
  )

/** Adds the options for package indexes that want a user and a password. */
export const withIndexes = (command: Command): Command =>
  secretsOption(
    command.option(
      "--netrc <file or address>",
      "users and passwords of package indexes, such as ~/.netrc or env://NETRC; only installing commands get them",
    ),
    "index-secret",
    "address of a further variable for installing packages, such as env://TEAM_TOKEN",
  )

export const withInfraSecrets = (command: Command): Command =>
  secretsOption(
    command,
    "infra-secret",
    "address of a further secret for state and providers, such as file://staging.tfbackend",
  )

export const withDeploy = (command: Command): Command =>
  secretsOption(
    command,
    "deploy-secret",
    "address of a further secret for deployments, such as file://KUBECONFIG",
  ).option(
    "--cluster <address>",
    "address of the cluster's API, such as tcp://127.0.0.1:6443; by default the one in the kubeconfig",
  )

/** Adds the options that choose an environment and how to reach its cluster. */
export const withEnvironment = (command: Command, usual: UsualEnvironment): Command =>
  withOneOfEnvironments(withDeploy(command), "environment to use", usual)

/** Adds the option that chooses one of the environments of the settings; add it after those that choose the service. */
export const withOneOfEnvironments = (command: Command, what: string, usual?: UsualEnvironment): Command =>
  command
    .option(
      "--environment <name>",
      `${what}${usual === undefined ? "" : `; by default the ${usual} of deploy.environments`}`,
    )
    .hook("preAction", (_, action) => {
      const { source = ".", service, environment } = action.opts<ChosenEnvironment>()
      action.setOptionValue("environment", chosenEnvironment(source, service, environment, usual))
    })

interface ChosenEnvironment {
  source?: string
  service?: string
  environment?: string
}

/** Adds the option with the reason for a deployment out of the order of promotion. */
export const withOffOrder = (command: Command): Command =>
  command.option(
    "--off-order <reason>",
    "deploy what wasn't deployed to the environment before; the ledger keeps the reason",
  )

/** Adds the options of a release: commit, registry and signer. */
export const withRelease = (command: Command): Command =>
  withIndexes(withPolicy(withBuild(withRegistry(withRun(command)))))
    .option("--sha <commit>", "commit of the sources; by default the one checked out")
    .option("--committed <time>", "date of the commit, RFC 3339, for a source at a git address")
    .option(
      "--origin <url>",
      "web address of the repository; by default that of git's origin",
      (url) =>
        webAddress(url) ||
        command.error("error: invalid --origin; pass a web address, such as https://github.com/team/service"),
    )
    .option("--identity <identity>", "identity of the keyless signer, as in the certificate")
    .option("--issuer <url>", "OIDC issuer of that identity")
    .option("--embedded", "use the embedded registry, cluster and signing key")
    .addHelpText("after", CREDENTIALS)

export const CREDENTIALS = `
Reads from the environment:
  REGISTRY_USERNAME, REGISTRY_PASSWORD  credentials for the registry in slipway.yaml; for Azure's also
                                        ACR_USERNAME, ACR_PASSWORD, or a service principal:
                                        AZURE_CLIENT_ID, AZURE_CLIENT_SECRET; or AZURE_CREDENTIALS
  COSIGN_PRIVATE_KEY, COSIGN_PASSWORD   the signing key and its password, or
  SIGSTORE_ID_TOKEN                     the identity token for keyless signing`

export const INFRA_CREDENTIALS = `
Reads from the environment, each also prefixed with an environment's name (STAGING_TF_VAR_password):
  TF_VAR_NAME                           value of the variable NAME
  TF_BACKEND, PG_CONN_STR               settings of the state's backend
  AZURE_CREDENTIALS, or AZURE_CLIENT_ID, AZURE_TENANT_ID, AZURE_SUBSCRIPTION_ID with AZURE_CLIENT_SECRET or
                                        AZURE_OIDC_TOKEN; and all ARM_* variables
  SLIPWAY_PLAN_KEY                      key that encrypts plans, and decrypts them for apply`

export const PREVIEW_CREDENTIALS = `
Reads from the environment:
  PREVIEW_KUBECONFIG, else KUBECONFIG   path or content of a kubeconfig; it must be allowed to make namespaces
  PREVIEW_DATABASE_URL                  database of a preview to migrate, such as one in its own namespace`

export const DEPLOY_CREDENTIALS = `
Reads from the environment, each also prefixed with an environment's name (PRODUCTION_DATABASE_URL):
  KUBECONFIG                            path or content of a kubeconfig
  DATABASE_URL                          database to migrate
  MANIFESTS_TOKEN, MANIFESTS_SSH_KEY    login at the repository of deploy.commit, to push there
  SLACK_WEBHOOK, TEAMS_WEBHOOK, NOTIFY_WEBHOOK, NOTIFY_WEBHOOK_SECRET
                                        webhooks to notify, and the secret that signs messages
  GRAFANA_TOKEN                         token to annotate deployments in the Grafana of slipway.yaml`
