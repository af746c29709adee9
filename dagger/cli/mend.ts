import { Argument, type Command } from "commander"
import { DEBUGGABLE } from "../../src/lib/stages.js"
import { debugArguments } from "../commands/debug.js"
import type { InfraOptions } from "../commands/infra.js"
import { absoluteSource } from "../commands/source.js"
import { callModule, daggerHere } from "../dagger.js"
import { oneOf } from "./choices.js"
import { exit, withSecrets, withSource } from "./options.js"

/** What helps with a stage that failed. */
export function addMendCommands(program: Command): void {
  withSource(program.command("fix"))
    .description("print as a patch what isort, Black and Terraform's fmt would mend")
    .option("--yes", "mend it in place")
    .action(async ({ source, yes }: { source: string; yes?: boolean }) => {
      const folder = absoluteSource(source)
      const apply = ["--progress=plain", ...callModule(folder), "fix", "export", `--path=${folder}`]
      const show = ["--progress=plain", ...callModule(folder), "fix", "as-patch", "contents"]
      exit(await daggerHere(yes ? apply : show))
    })

  withSecrets(withSource(program.command("debug")))
    .addArgument(oneOf(new Argument("<stage>", "as the reports name it"), DEBUGGABLE, "UNKNOWN_STAGE"))
    .description("open a shell in a stage's container as it stands before the stage's command")
    .option("--environment <name>", "of plan and drift: which environment")
    .option("--root <folder>", "of plan and drift: which root folder")
    .action(
      async (
        stage: string,
        { source, secret, ...options }: InfraOptions & { source: string; secret?: string[] },
      ) => exit(await daggerHere(debugArguments(stage, absoluteSource(source), secret, options))),
    )
}
