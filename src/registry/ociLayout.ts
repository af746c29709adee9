import { type Container, type Directory, ImageMediaTypes } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import {
  blobPath,
  onlyManifest,
  type PlatformImage,
  readIndex,
  readManifest,
  totalSize,
} from "../lib/image/layout.js"
import { SCRIPTS, withScripts } from "../stage/scripts.js"
import { regctlContainer } from "./regctl.js"

/**
 * The timestamp of files in an image's own layers: the earliest that every archive format can represent.
 *
 * Not the commit's time, so that an unchanged layer is the same in every commit.
 */
export const LAYER_TIME = "1980-01-01T00:00:00Z"

/** The tag of an image in its layout. */
export const IMAGE_TAG = "image"

/** One platform's image as an OCI layout. */
export interface PlatformLayout {
  platform: string
  layout: Directory
}

/** The images of all platforms in one OCI layout with an index. */
export interface ImageLayout {
  layout: Directory
  /** The digest of the index. */
  digest: string
  images: PlatformImage[]
}

/**
 * Builds a reproducible OCI layout of a container: the same at any time, and in each commit of the same files.
 *
 * If the image's files are `dated` already, only younger ones get a new timestamp: those that the build has touched.
 */
export function platformLayout(
  container: Container,
  { platform, dated }: { platform: string; dated: string },
  config: Config,
): Directory {
  const archive = container.asTarball({ mediaTypes: ImageMediaTypes.OcimediaTypes })
  return withScripts(regctlContainer(config), "slipway_layout.sh")
    .withEnvVariable("LAYERS", LAYER_TIME)
    .withEnvVariable("PLATFORM", platform)
    .withEnvVariable("AFTER", dated)
    .withMountedFile("/in.tar", archive)
    .withMountedTemp("/in")
    .withExec(["sh", `${SCRIPTS}/slipway_layout.sh`])
    .directory("/out")
}

/** The metadata of an image about its commit. */
export interface ImageMetadata {
  /** RFC 3339. */
  created: string
  labels: Readonly<Record<string, string>>
}

/** Sets the metadata of each image in a layout below /in. */
const SET_METADATA = `for folder in /in/*; do regctl image mod "ocidir://$folder:${IMAGE_TAG}" --replace "$@" >/dev/null; done`

/** Combines the images of all platforms in one index, and sets the metadata of each and of the index. */
export async function indexLayout(
  images: readonly PlatformLayout[],
  { created, labels }: ImageMetadata,
  config: Config,
): Promise<ImageLayout> {
  const folder = (platform: string) => `/in/${platform.replace("/", "-")}`
  // Otherwise the engine would build them one after the other, when the first command needs them.
  await Promise.all(images.map(({ layout }) => layout.sync()))
  const mounted = images.reduce(
    (container, { platform, layout }) => container.withMountedDirectory(folder(platform), layout),
    regctlContainer(config),
  )
  const references = images.map(({ platform }) => `--ref=ocidir://${folder(platform)}:${IMAGE_TAG}`)
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`)
  const options = ["--config-time", `set=${created}`, ...pairs.map((label) => `--label=${label}`)]
  const annotations = pairs.map((annotation) => `--annotation=${annotation}`)
  const layout = mounted
    .withExec(["sh", "-euc", SET_METADATA, "-", ...options])
    .withExec(["regctl", "index", "create", `ocidir:///out:${IMAGE_TAG}`, ...references, ...annotations])
    .directory("/out")
  const read = (digest: string) => layout.file(blobPath(digest)).contents()
  const digest = onlyManifest(await layout.file("index.json").contents())
  const entries = readIndex(await read(digest))
  const missing = images.filter(({ platform }) => !entries.some((entry) => entry.platform === platform))
  if (missing.length > 0)
    throw new Error(`the index lacks ${missing.map(({ platform }) => platform).join(", ")}`)
  const found = entries.map(async ({ platform, digest, mediaType, size }) => {
    const { layers } = readManifest(await read(digest))
    return { platform, digest, mediaType, size, layers, compressed: totalSize(layers) }
  })
  return { layout, digest, images: await Promise.all(found) }
}
