import { type Container, dag, type Platform } from "@dagger.io/dagger"
import type { BuildAccess } from "./access.js"
import { weighContext } from "./buildContext.js"
import type { DockerfileInputs } from "./dockerfile.js"
import { inspect } from "./dockerfileShell.js"
import { buildDockerfile, type DockerfileBuild } from "./dockerfileBuild.js"
import { chosenDockerfile } from "./chosenDockerfile.js"
import { imageReference, offlineImageNote } from "../stage/images.js"
import { type ImageLayout, indexLayout, platformLayout, type PlatformLayout } from "../registry/ociLayout.js"
import { regctlContainer } from "../registry/regctl.js"
import type { Config } from "../lib/config/config.js"
import { fail } from "../lib/errors/catalogue.js"
import type { Finding } from "../lib/run/finding.js"
import {
  type BuildFailure,
  failureExitCode,
  failureFinding,
  failureLog,
  failureReason,
  instructionText,
} from "../lib/image/buildFailure.js"
import { contextWarning } from "../lib/image/context.js"
import { unusedWarning } from "../lib/image/find.js"
import type { Instruction } from "../lib/image/dockerfile.js"
import { imageText, layerLines } from "../lib/image/layout.js"
import { baseReferences, checkedPlatforms } from "../lib/image/plan.js"
import { isTime, labels, NO_TIME, type ImageRevision } from "../lib/image/revision.js"
import { serviceName } from "../lib/python/name.js"
import { MANIFESTS } from "../lib/python/project.js"
import { type PythonEnvironment, pythonEnvironment } from "../python/environment.js"
import type { BaseImage } from "../lib/release/provenance.js"
import { overall } from "../lib/run/command.js"
import { passed } from "../lib/run/outcome.js"
import { oneLine } from "../lib/text/words.js"
import { count } from "../lib/text/words.js"
import { indexedConfig } from "../python/indexLogin.js"
import { pythonImage } from "./pythonImage.js"
import { attempted, identity, type Stage } from "../stage/stage.js"
import { readSuppressions, type Suppressions } from "../stage/suppressions.js"
import { texts } from "../stage/texts.js"
import { inspectable } from "../stage/shell.js"
import type { PlacedSource } from "../stage/place.js"
import type { PythonService } from "../stage/service.js"

/** Inputs of building and scanning an image. */
export interface ImageInputs extends PlacedSource {
  config: Config
  environment: Pick<PythonEnvironment, "declared" | "python" | "base">
  suppressions: Suppressions
  revision: ImageRevision
  access: BuildAccess
  platforms: readonly string[]
  invocation: string
  /** The cache volumes that they may use. */
  space: string
  /** Dockerfiles of which none is built, as nothing says which. */
  unused: readonly string[]
}

/** An image, as it will be published. */
export interface BuiltImage extends ImageLayout {
  /** Each platform's image without labels of the commit: the same files give the same image. */
  layouts: (PlatformLayout & { container: Container })[]
  /** The base images. */
  bases: BaseImage[]
  /** The Dockerfile; absent if Slipway made the image by itself. */
  dockerfile?: string
}

/** The stage with the image that it built. */
export interface Built extends Stage {
  image?: BuiltImage
}

/** Build for one platform. */
interface Variant {
  platform: string
  container: Container
  bases: BaseImage[]
  /** References of base images whose digest is unknown. */
  unresolved: string[]
  /** Commands of its Dockerfile that ran under emulation. */
  emulated: Instruction[]
}

/** Collects the inputs of the build. Fails with INVALID_TIME or UNKNOWN_PLATFORM. */
export async function imageInputs(
  service: PythonService,
  revision: ImageRevision,
  access: BuildAccess,
  platforms: readonly Platform[],
): Promise<ImageInputs> {
  const { source, path, around, invocation, now, space } = service
  const settings = await indexedConfig(service)
  const { committed } = revision
  if (committed !== "" && !isTime(committed)) throw fail("INVALID_TIME", [committed])
  const { file, candidates } = await chosenDockerfile(source, settings)
  const image = { ...settings.image, ...(file !== undefined && { dockerfile: file }) }
  const config = { ...settings, image }
  const wanted = platforms.length > 0 ? checkedPlatforms(platforms) : image.platforms
  const suppressions = await readSuppressions(source, now)
  const placed = { source, path, around }
  const environment = pythonEnvironment(placed, config)
  const common = { suppressions, revision, access, platforms: wanted, invocation, space }
  return { ...placed, config, environment, ...common, unused: candidates }
}

