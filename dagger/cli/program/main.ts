import { CommanderError } from "commander"
import { ExitCode, SlipwayError } from "../../../src/lib/errors/catalogue.js"
import { guardOutput, inCiJob } from "../../lib/output.js"
import { slipway } from "./command.js"

if (inCiJob()) guardOutput()

// A reader such as `head` may close the pipe early; `dagger` still ends by itself.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error
})

try {
  await slipway().parseAsync()
} catch (error) {
  if (error instanceof CommanderError)
    // Commander exits with 1 for invalid arguments, which here means a failed gate.
    process.exitCode = error.exitCode === 0 ? 0 : ExitCode.badInput
  else {
    // Printed here, since Node's own way of printing an error passes no guard.
    console.error(error instanceof SlipwayError ? `slipway: ${error.message}` : error)
    if (!(error instanceof SlipwayError)) process.exit(1)
    process.exitCode = error.exitCode
  }
}
