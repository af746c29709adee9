import type { Command } from "commander"
import type { CleanupOptions } from "../commands/cleanup.js"
import {
  CREDENTIALS,
  DEPLOY_CREDENTIALS,
  environmentOption,
  exit,
  withDeploy,
  withRegistry,
  withRun,
  withRunId,
} from "../options/common.js"

/** What takes away what earlier runs left. */
export function addCleanupCommand(program: Command): void {
  withRunId(withDeploy(withRegistry(withRun(program.command("cleanup")))))
    .description("show what nobody needs any more: images, Jobs, ReplicaSets, previews, what has run out")
    .option("--yes", "delete it; images are gone for good")
    .addOption(environmentOption("clean only its cluster"))
    .option("--embedded", "the registry and the cluster of Slipway's own")
    .addHelpText("after", CREDENTIALS)
    .addHelpText("after", DEPLOY_CREDENTIALS)
    .action(async (options: CleanupOptions) => {
      const { cleanUp } = await import("../commands/cleanup.js")
      exit(await cleanUp(options))
    })
}
