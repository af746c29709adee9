import { Command, CommanderError } from "commander"
import { ExitCode, SlipwayError } from "../src/lib/errors.js"
import { webAddress } from "../src/lib/image/revision.js"
import { PUBLISHED } from "../src/lib/stages.js"
import type { Ports } from "./cluster/forward.js"
import type { Process } from "./engine/process.js"
import { type CiOptions, runCi } from "./commands/ci.js"
import { secretProblem } from "./commands/credentials.js"
import type { DeployOptions } from "./commands/deploy.js"
import { debugArguments } from "./commands/debug.js"
import type { InfraOptions } from "./commands/infra.js"
import type { ProofOptions } from "./commands/proof.js"
import { absoluteSource } from "./commands/source.js"
import type { VerifyOptions } from "./commands/verify.js"
import { callModule, daggerHere } from "./dagger.js"

const program = new Command("slipway")
  .exitOverride()
  .description("Takes a Python service from a commit to production, in containers, the same way everywhere.")
  .addHelpText(
    "after",
    "\nExit codes: 0 passed, 1 a gate failed, 2 changes or drift, 3 the infrastructure failed, 4 bad input",
  )

/** Ends with the code that the work comes to. */
const exit = (code: number) => {
  process.exitCode = code
}

const withSource = (command: Command): Command =>
  command.option("--source <folder or git address>", "the service's sources", ".")

const withRun = (command: Command): Command =>
  withSource(command)
    .option("--out <folder>", "where the reports go", "out")
    .option("--now <time>", "judge expiry dates by this time, such as 2026-03-01T12:00:00Z")
    .option("--json", "print verdict.json instead of text")

const same = (command: Command): Command => command

const withRegistry = (command: Command): Command =>
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

const withSecrets = (command: Command): Command =>
  secretsOption(command, "secret", "what the Dockerfile's commands may mount, such as env://TOKEN")

const withInfraSecrets = (command: Command): Command =>
  secretsOption(
    command,
    "infra-secret",
    "what state and providers need besides, such as file://staging.tfbackend",
  )

const withDeploy = (command: Command): Command =>
  secretsOption(
    command,
    "deploy-secret",
    "what a deployment needs besides, such as file://KUBECONFIG",
  ).option(
    "--cluster <address>",
    "where the cluster's API answers, if not at the address in the kubeconfig: tcp://127.0.0.1:6443",
  )

/** What is released, and who signs it. */
const withRelease = (command: Command): Command =>
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

const CREDENTIALS = `
Reads from the environment:
  REGISTRY_USERNAME, REGISTRY_PASSWORD  the user of the registry that slipway.yaml names; for one of Azure also
                                        ACR_USERNAME, ACR_PASSWORD, or the service principal
                                        AZURE_CLIENT_ID, AZURE_CLIENT_SECRET
  COSIGN_PRIVATE_KEY, COSIGN_PASSWORD   the key that signs, or
  SIGSTORE_ID_TOKEN                     the token of who signs without a key`

const INFRA_CREDENTIALS = `
Reads from the environment, each also with an environment's name before it (STAGING_TF_VAR_password):
  TF_VAR_NAME                           the value of a variable
  TF_BACKEND, PG_CONN_STR               the settings of where the state is
  AZURE_CREDENTIALS, or AZURE_CLIENT_ID, AZURE_TENANT_ID, AZURE_SUBSCRIPTION_ID with AZURE_CLIENT_SECRET or
                                        AZURE_OIDC_TOKEN; and all of ARM_*
  SLIPWAY_PLAN_KEY                      what plans are encrypted with, and opened for an apply`

withDeploy(withInfraSecrets(withRelease(program.command("ci"))))
  .description("run what this event asks for and leave every report in --out")
  .option("--event <name>", "what happened: local, push, pull_request, tag, schedule, manual", "local")
  .option("--ref <ref>", "the git reference it happened to; by default the one checked out")
  .option("--base-ref <branch>", "the branch that a pull request is to be merged into")
  .option("--run-id <id>", "names this run; by default a new one")
  .action(async (options: CiOptions) => exit(await runCi(options)))

withRelease(program.command("publish"))
  .description("run every check, then build, publish, sign, attest and verify the image")
  .option("--ref <ref>", "the version to publish, such as v1.2.3; by default what is checked out")
  .action(async (options: CiOptions) => exit(await runCi({ ...options, event: "manual" }, [...PUBLISHED])))

withRegistry(withSource(program.command("verify <reference>")))
  .description(
    "verify a published image: signatures, bills of material, provenance and the gates that it passed",
  )
  .option("--key <file>", "cosign's public key; by default what release in slipway.yaml says")
  .option("--identity <identity>", "who signed without a key, exactly as in the certificate")
  .option("--issuer <url>", "who vouches for that identity")
  .option("--embedded", "look in the registry of Slipway's own")
  .option(
    "--login",
    "send the user and password of the environment to this registry, though slipway.yaml doesn't name it",
  )
  .option("--json", "print verification.json instead of text")
  .addHelpText("after", CREDENTIALS)
  .action(async (reference: string, options: VerifyOptions) => {
    const { verify } = await import("./commands/verify.js")
    exit(await verify(reference, options))
  })

