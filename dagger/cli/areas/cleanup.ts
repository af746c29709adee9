import type { Command } from "commander"
import type { CleanupOptions } from "../commands/cleanup.js"
import {
  CREDENTIALS,
  DEPLOY_CREDENTIALS,
  exit,
  withDeploy,
  withOneOfEnvironments,
  withRegistry,
  withRun,
  withRunId,
} from "../options/common.js"

/** Adds the command that removes what earlier runs left behind. */
export function addCleanupCommand(program: Command): void {
  withOneOfEnvironments(
    withRunId(withDeploy(withRegistry(withRun(program.command("cleanup"))))),
    "clean up only this environment's cluster; by default all",
  )
    .description("list stale images, Jobs, ReplicaSets, previews and expired resources")
    .option("--yes", "delete them; deleted images can't be restored")
    .option("--embedded", "use the embedded registry and cluster")
    .addHelpText("after", CREDENTIALS)
    .addHelpText("after", DEPLOY_CREDENTIALS)
    .action(async (options: CleanupOptions) => {
      const { runCleanup } = await import("../commands/cleanup.js")
      exit(await runCleanup(options))
    })
}
