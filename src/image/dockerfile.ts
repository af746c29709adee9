import {
  type BuildArg,
  type Container,
  dag,
  type Directory,
  type DirectoryDockerBuildOpts,
  type Platform,
  type Socket,
} from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import { fail } from "../lib/errors/catalogue.js"
import {
  type Dockerfile,
  EPOCH,
  type Instruction,
  parseDockerfile,
  withEpoch,
} from "../lib/image/dockerfile.js"
import { ignorePatterns } from "../lib/image/context.js"
import {
  mountsAgent,
  type PlannedStage,
  type Platforms,
  planStages,
  platformArguments,
} from "../lib/image/plan.js"
import { type ImagesLock, lockedReference, replaceImages, writtenImages } from "../lib/image/lock.js"
import { NO_TIME } from "../lib/image/revision.js"
import { withOwnCaches } from "../lib/image/cacheMounts.js"
import { volumeName } from "../lib/volumes/names.js"
import type { ImageSources } from "../stage/images.js"
import type { NamedSecret } from "../stage/secrets.js"
import { type BuildAccess, mountableSecrets, withHistory } from "./access.js"

/** Inputs of a Dockerfile build. */
export interface DockerfileInputs {
  source: Directory
  config: Config
  platform: string
  access: BuildAccess
  /** The cache volumes that it may use. */
  space: string
}

/** Dockerfile that has been parsed, with the arguments of its build. */
export interface PreparedDockerfile {
  source: Directory
  file: string
  text: string
  dockerfile: Dockerfile
  platforms: Platforms
  /** The stages that the image needs; undefined if the target doesn't exist. */
  stages: PlannedStage[] | undefined
  args: Record<string, string>
  secrets: NamedSecret[]
  /** The SSH agent; undefined too if no command mounts one. */
  ssh: Socket | undefined
  /** True if the source has its history. */
  git: boolean
  /** The stage to build; undefined for the last. */
  target: string | undefined
  /** What the ids of its caches begin with. */
  caches: string
  /** Options of every build of it or of a part. */
  options: DirectoryDockerBuildOpts
}

/** Folder of the parts of a Dockerfile during the build. */
const PARTS = ".slipway-dockerfile"

/** The Dockerfile of a service, by its path in the source. */
export const dockerfileOf = ({ image }: Config): string => image.dockerfile ?? "Dockerfile"

/** Reads the Dockerfile. Fails with NO_DOCKERFILE, SECRET_UNREAD or SECRET_TWICE. */
export async function prepareDockerfile(inputs: DockerfileInputs): Promise<PreparedDockerfile> {
  const { config, platform, access } = inputs
  const source = withHistory(inputs.source, access)
  const file = dockerfileOf(config)
  if (!(await source.exists(file))) throw fail("NO_DOCKERFILE", [file])
  const [written, native, secrets] = await Promise.all([
    source.file(file).contents(),
    dag.defaultPlatform(),
    mountableSecrets(access),
  ])
  const platforms = { target: platform, native }
  const args = buildArguments(config, platforms)
  const plan = (each: Dockerfile) => planStages(each, config.image.target, platforms, args)
  const text = lockedDockerfile(written, plan, (config.images as ImageSources).lock)
  const dockerfile = parseDockerfile(text)
  const { target } = config.image
  const stages = plan(dockerfile)
  const ssh = stages?.some(({ stage }) => stage.instructions.some(mountsAgent)) ? access.ssh : undefined
  const options = {
    platform: platform as Platform,
    buildArgs: Object.entries(args).map(([name, value]): BuildArg => ({ name, value })),
    secrets: secrets.map(({ secret }) => secret),
    ...(ssh !== undefined && { ssh }),
  }
  const caches = volumeName(inputs.space, "mount")
  const git = access.git !== undefined
  const given = { source, git, file, text, platforms, args, secrets, ssh, target, caches, options }
  return { ...given, dockerfile, stages }
}