const COMMANDS = {
  quality: "check formatting, imports, style, types and security of the Python code",
  tests: "run the unit and integration tests, and measure how much of the code they run",
  image: "build the image for every platform, and scan it",
  security: "look for vulnerable packages, secrets, misconfiguration, and what is suppressed without need",
  infra: "check the format of Terraform's files, and validate every root",
}

for (const [group, description] of Object.entries(COMMANDS)) {
  const command = (group === "image" ? withSecrets : same)(withRun(program.command(group)))
    .description(description)
    .action(async (options: CiOptions) => exit(await runCi(options, [group])))
  if (group === "infra") addInfraCommands(command)
}

/** What needs credentials. */
function addInfraCommands(infra: Command): void {
  const withInfra = (command: Command): Command =>
    withInfraSecrets(withRun(command))
      .option("--sha <commit>", "the commit; by default the one checked out")
      .addHelpText("after", INFRA_CREDENTIALS)
  const withTarget = (command: Command): Command =>
    withInfra(command)
      .option("--environment <name>", "only this environment")
      .option("--root <folder>", "only this root folder")
  withTarget(infra.command("plan"))
    .description("plan every root in every environment; writes plan.md, plan.json and plan.txt")
    .option("--detailed-exitcode", "end with 2 where an apply would change anything")
    .action(async (_, command: Command) => exit(await runCi(command.optsWithGlobals(), ["plan"])))
  withTarget(infra.command("drift"))
    .description("compare every root with what is really there; ends with 2 for drift that isn't known")
    .action(async (_, command: Command) => exit(await runCi(command.optsWithGlobals(), ["drift"])))
  withInfra(infra.command("apply"))
    .description("apply a plan that was reviewed, once for each run")
    .requiredOption("--plan <file>", "the plan.sealed that a plan left")
    .option("--run-id <id>", "names this run; by default a new one")
    .action(async (_, command: Command) =>
      exit(await runCi({ ...command.optsWithGlobals(), event: "manual" }, ["apply"])),
    )
}

const withEnvironment = (command: Command, otherwise: string): Command =>
  withDeploy(command).option("--environment <name>", "staging or production", otherwise)

const DEPLOY_CREDENTIALS = `
Reads from the environment, each also with an environment's name before it (PRODUCTION_DATABASE_URL):
  KUBECONFIG                            the path or the text of a kubeconfig
  DATABASE_URL                          the database that is migrated`

withEnvironment(withRelease(program.command("deploy")), "staging")
  .description(
    "deploy a release: new pods beside the old ones, tried, switched to, and taken back where it goes wrong",
  )
  .requiredOption("--tag <tag>", "a tag, a digest or a whole reference")
  .option("--run-id <id>", "names this run; by default a new one")
  .addHelpText("after", DEPLOY_CREDENTIALS)
  .action(async (options: CiOptions) => exit(await runCi({ ...options, event: "manual" }, ["deploy"])))

withEnvironment(withRelease(program.command("rollback")), "production")
  .description("go back to an earlier version, by its digest and with the settings that it had")
  .option("--version <version>", "its name or digest; by default the last good one")
  .option("--run-id <id>", "names this run; by default a new one")
  .addHelpText("after", DEPLOY_CREDENTIALS)
  .action(async (options: CiOptions) =>
    exit(await runCi({ ...options, event: "manual", rollback: true }, ["deploy"])),
  )

withRegistry(withSource(program.command("proof")))
  .description("prove that one release works on the database's schema of another, as after a rollback")
  .requiredOption(
    "--previous <tag>",
    "what a rollback would go back to: a tag, a digest or a whole reference",
  )
  .requiredOption("--tag <tag>", "the release that migrates, in the same way")
  .option("--environment <name>", "staging or production", "staging")
  .option("--embedded", "look in the registry of Slipway's own")
  .option("--json", "print proof.json instead of text")
  .addHelpText("after", CREDENTIALS)
  .action(async (options: ProofOptions) => {
    const { prove } = await import("./commands/proof.js")
    exit(await prove(options))
  })

type LookOptions = DeployOptions & {
  source: string
  json?: boolean
  readOnly?: boolean
  since?: string
  follow?: string
}

const look = (name: "status" | "logs" | "events" | "finish" | "ledger", description: string): Command =>
  withEnvironment(withSource(program.command(name)), "production")
    .description(description)
    .option("--embedded", "the cluster of Slipway's own")

look("status", "say what runs, who has the traffic and what is under way; puts in order what was interrupted")
  .option("--json", "as JSON")
  .option("--read-only", "only look")
  .action(async (options: LookOptions) => {
    const { lookAt } = await import("./commands/deploy.js")
    const more = [...(options.json ? ["--json"] : []), ...(options.readOnly ? ["--read-only"] : [])]
    exit(await lookAt("status", options, more))
  })

