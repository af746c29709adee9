import { Command, CommanderError } from "commander"
import { ExitCode, SlipwayError } from "../src/lib/errors.js"
import { webAddress } from "../src/lib/image/revision.js"
import { type Group, GROUPS } from "../src/lib/stages.js"
import { type CiOptions, runCi } from "./commands/ci.js"
import { secretProblem } from "./commands/credentials.js"
import { debugArguments } from "./commands/debug.js"
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

const withSecrets = (command: Command): Command =>
  command.option(
    "--secret <address>",
    "what the Dockerfile's commands may mount, such as env://TOKEN; may be given several times",
    (address: string, before: string[] = []) => {
      const problem = secretProblem(address)
      return problem === undefined ? [...before, address] : command.error(`error: ${problem}`)
    },
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

withRelease(program.command("ci"))
  .description("run what this event asks for and leave every report in --out")
  .option("--event <name>", "what happened: local, push, pull_request, tag, schedule, manual", "local")
  .option("--ref <ref>", "the git reference it happened to; by default the one checked out")
  .option("--base-ref <branch>", "the branch that a pull request is to be merged into")
  .option("--run-id <id>", "names this run; by default a new one")
  .action(async (options: CiOptions) => exit(await runCi(options)))

withRelease(program.command("publish"))
  .description("run every check, then build, publish, sign, attest and verify the image")
  .option("--ref <ref>", "the version to publish, such as v1.2.3; by default what is checked out")
  .action(async (options: CiOptions) => exit(await runCi({ ...options, event: "manual" }, [...GROUPS])))

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

const COMMANDS: Record<Exclude<Group, "release">, string> = {
  quality: "check formatting, imports, style, types and security of the Python code",
  tests: "run the unit and integration tests, and measure how much of the code they run",
  image: "build the image for every platform, and scan it",
  security: "look for vulnerable packages, secrets, misconfiguration, and what is suppressed without need",
}

for (const [group, description] of Object.entries(COMMANDS))
  (group === "image" ? withSecrets : same)(withRun(program.command(group)))
    .description(description)
    .action(async (options: CiOptions) => exit(await runCi(options, [group])))

withSource(program.command("fix"))
  .description("print as a patch what isort and Black would mend")
  .option("--yes", "mend it in place")
  .action(async ({ source, yes }: { source: string; yes?: boolean }) => {
    const folder = absoluteSource(source)
    const apply = ["--progress=plain", ...callModule(folder), "quality", "fix", "export", `--path=${folder}`]
    const show = ["--progress=plain", ...callModule(folder), "quality", "fix", "as-patch", "contents"]
    exit(await daggerHere(yes ? apply : show))
  })

withSecrets(withSource(program.command("debug <stage>")))
  .description("open a shell in a stage's container as it stands before the stage's command")
  .action(async (stage: string, { source, secret }: { source: string; secret?: string[] }) =>
    exit(await daggerHere(debugArguments(stage, absoluteSource(source), secret))),
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
