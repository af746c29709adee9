import type { Command } from "commander"
import { exitAfterRun, INFRA_CREDENTIALS, withInfraSecrets, withRun, withRunId } from "../options/common.js"

const withInfra = (command: Command): Command =>
  withInfraSecrets(withRun(command))
    .option("--sha <commit>", "commit of the sources; by default the one checked out")
    .addHelpText("after", INFRA_CREDENTIALS)

const withTarget = (command: Command): Command =>
  withInfra(command)
    .option("--environment <name>", "only this environment")
    .option("--root <folder>", "only this root module's folder")

/** Adds the subcommands of `infra` that need credentials. */
export function addInfraCommands(infra: Command): void {
  withTarget(infra.command("plan"))
    .description("plan every root module in every environment; writes plan.md, plan.json and plan.txt")
    .option("--detailed-exitcode", "exit with 2 if an apply would change anything")
    .action((_, command: Command) => exitAfterRun(command.optsWithGlobals(), ["plan"]))
  withTarget(infra.command("drift"))
    .description("compare every root module with the actual infrastructure; exits with 2 on unaccepted drift")
    .action((_, command: Command) => exitAfterRun(command.optsWithGlobals(), ["drift"]))
  withRunId(withInfra(infra.command("apply")))
    .description("apply a reviewed plan, once per run id")
    .requiredOption("--plan <file>", "encrypted plan to apply, the plan.sealed of an earlier infra plan")
    .action((_, command: Command) =>
      exitAfterRun({ ...command.optsWithGlobals(), event: "manual" }, ["apply"]),
    )
}
