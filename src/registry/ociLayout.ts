import { type Container, dag, type Directory, ImageMediaTypes } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import {
  IMAGE_TAG,
  type ImageTexts,
  imageOfLayers,
  imageWithLayers,
  type ImageLayer,
  type LayerGroup,
  layerGroups,
  layersOf,
  withoutEmptyLayers,
} from "../lib/image/layers.js"
import {
  blobPath,
  onlyManifest,
  type PlatformImage,
  readIndex,
  readManifest,
  totalSize,
} from "../lib/image/layout.js"
import { NO_TIME } from "../lib/image/revision.js"
import { regctlContainer } from "./regctl.js"

/** The address of the image in a layout, for regctl. */
export const imageIn = (folder: string): string => `ocidir://${folder}:${IMAGE_TAG}`

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
 * If the image's last layer is `dated` already, only younger files get a new timestamp: those that the build has
 * touched.
 */
export async function platformLayout(
  container: Container,
  { platform, dated }: { platform: string; dated: string },
  config: Config,
): Promise<Directory> {
  const archive = container.asTarball({ mediaTypes: ImageMediaTypes.OcimediaTypes })
  const unpacked = regctlContainer(config)
    .withMountedFile("/in.tar", archive)
    .withDirectory("/out", dag.directory())
    .withExec(["tar", "-xf", "/in.tar", "-C", "/out"])
    .directory("/out")
  // regctl leaves out empty layers, and the others have to be found again by their places.
  const image = withoutEmptyLayers(await textsOf(unpacked))
  const { base, groups } = layerGroups(image, dated)
  const written = await Promise.all(groups.map((group) => timed(group, unpacked, config)))
  const replaced = new Map(written.flatMap(({ replaced }) => replaced))
  return [{ layers: base, from: unpacked }, ...written].reduce(
    (layout, { layers, from }) => withLayers(layout, layers, from),
    withTexts(imageWithLayers(image, { base, replaced }, platform)),
  )
}

/** Gives the files of some layers a timestamp. Is cached by the layers' content, whichever image has them. */
async function timed({ layers: old, after }: LayerGroup, from: Directory, config: Config) {
  const time = `set=${NO_TIME}${after && `,after=${after}`}`
  const out = regctlContainer(config)
    .withMountedDirectory("/in", withLayers(withTexts(imageOfLayers(old)), old, from))
    .withExec(["regctl", "image", "mod", imageIn("/in"), "--create", imageIn("/out"), "--layer-time", time])
    .directory("/out")
  const layers = layersOf(await textsOf(out))
  if (layers.length !== old.length) throw new Error(`regctl made ${layers.length} layers of ${old.length}`)
  const replaced = layers.map((layer, index): [string, ImageLayer] => [old[index]?.digest ?? "", layer])
  return { layers, from: out, replaced }
}

/** Reads the manifest and the configuration of the only image in a layout. */
async function textsOf(layout: Directory): Promise<ImageTexts> {
  const read = (digest: string) => layout.file(blobPath(digest)).contents()
  const manifest = await read(onlyManifest(await layout.file("index.json").contents()))
  return { manifest, config: await read(readManifest(manifest).config.digest) }
}

const withTexts = (files: Readonly<Record<string, string>>): Directory =>
  Object.entries(files).reduce((folder, [path, text]) => folder.withNewFile(path, text), dag.directory())

const withLayers = (to: Directory, layers: readonly ImageLayer[], from: Directory): Directory =>
  layers.reduce((layout, { digest }) => layout.withFile(blobPath(digest), from.file(blobPath(digest))), to)

/** The metadata of an image about its commit. */
export interface ImageMetadata {
  /** RFC 3339. */
  created: string
  labels: Readonly<Record<string, string>>
}

/** Sets the metadata of each image in a layout below /in. */
const SET_METADATA = `for folder in /in/*; do regctl image mod "${imageIn("$folder")}" --replace "$@" >/dev/null; done`

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
  const references = images.map(({ platform }) => `--ref=${imageIn(folder(platform))}`)
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`)
  const options = ["--config-time", `set=${created}`, ...pairs.map((label) => `--label=${label}`)]
  const annotations = pairs.map((annotation) => `--annotation=${annotation}`)
  const layout = mounted
    .withExec(["sh", "-euc", SET_METADATA, "-", ...options])
    .withExec(["regctl", "index", "create", imageIn("/out"), ...references, ...annotations])
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
