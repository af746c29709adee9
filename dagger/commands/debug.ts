import { fail } from "../../src/lib/errors.js"
import { hasStage, STAGE_NAMES } from "../../src/lib/stages.js"
import { callModule } from "../dagger.js"
import { secretArguments } from "./credentials.js"

/** Those with a container to look into: a release is made by effects, which aren't repeated to be looked at. */
const DEBUGGABLE = STAGE_NAMES.filter((name) => !hasStage("release", name))

/** The arguments of `dagger` that open a stage's container. Fails with UNKNOWN_STAGE. */
export function debugArguments(stage: string, source: string, secrets: readonly string[] = []): string[] {
  if (!DEBUGGABLE.some((name) => name === stage)) throw fail("UNKNOWN_STAGE", [stage, DEBUGGABLE])
  const call = [...callModule(source), "debug", `--stage=${stage}`, ...secretArguments(secrets), "terminal"]
  return ["--progress=tty", ...call] // the one style that hands the terminal over
}
