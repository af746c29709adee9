import type { Command } from "commander"
import { runCi } from "../commands/ci.js"
import { exit, INFRA_CREDENTIALS, withInfraSecrets, withRun, withRunId } from "../options/common.js"

const withInfra = (command: Command): Command =>
  withInfraSecrets(withRun(command))
    .option("--sha <commit>", "the commit; by default the one checked out")
    .addHelpText("after", INFRA_CREDENTIALS)

const withTarget = (command: Command): Command =>
  withInfra(command)
    .option("--environment <name>", "only this environment")
    .option("--root <folder>", "only this root folder")

/** What of infrastructure needs credentials, below `infra`. */
export function addInfraCommands(infra: Command): void {
  withTarget(infra.command("plan"))
    .description("plan every root in every environment; writes plan.md, plan.json and plan.txt")
    .option("--detailed-exitcode", "end with 2 where an apply would change anything")
    .action(async (_, command: Command) => exit(await runCi(command.optsWithGlobals(), ["plan"])))
  withTarget(infra.command("drift"))
    .description("compare every root with what is really there; ends with 2 for drift that isn't known")
    .action(async (_, command: Command) => exit(await runCi(command.optsWithGlobals(), ["drift"])))
  withRunId(withInfra(infra.command("apply")))
    .description("apply a plan that was reviewed, once for each run")
    .requiredOption("--plan <file>", "the plan.sealed that a plan left")
    .action(async (_, command: Command) =>
      exit(await runCi({ ...command.optsWithGlobals(), event: "manual" }, ["apply"])),
    )
}
