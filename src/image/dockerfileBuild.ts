import type { Container } from "@dagger.io/dagger"
import {
  type DockerfileInputs,
  dockerfileParts,
  ignoreFile,
  type PreparedDockerfile,
  prepareDockerfile,
  dockerfileUpTo,
  withoutContext,
} from "./dockerfile.js"
import { isExecError } from "../lib/run/execError.js"
import {
  type BuildFailure,
  buildFailure,
  complaintLine,
  type EngineError,
  type DockerfilePlace,
  placeOfCommand,
  placeOfLine,
  placeWithoutStage,
  placesIn,
} from "../lib/image/buildFailure.js"
import { ignorePatterns } from "../lib/image/context.js"
import { EPOCH, type Instruction, originalLine, withEpoch } from "../lib/image/dockerfile.js"
import {
  argumentsOf,
  emulatedRuns,
  isFromScratch,
  mountsOf,
  type PlannedStage,
  samePlatform,
  secretPath,
} from "../lib/image/plan.js"
import { instructionProblems } from "../lib/image/unsupported.js"

export type DockerfileBuild = { prepared: PreparedDockerfile } & (
  { image: Container; emulated: Instruction[] } | { failures: BuildFailure[] }
)

/**
 * Builds the service's own Dockerfile.
 *
 * A failed build is a result and doesn't throw. Fails with NO_DOCKERFILE, SECRET_UNREAD or SECRET_TWICE.
 */
export async function buildDockerfile(inputs: DockerfileInputs): Promise<DockerfileBuild> {
  const prepared = await prepareDockerfile(inputs)
  const certain = await certainFailures(prepared)
  if (certain.length > 0) return { prepared, failures: certain }
  try {
    const image = (await dockerfileParts(prepared, [targetOnly(prepared)]))(0)
    const clean = await withoutArguments(withoutSecrets(await image.sync(), prepared), prepared)
    const foreign = await foreignImage(clean, prepared)
    if (foreign !== undefined) return { prepared, failures: [foreign] }
    return { prepared, image: clean, emulated: emulatedRuns(prepared.stages ?? [], prepared.platforms) }
  } catch (error) {
    return { prepared, failures: [await explained(prepared, engineError(error))] }
  }
}

function failureOf(prepared: PreparedDockerfile, error: EngineError, place?: DockerfilePlace): BuildFailure {
  const { file, text, platforms, ssh, git } = prepared
  const secrets = prepared.secrets.map(({ name }) => name)
  const supplied = { secrets, ssh: ssh !== undefined, git }
  return buildFailure({ file, text, platform: platforms.target, supplied }, error, place)
}

/** Failures that are certain before the build: its target, and all instructions that can't be built. */
async function certainFailures(prepared: PreparedDockerfile): Promise<BuildFailure[]> {
  const { source, file, git, ssh, stages = [], dockerfile } = prepared
  const misfit = targetProblem(prepared)
  if (misfit !== undefined) return [misfit]
  const problems = instructionProblems(stages, dockerfile.stages, {
    secrets: prepared.secrets.map(({ name }) => name),
    ssh: ssh !== undefined,
    git,
    ignored: ignorePatterns(await ignoreFile(source, file)),
  })
  return problems.map(({ message, instruction, stage }) => {
    const { line, endLine } = instruction
    return failureOf(prepared, { message }, { line, endLine, instruction, stage })
  })
}

/** Failure of the target: an unknown one, or a fixed platform. */
function targetProblem(prepared: PreparedDockerfile): BuildFailure | undefined {
  const { dockerfile, stages, platforms, target } = prepared
  if (target !== undefined && stages === undefined) {
    const names = dockerfile.stages.flatMap(({ name }) => (name === "" ? [] : [name])).join(", ")
    const message = `it has no stage "${target}"${names === "" ? "" : `, only ${names}`}`
    return failureOf(prepared, { message })
  }
  const last = stages?.at(-1)
  if (last === undefined || last.platform === "" || samePlatform(last.platform, platforms.target))
    return undefined
  return otherPlatform(prepared, last.platform)
}

function otherPlatform(prepared: PreparedDockerfile, platform: string): BuildFailure {
  const { stages = [], platforms } = prepared
  const message = `the image is always for ${platform}, and can't be built for ${platforms.target}`
  return failureOf(prepared, { message }, placesIn(stages.slice(-1))[0])
}

/**
 * Failure for an image that was built for another platform, because a digest names its base.
 *
 * An image from scratch always fits, although the engine (0.21.8) reports its own platform for it.
 */
async function foreignImage(
  image: Container,
  prepared: PreparedDockerfile,
): Promise<BuildFailure | undefined> {
  const { stages = [], platforms } = prepared
  const platform = await image.platform()
  return samePlatform(platform, platforms.target) || isFromScratch(stages)
    ? undefined
    : otherPlatform(prepared, platform)
}

/** Instruction before another one in its stage; none for the first. */
export const instructionBefore = (instruction: Instruction, { stage }: PlannedStage): Instruction[] =>
  stage.instructions.slice(0, stage.instructions.indexOf(instruction)).slice(-1)

const lastOf = ({ stages }: PreparedDockerfile): Instruction[] =>
  stages?.at(-1)?.stage.instructions.slice(-1) ?? []

