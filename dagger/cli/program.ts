import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Command } from "commander"
import { REPOSITORY } from "../lib/home.js"
import { addCleanupCommand } from "./cleanup.js"
import { addCompletion } from "./completion.js"
import { addDeployCommands } from "./deploy.js"
import { EXAMPLES } from "./examples.js"
import { addInnerCommands } from "./inner.js"
import { addMachineCommands } from "./machine.js"
import { addMendCommands } from "./mend.js"
import { addMetricsCommands } from "./metrics.js"
import { addReleaseCommands } from "./release.js"
import { addRunCommands } from "./run.js"
import { addWrappersCommand } from "./wrappers.js"
import { nodesOf, treeOf } from "./tree.js"
import { addTrialCommands } from "./trials.js"

const { version: VERSION } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8")) as {
  version: string
}

/** The whole command, with its subcommands by area: each file adds those of one. */
export function slipway(): Command {
  const program = new Command("slipway")
    .exitOverride()
    // `rollback --version v1.2.2` is another one.
    .enablePositionalOptions()
    .version(VERSION, "--version", "print Slipway's version")
    .description(
      "Takes a Python service from a commit to production, in containers, the same way everywhere.",
    )
    .addHelpText(
      "after",
      "\nExit codes: 0 passed, 1 a gate failed, 2 changes or drift, 3 the infrastructure failed, 4 bad input",
    )
  for (const [heading, add] of AREAS) add(program.commandsGroup(heading))
  for (const { path, command } of nodesOf(treeOf(program))) addExamples(command, EXAMPLES[path] ?? [])
  return program
}

function addExamples(command: Command, examples: readonly string[]): void {
  if (examples.length === 0) return
  command.addHelpText("after", ["", "Examples:", ...examples.map((words) => `  slipway ${words}`)].join("\n"))
}

const AREAS = [
  ["The pipeline:", addRunCommands],
  ["CI hosts:", addWrappersCommand],
  ["Releases:", addReleaseCommands],
  ["Deployments:", addDeployCommands],
  ["Deployments:", addTrialCommands],
  ["Deployments:", addCleanupCommand],
  ["Deployments:", addMetricsCommands],
  ["Where something failed:", addMendCommands],
  ["This machine:", addMachineCommands],
  ["This machine:", addCompletion],
  ["Inner:", addInnerCommands],
] as const
