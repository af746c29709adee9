import { setTimeout as sleep } from "node:timers/promises"
import type { Container } from "@dagger.io/dagger"
import { each } from "./cosign.js"
import { IMAGE_TAG, type ImageLayout } from "./imageLayout.js"
import { fail } from "./lib/errors.js"
import type { ToolRun } from "./lib/finding.js"
import { printReference, type Reference } from "./lib/release/reference.js"
import { readIndex, readManifest, totalSize } from "./lib/image/layout.js"
import { registryError, registryFailure } from "./lib/release/registryError.js"
import { highestVersion, immutableConflict, type Tag } from "./lib/release/tags.js"

/** How long to wait before another try, in milliseconds: regctl itself has tried several times within each. */
const WAITS = [2_000, 8_000]

/** An image in a registry. */
export interface Published {
  /** Host and repository. */
  repository: string
  digest: string
  /** Those that now stand for it. */
  tags: string[]
  /** The highest other version that was there before. */
  before: string | undefined
}

/** Pushes an image, then lets its tags stand for it. `choose` is told the tags that the repository has. */
export async function publish(
  { layout, digest }: Pick<ImageLayout, "layout" | "digest">,
  repository: string,
  tools: Container,
  choose: (existing: readonly string[]) => readonly Tag[],
): Promise<Published> {
  const existing = await tagsOf(repository, tools)
  const tags = choose(existing)
  await refuseTaken(tags, existing, { repository, digest }, tools)
  const pushed = `${repository}@${digest}`
  await regctl(tools.withMountedDirectory("/image", layout), [
    ...["image", "copy", `ocidir:///image:${IMAGE_TAG}`, pushed],
  ])
  for (const { name } of tags) await regctl(tools, ["image", "copy", pushed, `${repository}:${name}`])
  const names = tags.map(({ name }) => name)
  return {
    repository,
    digest,
    tags: names,
    before: highestVersion(existing.filter((tag) => !names.includes(tag))),
  }
}

/** What a reference stands for. */
export interface Resolved {
  /** Host and repository. */
  repository: string
  digest: string
  images: { platform: string; digest: string }[]
}

/** Finds the digest of a reference, once, and the images below it. Fails with TAG_MOVED where it names both. */
export async function resolve(reference: Reference, tools: Container): Promise<Resolved> {
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

/** What has to be pulled for each platform of an image that is published: bytes, compressed. */
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

/** The digest that a reference stands for now. */
export const digestOf = async (reference: string, tools: Container): Promise<string> =>
  (await regctl(tools, ["manifest", "head", reference])).stdout.trim()

/** The text of a manifest or an index. */
export const manifestOf = async (reference: string, tools: Container): Promise<string> =>
  (await regctl(tools, ["manifest", "get", "--format=raw-body", reference])).stdout

/** The tags of a repository; one that isn't there yet has none. */
export async function tagsOf(repository: string, tools: Container): Promise<string[]> {
  const run = await persistently(tools, ["tag", "ls", repository])
  if (run.exitCode === 0) return run.stdout.split("\n").filter(Boolean)
  if (registryFailure(run).kind === "missing") return []
  throw registryError(run, repository)
}

/** A version is published once. The same image again is no other one. */
async function refuseTaken(
  tags: readonly Tag[],
  existing: readonly string[],
  { repository, digest }: Pick<Published, "repository" | "digest">,
  tools: Container,
): Promise<void> {
  const digests = new Map<string, string>()
  for (const { name } of tags.filter((tag) => tag.immutable && existing.includes(tag.name)))
    digests.set(name, await digestOf(`${repository}:${name}`, tools))
  const conflict = immutableConflict(digests, { repository, digest, tags })
  if (conflict !== undefined) throw conflict
}

async function regctl(tools: Container, args: readonly string[]): Promise<ToolRun> {
  const run = await persistently(tools, args)
  if (run.exitCode === 0) return run
  throw registryError(run, args.at(-1) ?? "")
}

/** Runs regctl, again after a while for what may pass by itself. */
async function persistently(tools: Container, args: readonly string[]): Promise<ToolRun> {
  for (const wait of [...WAITS, undefined]) {
    const [run] = await each(tools, [["regctl", "-v", "error", ...args]])
    if (run === undefined) throw new Error("regctl was not run")
    if (run.exitCode === 0 || wait === undefined || !registryFailure(run).retry) return run
    await sleep(wait)
  }
  throw new Error("never reached")
}
