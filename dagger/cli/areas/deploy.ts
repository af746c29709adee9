import type { Command } from "commander"
import { type CiOptions, runCi } from "../commands/ci.js"
import type { DeployOptions, WatchOptions } from "../commands/deploy.js"
import { optionalArgument } from "../../module/arguments.js"
import {
  DEPLOY_CREDENTIALS,
  exit,
  withEnvironment,
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

/** What changes an environment, and what looks at one. */
export function addDeployCommands(program: Command): void {
  withRunId(withEnvironment(withRelease(program.command("deploy")), "staging"))
    .description(
      "deploy a release: new pods beside the old ones, tried, switched to, and taken back where it goes wrong",
    )
    .requiredOption("--tag <tag>", "a tag, a digest or a whole reference")
    .addHelpText("after", DEPLOY_CREDENTIALS)
    .action(async (options: CiOptions) =>
      exit(await runCi({ ...options, event: "manual" }, ["deploy", "tell"])),
    )

  withRunId(withEnvironment(withRelease(program.command("rollback")), "production"))
    .description("go back to an earlier version, by its digest and with the settings that it had")
    .option("--version <version>", "its name or digest; by default the last good one")
    .addHelpText("after", DEPLOY_CREDENTIALS)
    .action(async (options: CiOptions) =>
      exit(await runCi({ ...options, event: "manual", rollback: true }, ["deploy", "tell"])),
    )

  withRunId(withRegistry(withEnvironment(withSource(program.command("watch")), "production")))
    .description(
      "watch what is deployed, raise an alert for what isn't well, and go back where the settings say so",
    )
    .option("--duration <time>", "for how long, such as 30m; by default as slipway.yaml says")
    .option("--embedded", "the cluster and the registry of Slipway's own")
    .addHelpText("after", DEPLOY_CREDENTIALS)
    .action(async (options: WatchOptions) => {
      const { watchDeployment } = await import("../commands/deploy.js")
      exit(await watchDeployment(options))
    })

  addInspectCommands(program)
}

function addInspectCommands(program: Command): void {
  const look = (name: "status" | "logs" | "events" | "finish" | "ledger", description: string): Command =>
    withEnvironment(withSource(program.command(name)), "production")
      .description(description)
      .option("--embedded", "the cluster of Slipway's own")

  look(
    "status",
    "say what runs, who has the traffic and what is under way; puts in order what was interrupted",
  )
    .option("--json", "as JSON")
    .option("--read-only", "only look")
    .action(async (options: InspectOptions) => {
      const { callDeploy } = await import("../commands/deploy.js")
      const more = [...(options.json ? ["--json"] : []), ...(options.readOnly ? ["--read-only"] : [])]
      exit(await callDeploy("status", options, more))
    })

  look("logs", "print the logs of all pods")
    .option("--since <seconds>", "how far to go back")
    .option("--follow <seconds>", "go on for so long, and print what comes")
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

  look("ledger", "print all that was done to the environment, the newest first")
    .option("--json", "as it is kept, an entry a line")
    .action(async (options: InspectOptions) => {
      const { callDeploy } = await import("../commands/deploy.js")
      exit(await callDeploy(options.json ? "ledger" : "history", options))
    })

  for (const [name, description] of [
    ["events", "print what happened in the cluster, what matters first"],
    ["finish", "accept a version that is held for lack of requests"],
  ] as const)
    look(name, description).action(async (options: InspectOptions) => {
      const { callDeploy } = await import("../commands/deploy.js")
      exit(await callDeploy(name, options))
    })
}
