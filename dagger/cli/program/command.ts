import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Command } from "commander"
import { REPOSITORY } from "../../lib/home.js"
import { addCleanupCommand } from "../areas/cleanup.js"
import { addCompletion } from "./completion.js"
import { addDeployCommands } from "../areas/deploy.js"
import { EXAMPLES } from "./examples.js"
import { addImagesCommands } from "../areas/images.js"
import { addInternalCommands } from "../areas/internal.js"
import { addMachineCommands } from "../areas/machine.js"
import { addDebugCommands } from "../areas/debug.js"
import { addMetricsCommands } from "../areas/metrics.js"
import { addReleaseCommands } from "../areas/release.js"
import { addRunCommands } from "../areas/run.js"
import { addWrappersCommand } from "../areas/wrappers.js"
import { nodesOf, treeOf } from "../options/commandTree.js"
import { addPostDeployCommands } from "../areas/postDeploy.js"

const { version: VERSION } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8")) as {
  version: string
}

/** Builds the command with its subcommands; each file in `areas` adds those of one area. */
export function slipway(): Command {
  const program = new Command("slipway")
    .exitOverride()
    // `rollback --version v1.2.2` has its own meaning.
    .enablePositionalOptions()
    .version(VERSION, "--version", "print Slipway's version")
    .description("CI/CD pipeline for Python services: from a commit to production, in containers.")
    .addHelpText(
      "after",
      "\nExit codes: 0 passed, 1 gate failed, 2 changes or drift, 3 infrastructure failed, 4 bad input, 130 interrupted",
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
  ["Releases:", addImagesCommands],
  ["Deployments:", addDeployCommands],
  ["Deployments:", addPostDeployCommands],
  ["Deployments:", addCleanupCommand],
  ["Deployments:", addMetricsCommands],
  ["Fixing failures:", addDebugCommands],
  ["This machine:", addMachineCommands],
  ["This machine:", addCompletion],
  ["Internal:", addInternalCommands],
] as const
