import { CommanderError } from "commander"
import { ExitCode, SlipwayError } from "../../../src/lib/errors/catalogue.js"
import { slipway } from "./command.js"

// A reader such as `head` may close the pipe early; `dagger` still ends by itself.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error
})

try {
  await slipway().parseAsync()
} catch (error) {
  if (error instanceof SlipwayError) console.error(`slipway: ${error.message}`)
  else if (!(error instanceof CommanderError)) throw error
  // Commander exits with 1 for invalid arguments, which here means a failed gate.
  process.exitCode =
    error.exitCode === 0 || error instanceof SlipwayError ? error.exitCode : ExitCode.badInput
}
