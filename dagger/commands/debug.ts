import { fail } from "../../src/lib/errors.js"
import { DEBUGGABLE, hasStage } from "../../src/lib/stages.js"
import { callModule } from "../dagger.js"
import { secretArguments } from "./credentials.js"
import { infraArguments, type InfraOptions } from "./infra.js"

/** The arguments of `dagger` that open a stage's container. Fails with UNKNOWN_STAGE. */
export function debugArguments(
  stage: string,
  source: string,
  secrets: readonly string[] = [],
  options: InfraOptions = {},
): string[] {
  if (!DEBUGGABLE.some((name) => name === stage)) throw fail("UNKNOWN_STAGE", [stage, DEBUGGABLE])
  const connects = hasStage("plan", stage) || hasStage("drift", stage)
  const call = [
    ...callModule(source),
    ...(connects ? infraArguments({ ...options, infraSecret: [...secrets] }, "local", [stage]) : []),
    ...["debug", `--stage=${stage}`, ...(connects ? [] : secretArguments(secrets)), "terminal"],
  ]
  return ["--progress=tty", ...call] // the one style that hands the terminal over
}
