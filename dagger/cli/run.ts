import type { Command } from "commander"
import { PUBLISHED } from "../../src/lib/stages.js"
import { type CiOptions, runCi } from "../commands/ci.js"
import { addInfraCommands } from "./infra.js"
import {
  exit,
  same,
  withDeploy,
  withInfraSecrets,
  withRelease,
  withRun,
  withRunId,
  withSecrets,
} from "./options.js"

const GROUPS = {
  quality: "check formatting, imports, style, types and security of the Python code",
  tests: "run the unit and integration tests, and measure how much of the code they run",
  image: "build the image for every platform, and scan it",
  security: "look for vulnerable packages, secrets, misconfiguration, and what is suppressed without need",
  infra: "check the format of Terraform's files, and validate every root",
}

/** The pipeline, whole and by its parts. */
export function addRunCommands(program: Command): void {
  withRunId(withDeploy(withInfraSecrets(withRelease(program.command("ci")))))
    .description("run what this event asks for and leave every report in --out")
    .option("--event <name>", "what happened: local, push, pull_request, tag, schedule, manual", "local")
    .option("--ref <ref>", "the git reference it happened to; by default the one checked out")
    .option("--base-ref <branch>", "the branch that a pull request is to be merged into")
    .action(async (options: CiOptions) => exit(await runCi(options)))

  for (const [group, description] of Object.entries(GROUPS)) {
    const command = (group === "image" ? withSecrets : same)(withRun(program.command(group)))
      .description(description)
      .action(async (options: CiOptions) => exit(await runCi(options, [group])))
    if (group === "infra") addInfraCommands(command)
  }

  withRelease(program.command("publish"))
    .description("run every check, then build, publish, sign, attest and verify the image")
    .option("--ref <ref>", "the version to publish, such as v1.2.3; by default what is checked out")
    .action(async (options: CiOptions) => exit(await runCi({ ...options, event: "manual" }, [...PUBLISHED])))
}
