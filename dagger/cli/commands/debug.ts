import { firstEnvironment } from "../../../src/lib/config/environments.js"
import { fail } from "../../../src/lib/errors/catalogue.js"
import { CONNECTED, DEBUGGABLE, DELIVERED, groupOf } from "../../../src/lib/pipeline/stages.js"
import { callModule, daggerHere, serviceArguments } from "../../module/call.js"
import { buildArguments, type BuildOptions, secretArguments } from "./building.js"
import { whileLoggedIn } from "./acrLogin.js"
import {
  configuredRecipient,
  loginRecipient,
  registryArguments,
  type RegistryOptions,
} from "./credentials.js"
import { deployArguments, type DeployOptions } from "./deploy.js"
import { deploySettings } from "./environment.js"
import { indexArguments, type IndexOptions } from "./indexes.js"
import { infraArguments, type InfraOptions } from "./infra.js"
import { absoluteSource, oneService } from "./sourceFolder.js"

export type DebugOptions = InfraOptions &
  DeployOptions &
  RegistryOptions &
  IndexOptions & {
    now?: string
    /** The call of `with-build`, if any. */
    building?: readonly string[]
  }

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
  const deploy = deploySettings(source, options.service)
  const connects = CONNECTED.includes(group)
  const infra = { environment, root, infraSecret: [...secrets, ...infraSecret] }
  const given = {
    before: [
      ...(options.building ?? []),
      ...(connects ? infraArguments(infra, "local", [group]) : []),
      ...(DELIVERED.includes(group)
        ? deployArguments(options, [group], options.environment ?? firstEnvironment(deploy), deploy)
        : []),
      ...(group === "release"
        ? registryArguments(options, configuredRecipient(source, options.service))
        : []),
    ],
    after: connects ? [] : secretArguments(secrets),
  }
  const call = [
    ...callModule(source, now),
    ...indexArguments(options, [group]),
    ...serviceArguments(options.service),
  ]
  // The only progress style that hands the terminal over.
  return ["--progress=tty", ...call, ...given.before, "debug", `--stage=${stage}`, ...given.after, "terminal"]
}

/** Opens a stage's container, of the chosen service or the only one. Returns the exit code. */
export function debugService(
  stage: string,
  options: DebugOptions & BuildOptions & { source: string },
): Promise<number> {
  const source = absoluteSource(options.source)
  const service = oneService(source, options.service)
  return openStage(stage, source, { ...options, ...(service !== undefined && { service }) })
}

/** Opens a stage's container on this terminal, with what a build of the image may use. Returns the exit code. */
export function openStage(
  stage: string,
  source: string,
  options: DebugOptions & BuildOptions,
): Promise<number> {
  const building = groupOf(stage) === "image" ? buildArguments(source, options) : []
  const releases = groupOf(stage) === "release"
  const recipient = releases ? loginRecipient(options, source, options.service) : "nobody"
  return whileLoggedIn(recipient, () =>
    daggerHere(debugArguments(stage, source, options.secret, { ...options, building })),
  )
}