/** The images that a Dockerfile names, expanded; all of its stages, whether or not a target needs them. */
export async function dockerfileImages(inputs: DockerfileInputs): Promise<string[]> {
  const { dockerfile, stages = [] } = await prepareDockerfile(inputs)
  return writtenImages(dockerfile, stages).map(({ reference }) => reference)
}

/**
 * Adds the locked digests to the images of a Dockerfile.
 *
 * Fails with IMAGES_LOCK_LACKS and IMAGES_LOCK_DIFFERS, also for an image that can't be replaced where it is written.
 */
function lockedDockerfile(
  text: string,
  plan: (dockerfile: Dockerfile) => PlannedStage[] | undefined,
  lock: ImagesLock | undefined,
): string {
  if (lock === undefined) return text
  const imagesOf = (content: string) => {
    const dockerfile = parseDockerfile(content)
    return writtenImages(dockerfile, plan(dockerfile) ?? [])
  }
  const locked = imagesOf(text).map(({ written, reference }): [string, string] => [
    written,
    lockedReference(reference, lock),
  ])
  const made = replaceImages(text, new Map(locked))
  const loose = imagesOf(made).find(({ reference }) => !reference.includes("@"))
  if (loose !== undefined) throw fail("IMAGES_LOCK_LACKS", [loose.reference])
  return made
}

/** Build arguments; configured ones override all others. */
function buildArguments({ image }: Config, platforms: Platforms): Record<string, string> {
  const configured = image.args.map((arg): [string, string] => {
    const end = arg.indexOf("=")
    return [arg.slice(0, end), arg.slice(end + 1)]
  })
  return {
    ...platformArguments(platforms),
    // Not the commit's time: each commit would run every command again.
    [EPOCH]: String(Date.parse(NO_TIME) / 1000),
    ...Object.fromEntries(configured),
  }
}

/** Builds parts of a Dockerfile, by their numbers. */
export type BuildPart = (part: number) => Container

/**
 * Adds parts of a Dockerfile to the source, so that each sees the same files as the whole.
 *
 * They are in a folder that their own ignore files exclude. All are added before the first is built: the engine then
 * recognises their build contexts as the same, and reads them once.
 */
export async function dockerfileParts(
  { source, file, caches, options }: PreparedDockerfile,
  texts: readonly string[],
): Promise<BuildPart> {
  const ignore = await ignoreFile(source, file)
  const ignored = `${ignore}\n${PARTS}\n`
  const parts = texts.reduce(
    (folder, text, part) =>
      folder.withNewFile(String(part), asBuilt(text, caches)).withNewFile(`${part}.dockerignore`, ignored),
    dag.directory(),
  )
  const exclude = ignorePatterns(ignore)
  // Otherwise an edit to an ignored file would invalidate the cache of the image, and of all that follows.
  const context = (exclude.length === 0 ? source : source.filter({ exclude })).withDirectory(PARTS, parts)
  return (part) => context.dockerBuild({ ...options, dockerfile: `${PARTS}/${part}` })
}

/** Text of the ignore file that applies: the Dockerfile's own, unless it is empty or missing. */
export async function ignoreFile(source: Directory, file: string): Promise<string> {
  for (const path of [`${file}.dockerignore`, ".dockerignore"]) {
    const text = (await source.exists(path)) ? await source.file(path).contents() : ""
    if (text !== "") return text
  }
  return ""
}

/** Text of a Dockerfile for the engine, with the same numbers of lines but for those that `withEpoch` adds. */
const asBuilt = (text: string, caches: string): string => withEpoch(withOwnCaches(text, caches))

/** Builds a Dockerfile that copies nothing. */
export const withoutContext = (text: string, { caches, options }: PreparedDockerfile): Container =>
  dag.directory().withNewFile("Dockerfile", withOwnCaches(text, caches)).dockerBuild(options)

/** Text of a Dockerfile up to an instruction, which builds that instruction's stage so far. */
export const dockerfileUpTo = (text: string, { endLine }: Pick<Instruction, "endLine">): string =>
  `${text.split("\n").slice(0, endLine).join("\n")}\n`