/** Builds the image of every platform. Never throws because of the service. */
export function runBuild(inputs: ImageInputs): Promise<Built> {
  const stage = identity("image", "build", "", inputs.invocation)
  return attempted<Omit<Built, keyof typeof stage>>(stage, () => buildWork(inputs))
}

/** Container before the failed command; the image itself if the build passes. */
export async function debugBuild(inputs: ImageInputs): Promise<Container> {
  const { dockerfile } = inputs.config.image
  const [first = ""] = inputs.platforms
  if (dockerfile === undefined) return (await ownVariant(first, inputs)).container
  const builds = await Promise.all(
    inputs.platforms.map((platform) => buildDockerfile(dockerfileInputs(platform, inputs))),
  )
  const build = builds.find((each) => "failures" in each) ?? builds[0]
  if (build === undefined) throw new Error("an image has at least one platform")
  const { container, command } = await inspect(build)
  return inspectable(container, command)
}

const dockerfileInputs = (
  platform: string,
  { source, config, access, space }: ImageInputs,
): DockerfileInputs => ({ source, config, platform, access, space })

async function buildWork(inputs: ImageInputs) {
  const begun = Date.now()
  const { dockerfile } = inputs.config.image
  const build = dockerfile === undefined ? ownVariant : dockerfileVariant
  const [variants, warnings] = await Promise.all([
    Promise.all(inputs.platforms.map((platform) => build(platform, inputs))),
    dockerfile === undefined ? unusedDockerfiles(inputs) : heavyContext(inputs),
  ])
  const timing = { began: begun, milliseconds: Date.now() - begun, cached: null }
  const failures = variants.flatMap((variant) => ("failures" in variant ? variant.failures : []))
  if (failures.length > 0) return { ...failed(failures, warnings), ...timing }
  const containers = variants.filter((variant) => "container" in variant)
  const built = await layOut(containers, { dated: dockerfile === undefined }, inputs)
  const image: BuiltImage = { ...built, ...(dockerfile !== undefined && { dockerfile }) }
  const whose = dockerfile ?? "made by Slipway"
  const said = warnings.map(({ message }) => `warning: ${message}`)
  return {
    ...passed(
      [`${count(image.images.length, "platform")}, ${whose}: ${image.digest}`, ...said].join("; "),
      warnings,
    ),
    ...timing,
    milliseconds: Date.now() - begun,
    exitCode: overall([]),
    log: [
      ...image.images.map(layerLines),
      ...variants.flatMap((variant) => ("container" in variant ? emulation(variant) : [])),
    ].join(""),
    facts: await facts(image, variants, inputs),
    image,
  }
}

/** Failures of a build for one platform. */
type Failed = Pick<Extract<DockerfileBuild, { failures: unknown }>, "failures">

async function dockerfileVariant(platform: string, inputs: ImageInputs): Promise<Variant | Failed> {
  const build = await buildDockerfile(dockerfileInputs(platform, inputs))
  if ("failures" in build) return build
  const bases = await baseImages(baseReferences(build.prepared.stages ?? []))
  return { platform, container: build.image, ...bases, emulated: build.emulated }
}

async function ownVariant(platform: string, inputs: ImageInputs): Promise<Variant> {
  const { config, environment } = inputs
  const [container, { version }] = await Promise.all([
    pythonImage(inputs, platform as Platform),
    environment.python(),
  ])
  const bases = await baseImages([{ reference: imageReference("python", version, config.images), platform }])
  return { platform, container, ...bases, emulated: [] }
}

/**
 * Resolves base images to digests.
 *
 * One that can't be resolved, such as a reference with variables that only the engine expands, fails nothing: it is
 * left out.
 */
