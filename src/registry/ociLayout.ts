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
 * What files in an image's own layers say of their age: the first time that every archive can hold. Not the commit's,
 * so that a layer in which nothing changed is the same in every commit.
 */
export const LAYER_TIME = "1980-01-01T00:00:00Z"

/** The tag that an image has in its layout. */
export const IMAGE_TAG = "image"

/** One platform's image as an OCI layout. */
export interface PlatformLayout {
  platform: string
  layout: Directory
}

/** All platforms' images in one OCI layout, below one index. */
export interface ImageLayout {
  layout: Directory
  /** Of the index. */
  digest: string
  images: PlatformImage[]
}

/**
 * Makes an OCI layout of a container that is the same whenever it is made, and in each commit of the same files. Where
 * the files of an image are `dated` already, only those that making it has touched are dated anew: what is younger.
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

/** What an image says of the commit that it was made of. */
export interface ImageMetadata {
  /** RFC 3339. */
  created: string
  labels: Readonly<Record<string, string>>
}

/** For each image in a layout below /in: says what it was made of. */
const SET_METADATA = `for folder in /in/*; do regctl image mod "ocidir://$folder:${IMAGE_TAG}" --replace "$@" >/dev/null; done`

/** Puts the images of all platforms below one index, and says of each, and of that, what it was made of. */
export async function indexLayout(
  images: readonly PlatformLayout[],
  { created, labels }: ImageMetadata,
  config: Config,
): Promise<ImageLayout> {
  const folder = (platform: string) => `/in/${platform.replace("/", "-")}`
  // The engine would make one after the other, when the first command needs them.
  await Promise.all(images.map(({ layout }) => layout.sync()))
  const mounted = images.reduce(
    (container, { platform, layout }) => container.withMountedDirectory(folder(platform), layout),
    regctlContainer(config),
  )
  const references = images.map(({ platform }) => `--ref=ocidir://${folder(platform)}:${IMAGE_TAG}`)
  const said = Object.entries(labels).map(([name, value]) => `${name}=${value}`)
  const told = ["--config-time", `set=${created}`, ...said.map((label) => `--label=${label}`)]
  const notes = said.map((annotation) => `--annotation=${annotation}`)
  const layout = mounted
    .withExec(["sh", "-euc", SET_METADATA, "-", ...told])
    .withExec(["regctl", "index", "create", `ocidir:///out:${IMAGE_TAG}`, ...references, ...notes])
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
