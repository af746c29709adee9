import { Argument, type Command } from "commander"
import { DEBUGGABLE } from "../../../src/lib/pipeline/stages.js"
import type { AlertsOptions } from "../commands/alerts.js"
import type { BaselineOptions } from "../commands/baseline.js"
import type { BuildOptions } from "../commands/building.js"
import type { DebugOptions } from "../commands/debug.js"
import type { FixOptions } from "../commands/fix.js"
import type { ReproOptions } from "../commands/repro.js"
import { oneOf } from "../options/choices.js"
import { exit, withDeploy, withIndexes, withRegistry, withBuild, withSource } from "../options/common.js"

type StageOptions = DebugOptions & BuildOptions & { source: string }

/** Adds the commands that help with a failed stage. */
export function addDebugCommands(program: Command): void {
  withIndexes(withSource(program.command("fix")))
    .description("print fixes by isort, Black and terraform fmt as a patch")
    .option("--yes", "apply the fixes in place")
    .action(async (options: FixOptions) => {
      const { printFixes } = await import("../commands/fix.js")
      exit(await printFixes(options))
    })

  withIndexes(withSource(program.command("baseline")))
    .description("write down the findings that there are, so that gates fail only for new ones")
    .option("--grow <reason>", "add new findings to an existing baseline; by default it only shrinks")
    .option("--now <time>", "time to check expiry dates against, RFC 3339; by default the present")
    .action(async (options: BaselineOptions) => {
      const { writeBaseline } = await import("../commands/baseline.js")
      exit(await writeBaseline(options))
    })

  withSource(program.command("alerts"))
    .description("print the Prometheus alert rules generated from slipway.yaml")
    .option("--yes", "write the rules to their file in the source")
    .action(async (options: AlertsOptions) => {
      const { printAlerts } = await import("../commands/alerts.js")
      exit(await printAlerts(options))
    })

  withIndexes(withDeploy(withRegistry(withBuild(withSource(program.command("debug"))))))
    .description("open a shell in a stage's container, just before the stage's command runs")
    .addArgument(
      oneOf(new Argument("<stage>", "name of the stage, as in reports"), DEBUGGABLE, "UNKNOWN_STAGE"),
    )
    .option("--environment <name>", "environment, for plan, drift and deployments")
    .option("--root <folder>", "root module's folder, for plan and drift")
    .option("--embedded", "use the embedded registry and cluster, for releases and deployments")
    .addHelpText("after", SHELL_HELP)
    .action(async (stage: string, options: StageOptions) => {
      const { debugService } = await import("../commands/debug.js")
      exit(await debugService(stage, options))
    })

  program
    .command("repro")
    .description("repeat the failed stages of a run with its commit, inputs and options")
    .argument("[verdict]", "verdict.json of the run", "out/verdict.json")
    .argument("[stage]", "only this stage, whether it failed or not")
    .option("--source <folder>", "folder to look for the sources in, if the commit can't be fetched")
    .option("--out <folder>", "folder to write reports to; by default repro, next to the verdict")
    .option("--shell", "open a shell in the failed stage instead of running it")
    .option("--effects", "also repeat releases and deployments")
    .option("--json", "print verdict.json instead of text")
    .action(async (verdict: string, stage: string | undefined, options: ReproOptions) => {
      const { repro } = await import("../commands/repro.js")
      exit(await repro(verdict, stage, options))
    })
}

const SHELL_HELP = `
The shell starts with a hint. For checks, tests, scans, builds and plans, services are running and \`again\` runs the
stage's command. A release opens with regctl and cosign, logged in; a deployment with kubectl and its kubeconfig.`
