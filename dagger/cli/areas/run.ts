import { type Command, Option } from "commander"
import { CI_HOSTS, type CiHost } from "../../../src/lib/config/wrappers.js"
import { PUBLISHED } from "../../../src/lib/pipeline/stages.js"
import { type CiOptions, runCi } from "../commands/ci.js"
import type { RunPlanOptions } from "../commands/plan.js"
import { oneOf } from "../options/choices.js"
import { addInfraCommands } from "./infra.js"
import {
  exit,
  same,
  withDeploy,
  withEvent,
  withInfraSecrets,
  withRelease,
  withRun,
  withRunId,
  withSecrets,
  withSource,
} from "../options/common.js"
import { withScale } from "./postDeploy.js"

const GROUPS = {
  quality: "check formatting, imports, style, types and security of the Python code",
  tests: "run the unit and integration tests, and measure how much of the code they run",
  image: "build the image for every platform, and scan it",
  security: "look for vulnerable packages, secrets, misconfiguration, and what is suppressed without need",
  infra: "check the format of Terraform's files, and validate every root",
}

/** The pipeline, whole and by its parts. */
export function addRunCommands(program: Command): void {
  withScale(withEvent(withRunId(withDeploy(withInfraSecrets(withRelease(program.command("ci")))))))
    .description("run what this event asks for and leave every report in --out")
    .addOption(
      oneOf(
        new Option("--host <name>", "read from this CI host what happened, and tell it what came of it"),
        CI_HOSTS,
        "UNKNOWN_HOST",
      ),
    )
    .action(async ({ host, ...options }: CiOptions & { host?: CiHost }) => {
      if (host === undefined) return exit(await runCi(options))
      const { runCiJob } = await import("../commands/ciJob.js")
      exit(await runCiJob(host, options))
    })

  withEvent(withSource(program.command("plan")))
    .description("say what ci would run for an event, what not, and why; no engine is asked")
    .option("--embedded", "as with a registry of Slipway's own")
    .option("--json", "as JSON")
    .action(async (options: RunPlanOptions) => {
      const { printPlan } = await import("../commands/plan.js")
      exit(await printPlan(options))
    })

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
