import { Argument, type Command } from "commander"
import { DEBUGGABLE } from "../../../src/lib/pipeline/stages.js"
import { debugArguments, type DebugOptions } from "../commands/debug.js"
import type { ReproOptions } from "../commands/repro.js"
import { absoluteSource } from "../commands/sourceFolder.js"
import { callModule, daggerHere } from "../../module/call.js"
import { oneOf } from "../options/choices.js"
import { exit, withDeploy, withRegistry, withSecrets, withSource } from "../options/common.js"

/** What helps with a stage that failed. */
export function addDebugCommands(program: Command): void {
  withSource(program.command("fix"))
    .description("print as a patch what isort, Black and Terraform's fmt would mend")
    .option("--yes", "mend it in place")
    .action(async ({ source, yes }: { source: string; yes?: boolean }) => {
      const folder = absoluteSource(source)
      const apply = ["--progress=plain", ...callModule(folder), "fix", "export", `--path=${folder}`]
      const show = ["--progress=plain", ...callModule(folder), "fix", "as-patch", "contents"]
      exit(await daggerHere(yes ? apply : show))
    })

  withSource(program.command("alerts"))
    .description("print Prometheus' rules of alerts, as slipway.yaml makes them")
    .option("--yes", "write them to their file in the source")
    .action(async ({ source, yes }: { source: string; yes?: boolean }) => {
      const folder = absoluteSource(source)
      const call = ["--progress=plain", ...callModule(folder), "monitoring"]
      exit(
        await daggerHere(
          yes ? [...call, "generate", "export", `--path=${folder}`] : [...call, "rules", "contents"],
        ),
      )
    })

  withDeploy(withRegistry(withSecrets(withSource(program.command("debug")))))
    .description("open a shell in a stage's container as it stands before the stage's command")
    .addArgument(oneOf(new Argument("<stage>", "as the reports name it"), DEBUGGABLE, "UNKNOWN_STAGE"))
    .option("--environment <name>", "of plan, drift and deployments: which environment")
    .option("--root <folder>", "of plan and drift: which root folder")
    .option("--embedded", "of releases and deployments: the registry and the cluster of Slipway's own")
    .addHelpText("after", SHELL_HELP)
    .action(
      async (
        stage: string,
        { source, secret, ...options }: DebugOptions & { source: string; secret?: string[] },
      ) => exit(await daggerHere(debugArguments(stage, absoluteSource(source), secret, options))),
    )

  program
    .command("repro")
    .description("repeat what failed in a run, at its commit and with what it had")
    .argument("[verdict]", "the verdict.json that it left", "out/verdict.json")
    .argument("[stage]", "only this one, failed or not")
    .option("--source <folder>", "where to look for its sources, if its commit can't be fetched")
    .option("--out <folder>", "where the reports go; by default a folder repro beside the verdict")
    .option("--shell", "open a shell where the stage failed, in place of a run")
    .option("--effects", "repeat releases and deployments too")
    .option("--json", "print verdict.json instead of text")
    .action(async (verdict: string, stage: string | undefined, options: ReproOptions) => {
      const { repro } = await import("../commands/repro.js")
      exit(await repro(verdict, stage, options))
    })
}

const SHELL_HELP = `
The shell begins with what to type. Checks, tests, scans, builds and plans stand before their command, services running,
and \`again\` runs it. A release opens with regctl and cosign, logged in; a deployment with kubectl and its kubeconfig.`
