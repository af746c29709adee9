import type { Container } from "@dagger.io/dagger"
import { imageIn, type ImageLayout } from "./ociLayout.js"
import { fail } from "../lib/errors/catalogue.js"
import type { ToolRun } from "../lib/run/finding.js"
import { printReference, type Reference } from "../lib/release/reference.js"
import { readIndex, readManifest, totalSize } from "../lib/image/layout.js"
import { registryError, registryFailure } from "../lib/release/registryError.js"
import { immutableConflict, type Tag } from "../lib/release/tags.js"
import { tryRegctl, tagsOf } from "./regctl.js"

/** The address of an image that is or will be published. */
export interface PublishedImage {
  /** Host and repository. */
  repository: string
  digest: string
}

/** Pushes an image by its digest, without tags: `setTags` adds them once it is signed. */
export async function pushImage(
  { layout, digest }: Pick<ImageLayout, "layout" | "digest">,
  repository: string,
  tools: Container,
): Promise<void> {
  // Requested first, since a copy retries for minutes if the registry refuses every request.
  await tagsOf(repository, tools)
  const mounted = tools.withMountedDirectory("/image", layout)
  // An existing index may lack images: registries that clean up delete untagged ones.
  const copy = ["image", "copy", "--force-recursive", imageIn("/image")]
  await runRegctl(mounted, [...copy, `${repository}@${digest}`])
}

/** True if the registry reports that an image exists. */
export const imageExists = async (
  { repository, digest }: PublishedImage,
  tools: Container,
): Promise<boolean> =>
  (await tryRegctl(tools, ["manifest", "head", `${repository}@${digest}`])).exitCode === 0

/** Points tags to an image. Fails with TAG_TAKEN for a version that points to another one. */
export async function setTags(target: PublishedImage, tags: readonly Tag[], tools: Container): Promise<void> {
  await refuseTakenTags(target, tags, tools)
  const { repository, digest } = target
  for (const { name } of tags)
    await runRegctl(tools, ["image", "copy", `${repository}@${digest}`, `${repository}:${name}`])
}

/**
 * Fails with TAG_TAKEN for a version that is already published with another image.
 *
 * Each tag is requested separately, since not every registry lists all tags.
 */
export async function refuseTakenTags(
  { repository, digest }: PublishedImage,
  tags: readonly Tag[],
  tools: Container,
): Promise<void> {
  const digests = new Map<string, string>()
  for (const { name } of tags.filter(({ immutable }) => immutable)) {
    const run = await tryRegctl(tools, ["manifest", "head", `${repository}:${name}`])
    if (run.exitCode === 0) digests.set(name, run.stdout.trim())
    else if (registryFailure(run).kind !== "missing") throw registryError(run, `${repository}:${name}`)
  }
  const conflict = immutableConflict(digests, { repository, digest, tags })
  if (conflict !== undefined) throw conflict
}

/** A reference resolved to its digest and images. */
export interface Resolved {
  /** Host and repository. */
  repository: string
  digest: string
  images: { platform: string; digest: string }[]
}

/** Resolves a reference to its digest and images. Fails with TAG_MOVED if its tag no longer has its digest. */
export async function resolveReference(reference: Reference, tools: Container): Promise<Resolved> {
  const { tag, digest: wanted, ...place } = reference
  const repository = printReference(place)
  const now =
    tag === undefined && wanted !== undefined
      ? wanted
      : await digestOf(printReference({ ...place, tag: tag ?? "latest" }), tools)
  if (wanted !== undefined && now !== wanted) throw fail("TAG_MOVED", [`${repository}:${tag}`, wanted, now])
  const images = readIndex(await manifestOf(`${repository}@${now}`, tools))
  return { repository, digest: now, images: images.map(({ platform, digest }) => ({ platform, digest })) }
}

/** Returns the compressed bytes of a published image by platform. */
export async function sizesOf(
  repository: string,
  tag: string,
  tools: Container,
): Promise<Map<string, number>> {
  const images = readIndex(await manifestOf(`${repository}:${tag}`, tools))
  const sizes = images.map(async ({ platform, digest }) => {
    const { layers } = readManifest(await manifestOf(`${repository}@${digest}`, tools))
    return [platform, totalSize(layers)] as const
  })
  return new Map(await Promise.all(sizes))
}

/** Returns the current digest of a reference. */
export const digestOf = async (reference: string, tools: Container): Promise<string> =>
  (await runRegctl(tools, ["manifest", "head", reference])).stdout.trim()

/** Returns the text of a manifest or an index. */
export const manifestOf = async (reference: string, tools: Container): Promise<string> =>
  (await runRegctl(tools, ["manifest", "get", "--format=raw-body", reference])).stdout

async function runRegctl(tools: Container, args: readonly string[]): Promise<ToolRun> {
  const run = await tryRegctl(tools, args)
  if (run.exitCode === 0) return run
  throw registryError(run, args.at(-1) ?? "")
}
