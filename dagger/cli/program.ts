import { Command } from "commander"
import { addDeployCommands } from "./deploy.js"
import { addInnerCommands } from "./inner.js"
import { addMachineCommands } from "./machine.js"
import { addMendCommands } from "./mend.js"
import { addReleaseCommands } from "./release.js"
import { addRunCommands } from "./run.js"

/** The whole command, with its subcommands by area: each file adds those of one. */
export function slipway(): Command {
  const program = new Command("slipway")
    .exitOverride()
    .description(
      "Takes a Python service from a commit to production, in containers, the same way everywhere.",
    )
    .addHelpText(
      "after",
      "\nExit codes: 0 passed, 1 a gate failed, 2 changes or drift, 3 the infrastructure failed, 4 bad input",
    )
  for (const [heading, add] of AREAS) add(program.commandsGroup(heading))
  return program
}

const AREAS = [
  ["The pipeline:", addRunCommands],
  ["Releases:", addReleaseCommands],
  ["Deployments:", addDeployCommands],
  ["Where something failed:", addMendCommands],
  ["This machine:", addMachineCommands],
  ["Inner:", addInnerCommands],
] as const
