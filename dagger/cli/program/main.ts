import { CommanderError } from "commander"
import { ExitCode, SlipwayError } from "../../../src/lib/errors/catalogue.js"
import { slipway } from "./command.js"

// Whoever reads the first lines only, as `head` does, has read enough: `dagger` still ends by itself.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error
})

try {
  await slipway().parseAsync()
} catch (error) {
  if (error instanceof SlipwayError) console.error(`slipway: ${error.message}`)
  else if (!(error instanceof CommanderError)) throw error
  // Commander ends with 1 for arguments that it can't read, which here is a gate that failed.
  process.exitCode =
    error.exitCode === 0 || error instanceof SlipwayError ? error.exitCode : ExitCode.badInput
}