look("logs", "print the logs of all pods")
  .option("--since <seconds>", "how far to go back")
  .option("--follow <seconds>", "go on for so long, and print what comes")
  .action(async (options: LookOptions) => {
    const { lookAt } = await import("./commands/deploy.js")
    const { since, follow } = options
    const more = [
      ...(since === undefined ? [] : [`--since=${since}`]),
      ...(follow === undefined ? [] : [`--follow=${follow}`]),
    ]
    exit(await lookAt("logs", options, more))
  })

for (const [name, description] of [
  ["events", "print what happened in the cluster, what matters first"],
  ["finish", "accept a version that is held for lack of requests"],
  ["ledger", "print all that was done to the environment, an entry a line"],
] as const)
  look(name, description).action(async (options: LookOptions) => {
    const { lookAt } = await import("./commands/deploy.js")
    exit(await lookAt(name, options))
  })

withSource(program.command("fix"))
  .description("print as a patch what isort, Black and Terraform's fmt would mend")
  .option("--yes", "mend it in place")
  .action(async ({ source, yes }: { source: string; yes?: boolean }) => {
    const folder = absoluteSource(source)
    const apply = ["--progress=plain", ...callModule(folder), "fix", "export", `--path=${folder}`]
    const show = ["--progress=plain", ...callModule(folder), "fix", "as-patch", "contents"]
    exit(await daggerHere(yes ? apply : show))
  })

withSecrets(withSource(program.command("debug <stage>")))
  .description("open a shell in a stage's container as it stands before the stage's command")
  .option("--environment <name>", "of plan and drift: which environment")
  .option("--root <folder>", "of plan and drift: which root folder")
  .action(
    async (
      stage: string,
      { source, secret, ...options }: InfraOptions & { source: string; secret?: string[] },
    ) => exit(await daggerHere(debugArguments(stage, absoluteSource(source), secret, options))),
  )

program
  .command("demo")
  .description("run the whole pipeline on the sample service (npm start)")
  .action(async () => {
    const { demo } = await import("./commands/demo.js")
    exit(await demo())
  })

program
  .command("test [files...]")
  .description("set up, lint and run every test, or those of these files (npm test)")
  .action(async (files: string[]) => {
    const { test } = await import("./commands/test.js")
    exit(await test(files))
  })

program
  .command("doctor")
  .description("say what this machine has and lacks, and which engine is used and why")
  .action(async () => {
    const { doctor } = await import("./commands/doctor.js")
    exit(await doctor())
  })

const engine = program
  .command("engine")
  .description("the Dagger engine that Slipway makes where there is none")
const engineCommand = (name: "up" | "down" | "status" | "env" | "logs", description: string) =>
  engine
    .command(name)
    .description(description)
    .action(async () => {
      const commands = await import("./commands/engine.js")
      exit(await commands[name]())
    })
engineCommand("up", "build what is missing and start it; nothing where there is an engine already")
engineCommand("down", "end it, and take back all it did to this machine outside of Slipway's folder")
engineCommand("status", "say which engine is used, and whether it runs")
engineCommand("env", 'print what a shell must export for a plain `dagger call`: eval "$(slipway engine env)"')
engineCommand("logs", "print the logs of engine, network, registry and mirror")

const cluster = program
  .command("cluster")
  .description("a Kubernetes cluster of one node, for trials, that runs in the engine")
const clusterCommand = (name: "up" | "down" | "status" | "kubeconfig", description: string) =>
  cluster
    .command(name)
    .description(description)
    .action(async () => {
      const commands = await import("./commands/cluster.js")
      exit(await commands[name]())
    })
clusterCommand("up", "start it unless it runs, and wait until its node is Ready")
clusterCommand("down", "end it, with all that is in it")
clusterCommand("status", "say whether it runs, and how it is reached")
clusterCommand("kubeconfig", "print the path of the file by which kubectl and others reach it")

program
  .command("forward <address> <ports> <holder>", { hidden: true })
  .action(async (address: string, ports: string, holder: string) => {
    const { serveForward } = await import("./cluster/forward.js")
    await serveForward(address, JSON.parse(ports) as Ports, JSON.parse(holder) as Process)
    process.exit()
  })
program
  .command("forward-inside <address> <ports>", { hidden: true })
  .action(async (address: string, ports: string) => {
    const { serveInside } = await import("./cluster/forward.js")
    serveInside(address, JSON.parse(ports) as Ports)
  })

program.command("mirror", { hidden: true }).action(async () => {
  const { serveMirror } = await import("./images/mirror.js")
  serveMirror(process.env["SLIPWAY_ROOT"] ?? "")
})

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof SlipwayError) console.error(`slipway: ${error.message}`)
  else if (!(error instanceof CommanderError)) throw error
  // Commander ends with 1 for arguments that it can't read, which here is a gate that failed.
  process.exitCode =
    error.exitCode === 0 || error instanceof SlipwayError ? error.exitCode : ExitCode.badInput
}
