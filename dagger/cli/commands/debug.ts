import { fail } from "../../../src/lib/errors/catalogue.js"
import { CONNECTED, DEBUGGABLE, DELIVERED, groupOf } from "../../../src/lib/pipeline/stages.js"
import { callModule } from "../../module/call.js"
import {
  configuredRecipient,
  registryArguments,
  type RegistryOptions,
  secretArguments,
} from "./credentials.js"
import { deployArguments, type DeployOptions } from "./deploy.js"
import { infraArguments, type InfraOptions } from "./infra.js"

export type DebugOptions = InfraOptions & DeployOptions & RegistryOptions & { now?: string }

/** The arguments of `dagger` that open a stage's container. Fails with UNKNOWN_STAGE. */
export function debugArguments(
  stage: string,
  source: string,
  secrets: readonly string[] = [],
  options: DebugOptions = {},
): string[] {
  const group = groupOf(stage)
  if (group === undefined || !DEBUGGABLE.some((name) => name === stage))
    throw fail("UNKNOWN_STAGE", [stage, DEBUGGABLE])
  const { now, environment, root, infraSecret = [] } = options
  const connects = CONNECTED.includes(group)
  const infra = { environment, root, infraSecret: [...secrets, ...infraSecret] }
  const given = {
    before: [
      ...(connects ? infraArguments(infra, "local", [group]) : []),
      ...(DELIVERED.includes(group)
        ? deployArguments(options, [group], options.environment ?? "staging")
        : []),
      ...(group === "release" ? registryArguments(options, configuredRecipient(source)) : []),
    ],
    after: connects ? [] : secretArguments(secrets),
  }
  const call = callModule(source, now)
  // The only progress style that hands the terminal over.
  return ["--progress=tty", ...call, ...given.before, "debug", `--stage=${stage}`, ...given.after, "terminal"]
}
