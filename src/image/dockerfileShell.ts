import { posix } from "node:path"
import { type Container, dag, type Directory, ExistsType } from "@dagger.io/dagger"
import { dockerfileParts, ignoreFile, type PreparedDockerfile, dockerfileUpTo } from "./dockerfile.js"
import { instructionBefore, type DockerfileBuild } from "./dockerfileBuild.js"
import { fail } from "../lib/errors/catalogue.js"
import { failureReason } from "../lib/image/buildFailure.js"
import { cacheId } from "../lib/image/cacheMounts.js"
import { ignorePatterns } from "../lib/image/context.js"
import type { Instruction } from "../lib/image/dockerfile.js"
import {
  argumentsOf,
  type Mount,
  mountsOf,
  type PlannedStage,
  secretName,
  secretPath,
} from "../lib/image/plan.js"
import { mountVolume } from "../stage/volumes.js"

/** Container to inspect, with the command that it ran or would run. */
export interface Inspection {
  container: Container
  command: string[]
}

/**
 * Container before the command that failed, with the mounts of that command; the image itself if the build passed.
 *
 * Fails with IMAGE_BUILD if the failure came before any container.
 */
export async function inspect(result: DockerfileBuild): Promise<Inspection> {
  if ("image" in result) return imageInspection(result.image)
  const { prepared, failures } = result
  const [failure] = failures
  if (failure === undefined) throw new Error("a failed build has a failure")
  const { instruction, stage } = failure.place ?? {}
  if (instruction === undefined || stage === undefined || instructionBefore(instruction, stage).length === 0)
    throw fail("IMAGE_BUILD", [failureReason(failure)])
  const container = await containerBefore(prepared, instruction, stage)
  const { command } = failure
  if (command === undefined)
    return { container, command: ["echo", `nothing to run again: ${failureReason(failure)}`] }
  const mounted = await withMounts(container, instruction, prepared)
  return { container: mounted, command: [...command] }
}

async function imageInspection(image: Container): Promise<Inspection> {
  const [entrypoint, args] = await Promise.all([image.entrypoint(), image.defaultArgs()])
  return { container: image, command: [...entrypoint, ...args] }
}

/** Stage up to an instruction. Build arguments are added as variables, since commands see them as such. */
async function containerBefore(
  prepared: PreparedDockerfile,
  instruction: Instruction,
  { stage }: PlannedStage,
): Promise<Container> {
  const { text, args, dockerfile } = prepared
  const declared = (instructions: readonly Instruction[]) => instructions.flatMap(argumentsOf)
  const set = new Set([
    ...Object.keys(args),
    ...[...declared(dockerfile.globals), ...declared(stage.instructions)].flatMap(({ name, value }) =>
      value === undefined ? [] : [name],
    ),
  ])
  const earlier = stage.instructions.slice(0, stage.instructions.indexOf(instruction))
  const names = declared(earlier).flatMap(({ name }) => (set.has(name) || isPlatform(name) ? [name] : []))
  const variables = [...new Set(names)].map((name) => `${name}="$${name}"`).join(" ")
  const end = dockerfileUpTo(text, { endLine: instruction.line - 1 })
  const part = await dockerfileParts(prepared, [variables === "" ? end : `${end}ENV ${variables}\n`])
  return part(0)
}

const isPlatform = (name: string): boolean => /^TARGET(?:PLATFORM|OS|ARCH|VARIANT)$/.test(name)

/** Adds the mounts of a `RUN`. */
async function withMounts(
  container: Container,
  run: Instruction,
  prepared: PreparedDockerfile,
): Promise<Container> {
  let mounted = container
  for (const mount of mountsOf(run)) mounted = await withMount(mounted, mount, prepared)
  return mounted
}

async function withMount(
  container: Container,
  mount: Mount,
  prepared: PreparedDockerfile,
): Promise<Container> {
  const { type = "bind", target = mount.dst ?? mount.destination } = mount
  if (type === "secret") return withSecret(container, mount, prepared)
  if (type === "ssh") return withAgent(container, mount, prepared)
  if (target === undefined) return container
  const place = posix.resolve("/", await container.workdir(), target)
  if (type === "tmpfs") return container.withMountedTemp(place)
  // The engine's own name, so that it is the same volume.
  if (type === "cache") return container.withMountedCache(place, mountVolume(cacheId(mount, prepared.caches)))
  return type === "bind" ? withBind(container, mount, place, prepared) : container
}

function withSecret(container: Container, mount: Mount, { secrets }: PreparedDockerfile): Container {
  const { env, uid = "0", gid = "0", mode = "0400" } = mount
  const { secret } = secrets.find(({ name }) => name === secretName(mount)) ?? {}
  if (secret === undefined) return container
  if (env !== undefined) return container.withSecretVariable(env, secret)
  const options = { owner: `${uid}:${gid}`, mode: Number.parseInt(mode, 8) }
  return container.withMountedSecret(secretPath(mount), secret, options)
}

/** Mounts the agent as the engine does, whose path a mount without a target leaves to it. */
function withAgent(container: Container, mount: Mount, { ssh }: PreparedDockerfile): Container {
  if (ssh === undefined) return container
  const target = mount.target ?? mount.dst ?? mount.destination ?? "/run/buildkit/ssh_agent.0"
  const { uid = "0", gid = "0" } = mount
  const socket = container.withUnixSocket(target, ssh, { owner: `${uid}:${gid}` })
  return socket.withEnvVariable("SSH_AUTH_SOCK", target)
}

async function withBind(
  container: Container,
  { from, source, src }: Mount,
  place: string,
  prepared: PreparedDockerfile,
): Promise<Container> {
  const files = await filesOf(from, prepared)
  const path = posix.join("/", source ?? src ?? "")
  const folder = path === "/" || (await files.exists(path, { expectedType: ExistsType.DirectoryType }))
  return folder
    ? container.withMountedDirectory(place, files.directory(path))
    : container.withMountedFile(place, files.file(path))
}

/** Files of a stage or an image; without a name, the build context. */
async function filesOf(from: string | undefined, prepared: PreparedDockerfile): Promise<Directory> {
  const { source, file, text, stages = [], options } = prepared
  if (from === undefined) return source.filter({ exclude: ignorePatterns(await ignoreFile(source, file)) })
  const end = stages.find(({ stage }) => stage.name === from.toLowerCase())?.stage.instructions.at(-1)
  if (end !== undefined) return (await dockerfileParts(prepared, [dockerfileUpTo(text, end)]))(0).rootfs()
  const { platform } = options
  return dag
    .container(platform === undefined ? {} : { platform })
    .from(from)
    .rootfs()
}