async function baseImages(
  bases: readonly Omit<BaseImage, "digest">[],
): Promise<Pick<Variant, "bases" | "unresolved">> {
  const found = await Promise.all(bases.map(async (base) => ({ ...base, digest: await digestOf(base) })))
  return {
    bases: found.filter(({ digest }) => digest !== ""),
    unresolved: found.filter(({ digest }) => digest === "").map(({ reference }) => reference),
  }
}

async function digestOf({ reference, platform }: Omit<BaseImage, "digest">): Promise<string> {
  try {
    const base = dag.container({ platform: platform as Platform }).from(reference)
    return (await base.imageRef()).split("@")[1] ?? ""
  } catch {
    return ""
  }
}

function failed(failures: readonly BuildFailure[], warnings: readonly Finding[]) {
  const [first] = failures
  return {
    status: "failed" as const,
    reason: first === undefined ? "" : failureReason(first),
    findings: [...distinct(failures.map(failureFinding)), ...warnings],
    exitCode: overall(failures.map(failureExitCode)),
    log: failures.map(failureLog).join("\n"),
  }
}

/** Findings without repetition: most failures are the same on every platform. */
const distinct = (findings: readonly Finding[]): Finding[] => [
  ...new Map(findings.map((finding) => [finding.message, finding])).values(),
]

/** Warns of Dockerfiles beside an image of Slipway's own making. */
const unusedDockerfiles = ({ unused }: ImageInputs): Finding[] =>
  unused.length === 0
    ? []
    : [{ ...WARNING, rule: "dockerfile", file: unused[0] ?? "", message: unusedWarning(unused) }]

const WARNING = { tool: "slipway", level: "warning", advisory: true } as const

/** Warns of a build context over its limit. An error in measuring it fails no build. */
async function heavyContext(inputs: ImageInputs): Promise<Finding[]> {
  const { source, config, environment } = inputs
  const weighing = environment.python().then(({ version }) => weighContext(source, config, version))
  const weight = await weighing.catch(() => undefined)
  const message = weight && contextWarning(weight, config.image.context)
  if (message === undefined) return []
  return [{ ...WARNING, rule: "context", file: ".dockerignore", message }]
}

async function layOut(
  variants: readonly Variant[],
  { dated }: { dated: boolean },
  { revision, config, source }: ImageInputs,
) {
  const name = serviceName(await texts(source, MANIFESTS), config.name)
  const names = labels(name, { ...revision, origin: config.release.source ?? revision.origin })
  const created = revision.committed || NO_TIME
  const laidOut = variants.map(async ({ platform, container: bare }) => {
    const container = Object.entries(names).reduce(
      (image, [name, value]) => image.withLabel(name, value),
      bare,
    )
    const layout = await platformLayout(bare, { platform, dated: dated ? created : "" }, config)
    return { platform, container, layout }
  })
  const layouts = await Promise.all(laidOut)
  const layout = await indexLayout(layouts, { created, labels: names }, config)
  const bases = new Map(
    variants.flatMap((variant) => variant.bases).map((base) => [JSON.stringify(base), base]),
  )
  return { ...layout, layouts, bases: [...bases.values()] }
}

async function facts(image: BuiltImage, variants: readonly (Variant | Failed)[], { config }: ImageInputs) {
  const sizes = image.images.map((found): [string, string] => [found.platform, imageText(found)])
  const emulated = variants.flatMap((variant) => ("emulated" in variant ? variant.emulated : []))
  const unresolved = new Set(
    variants.flatMap((variant) => ("unresolved" in variant ? variant.unresolved : [])),
  )
  const note = await offlineImageNote(regctlContainer(config))
  return {
    ...Object.fromEntries(sizes),
    digest: image.digest,
    "emulated commands":
      emulated.length === 0 ? "none" : `${count(emulated.length, "command")}, see logs/build.log`,
    ...(unresolved.size > 0 && {
      "base images": oneLine(`${[...unresolved].join(", ")} could not be resolved`),
    }),
    ...(note && { regctl: note.trim() }),
  }
}

/** Log lines that name the commands that ran under emulation. */
const emulation = ({ platform, emulated }: Variant): string[] =>
  emulated.map(
    (instruction) => `${platform} emulated, line ${instruction.line}: ${instructionText(instruction)}\n`,
  )