/** Text of the Dockerfile up to the target stage. */
const targetOnly = (prepared: PreparedDockerfile): string =>
  dockerfileUpTo(prepared.text, lastOf(prepared)[0] ?? { endLine: Infinity })

/** Removes the secrets that the engine (0.21.8) leaves mounted in the image's container, one for each mount. */
function withoutSecrets(image: Container, { stages = [], secrets }: PreparedDockerfile): Container {
  const mounts = placesIn(stages)
    .flatMap(({ instruction }) => mountsOf(instruction))
    .filter(({ type }) => type === "secret")
  const unmounted = [...secrets.map(({ name }) => ({ id: name })), ...mounts].reduce<Container>(
    (container, mount) => container.withoutMount(secretPath(mount)),
    image,
  )
  return mounts.reduce((container, { env }) => container.withoutSecretVariable(env ?? ""), unmounted)
}

/** Removes the build arguments that the engine (0.21.8) leaves in the image's environment. */
async function withoutArguments(image: Container, prepared: PreparedDockerfile): Promise<Container> {
  const { stages = [] } = prepared
  const declared = placesIn(stages).flatMap(({ instruction }) => argumentsOf(instruction))
  const names = new Set([EPOCH, ...declared.map(({ name }) => name)])
  const settings = withoutContext(settingsOf(prepared), prepared)
  const foreign = await Promise.all(
    [...names].map(async (name) => ((await isSet(settings, name)) ? [] : [name])),
  )
  return foreign.flat().reduce((clean, name) => clean.withoutEnvVariable(name), image)
}

/** True if a variable is set. The SDK returns null for others, which its types don't say. */
const isSet = async (container: Container, name: string): Promise<boolean> =>
  ((await container.envVariable(name)) as string | null) !== null

/** Dockerfile without instructions that change files: its image has the same environment and is quick to build. */
function settingsOf(prepared: PreparedDockerfile): string {
  const lines = targetOnly(prepared).split("\n")
  for (const { instruction, line, endLine } of placesIn(prepared.stages ?? []))
    if (["RUN", "COPY", "ADD", "WORKDIR"].includes(instruction.keyword)) lines.fill("", line - 1, endLine)
  return lines.join("\n")
}

/** Converts an error of the SDK. Modules can't import its class in the official runtime. */
function engineError(error: unknown): EngineError {
  if (!isExecError(error)) return { message: error instanceof Error ? error.message : String(error) }
  const { message, exitCode, stdout, stderr } = error
  const { cmd } = error as { cmd?: string[] }
  return { message, exitCode, stdout, stderr, ...(cmd !== undefined && { command: cmd }) }
}

/** Finds the instruction that failed. */
async function explained(prepared: PreparedDockerfile, error: EngineError): Promise<BuildFailure> {
  const { dockerfile, stages = [], text } = prepared
  const said = complaintLine(error, withEpoch(text))
  const line = said && originalLine(text, said)
  if (line !== undefined) return failureOf(prepared, error, placeOfLine(dockerfile, line))
  const known = placeOfCommand(stages, error.command) ?? placeWithoutStage(dockerfile)
  if (known !== undefined) return failureOf(prepared, error, known)
  if (isConversion(error)) return failureOf(prepared, error, await unparsedPlace(prepared))
  const found = await failedPlace(prepared)
  if (found !== undefined) return failureOf(prepared, found.error, found.place)
  const passing = failureOf(prepared, error)
  return { ...passing, infrastructure: true, message: `${passing.message} (and passed when repeated)` }
}

/** True for an error before any command ran. */
const isConversion = ({ message }: EngineError): boolean => message.startsWith("failed to convert Dockerfile")

/** First instruction that the engine can't parse. Runs nothing. */
async function unparsedPlace(prepared: PreparedDockerfile): Promise<DockerfilePlace | undefined> {
  for (const place of placesIn(prepared.stages ?? []))
    if ((await conversionProblem(prepared, dockerfileUpTo(prepared.text, place))) !== undefined) return place
  return undefined
}

/** First instruction that fails. Those before it are cached. */
async function failedPlace(
  prepared: PreparedDockerfile,
): Promise<{ place: DockerfilePlace; error: EngineError } | undefined> {
  const places = placesIn(prepared.stages ?? [])
  const part = await dockerfileParts(
    prepared,
    places.map((place) => dockerfileUpTo(prepared.text, place)),
  )
  for (const [index, place] of places.entries()) {
    try {
      await part(index).sync()
    } catch (error) {
      return { place, error: engineError(error) }
    }
  }
  return undefined
}

/** Name of a secret that never exists: a build that requires it has been parsed, and fails before running anything. */
const NOTHING = "slipway-nothing"

/** Error in parsing a Dockerfile; undefined for a valid one. */
async function conversionProblem(prepared: PreparedDockerfile, text: string): Promise<Error | undefined> {
  const last = `RUN --mount=type=secret,id=${NOTHING},required=true true`
  try {
    await withoutContext(`${text}\n${last}\n`, prepared).sync()
    return undefined
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return error.message.includes(`"${NOTHING}"`) ? undefined : error
  }
}
