import type { Command } from "commander"
import { fail } from "../../../src/lib/errors/catalogue.js"
import { isPreviewNumber, previewOf } from "../../../src/lib/text/previews.js"
import { groupsByHand } from "../../../src/lib/pipeline/policy.js"
import type { CiOptions } from "../commands/ci.js"
import { chosenEnvironment } from "../commands/environment.js"
import type { DeployOptions, WatchOptions } from "../commands/deploy.js"
import { optionalArgument } from "../../module/arguments.js"
import {
  DEPLOY_CREDENTIALS,
  PREVIEW_CREDENTIALS,
  exit,
  exitAfterRun,
  withDeploy,
  withEnvironment,
  withInfraSecrets,
  withOffOrder,
  withPolicy,
  withRegistry,
  withRelease,
  withRunId,
  withSource,
} from "../options/common.js"

type InspectOptions = DeployOptions & {
  source: string
  json?: boolean
  readOnly?: boolean
  since?: string
  follow?: string
}

/** Adds the commands that change or inspect an environment. */
export function addDeployCommands(program: Command): void {
  withOffOrder(withRunId(withInfraSecrets(withEnvironment(withRelease(program.command("deploy")), "first"))))
    .description("deploy a release blue-green, and roll back on failure")
    .requiredOption("--tag <tag>", "release to deploy: a tag, a digest or a full image reference")
    .addHelpText("after", DEPLOY_CREDENTIALS)
    .action((options: CiOptions) => exitAfterRun({ ...options, event: "manual" }, groupsByHand(false)))

  withRunId(withEnvironment(withRelease(program.command("rollback")), "last"))
    .description("roll back to an earlier version, with the settings that it had")
    .option("--version <version>", "version or digest to roll back to; by default the last good one")
    .addHelpText("after", DEPLOY_CREDENTIALS)
    .action((options: CiOptions) =>
      exitAfterRun({ ...options, event: "manual", rollback: true }, groupsByHand(true)),
    )

  withRunId(withPolicy(withRegistry(withEnvironment(withSource(program.command("watch")), "last"))))
    .description("watch a deployment: alert on problems, and roll back if slipway.yaml says so")
    .option("--duration <time>", "how long to watch, such as 30m; by default as in slipway.yaml")
    .option("--embedded", "use the embedded cluster and registry")
    .addHelpText("after", DEPLOY_CREDENTIALS)
    .action(async (options: WatchOptions) => {
      const { watchDeployment } = await import("../commands/deploy.js")
      exit(await watchDeployment(options))
    })

  addPreviewCommands(program.command("preview").description("deploy or delete the preview of a pull request"))
  addInspectCommands(program)
}

/** Adds the commands for previews; all others take them as environments, such as `logs --environment preview-12`. */
function addPreviewCommands(preview: Command): void {
  const number = ["<number>", "number of the pull request"] as const
  withRunId(withDeploy(withRelease(preview.command("up").argument(...number))))
    .description("deploy an image to the preview of a pull request, in a namespace of its own")
    .requiredOption("--tag <tag>", "image to deploy: a tag, a digest or a full image reference")
    .addHelpText("after", PREVIEW_CREDENTIALS)
    .action((given: string, options: CiOptions) => {
      const environment = chosenEnvironment(options.source, options.service, previewOf(pullRequest(given)))
      return exitAfterRun({ ...options, event: "manual", environment }, groupsByHand(true))
    })

  withDeploy(withSource(preview.command("down").argument(...number)))
    .description("delete the preview of a pull request, with all that is in its namespace")
    .option("--embedded", "use the embedded cluster")
    .addHelpText("after", PREVIEW_CREDENTIALS)
    .action(async (given: string, options: InspectOptions) => {
      const { callDeploy } = await import("../commands/deploy.js")
      const environment = chosenEnvironment(options.source, options.service, previewOf(pullRequest(given)))
      exit(await callDeploy("down", { ...options, environment }))
    })
}

/** Reads the number of a pull request. Fails with INVALID_PULL_REQUEST. */
function pullRequest(given: string): string {
  if (!isPreviewNumber(given)) throw fail("INVALID_PULL_REQUEST", [given])
  return given
}

function addInspectCommands(program: Command): void {
  const look = (name: "status" | "logs" | "events" | "finish" | "ledger", description: string): Command =>
    withEnvironment(withSource(program.command(name)), "last")
      .description(description)
      .option("--embedded", "use the embedded cluster")

  look(
    "status",
    "show versions, traffic and rollouts of an environment, and reconcile an interrupted rollout",
  )
    .option("--json", "print JSON")
    .option("--read-only", "only show, don't reconcile")
    .action(async (options: InspectOptions) => {
      const { callDeploy } = await import("../commands/deploy.js")
      const more = [...(options.json ? ["--as-json"] : []), ...(options.readOnly ? ["--read-only"] : [])]
      exit(await callDeploy("status", options, more))
    })

  look("logs", "print the logs of all pods")
    .option("--since <seconds>", "age of the oldest line, in seconds; by default all lines")
    .option("--follow <seconds>", "keep printing new lines for this many seconds; by default don't follow")
    .action(async (options: InspectOptions) => {
      const { callDeploy } = await import("../commands/deploy.js")
      const { since, follow } = options
      exit(
        await callDeploy("logs", options, [
          ...optionalArgument("since", since),
          ...optionalArgument("follow", follow),
        ]),
      )
    })

  look("ledger", "print the deployment history of an environment, newest first")
    .option("--json", "print the entries as stored, JSON lines")
    .action(async (options: InspectOptions) => {
      const { callDeploy } = await import("../commands/deploy.js")
      exit(await callDeploy(options.json ? "ledger" : "history", options))
    })

  for (const [name, description] of [
    ["events", "print the cluster's events, most important first"],
    ["finish", "accept a version that is on hold for lack of requests"],
  ] as const)
    look(name, description).action(async (options: InspectOptions) => {
      const { callDeploy } = await import("../commands/deploy.js")
      exit(await callDeploy(name, options))
    })
}
