import { createHash } from "node:crypto"
import { fields, objects, parseJson, strings, text } from "../text/json.js"
import { blobPath, type Descriptor, readManifest } from "./layout.js"
import { NO_TIME } from "./revision.js"

/** The tag of an image in its layout. */
export const IMAGE_TAG = "image"

/** The bytes from which on a layer is worth a command of its own. */
const LARGE = 1e6

/** A layer, known by its compressed content and by what it unpacks to. */
export interface ImageLayer extends Descriptor {
  /** Digest of the uncompressed archive. */
  diffId: string
}

/** A manifest and a configuration, as they are written in a layout. */
export interface ImageTexts {
  manifest: string
  config: string
}

/** Layers whose files get a new timestamp by one command. */
export interface LayerGroup {
  layers: ImageLayer[]
  /** Only files younger than this time get it; all of them if it is empty. */
  after: string
}

/** Reads an image's layers in their order. Throws if manifest and configuration disagree. */
export function layersOf({ manifest, config }: ImageTexts): ImageLayer[] {
  const { layers } = readManifest(manifest)
  const ids = strings(fields(fields(parseJson(config)).rootfs).diff_ids)
  if (ids.length !== layers.length) throw new Error(`${layers.length} layers, but ${ids.length} diff_ids`)
  return layers.map((layer, index) => ({ ...layer, diffId: ids[index] ?? "" }))
}

/** The digest of an archive without a file, as the engine writes it. */
const EMPTY = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"

/** Leaves out an image's own layers that change no file. */
export function withoutEmptyLayers(image: ImageTexts): ImageTexts {
  const history = historyOf(image)
  const base = history.filter(isOfBase).length
  const layers = layersOf(image)
  const isEmpty = layers.map(({ diffId }, index) => index >= base && diffId === EMPTY)
  const made = history.filter((step) => step.empty_layer !== true)
  const emptied = new Set(made.filter((_, index) => isEmpty[index]))
  const left = layers.filter((_, index) => isEmpty[index] === false)
  return withOtherLayers(image, left, {
    history: history.map((step) => (emptied.has(step) ? { ...step, empty_layer: true } : step)),
  })
}

/**
 * Splits an image's layers into those of its base and groups of its own.
 *
 * Each large one is a group by itself, so that it is written once for its content and not at each edit of another. If
 * the files of the last one are `dated`, only those that the build has touched, which are younger, get a new timestamp.
 * The base's layers stay as they are, so that they are pushed and pulled no second time.
 */
export function layerGroups(image: ImageTexts, dated: string): { base: ImageLayer[]; groups: LayerGroup[] } {
  const layers = layersOf(image)
  const first = historyOf(image).filter(isOfBase).length
  const own = layers.slice(first)
  const last = dated === "" ? [] : own.splice(-1)
  const small = own.filter(({ size }) => size < LARGE)
  const groups = [
    ...own.filter(({ size }) => size >= LARGE).map((layer) => ({ layers: [layer], after: "" })),
    ...(small.length > 0 ? [{ layers: small, after: "" }] : []),
    ...last.map((layer) => ({ layers: [layer], after: dated })),
  ]
  return { base: layers.slice(0, first), groups }
}

/** Writes the files of a layout, but for its layers, of an image that consists of these layers. */
export function imageOfLayers(layers: readonly ImageLayer[]): Record<string, string> {
  const rootfs = { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) }
  return layoutOf({
    manifest: JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, layers: layers.map(descriptorOf) }),
    // The same for each platform: their layers may be the same.
    config: JSON.stringify({ architecture: "amd64", os: "linux", rootfs }),
  })
}

/**
 * Writes the files of a layout, but for its layers, of an image with other layers, and with no time but `NO_TIME`.
 *
 * After its first layers, `base`, `replaced` has the new layer for the digest of each old one.
 */
export function imageWithLayers(
  image: ImageTexts,
  { base, replaced }: { base: readonly ImageLayer[]; replaced: ReadonlyMap<string, ImageLayer> },
  platform: string,
): Record<string, string> {
  const layers = layersOf(image).map((layer, index) =>
    index < base.length ? layer : (replaced.get(layer.digest) ?? layer),
  )
  const [os, architecture, variant] = platform.split("/")
  const history = historyOf(image).map((step) => ({
    ...step,
    created: NO_TIME,
    // The engine names its operation that made such a layer first, which may have been another service's.
    ...(!isOfBase(step) && { created_by: "Slipway" }),
  }))
  return layoutOf(withOtherLayers(image, layers, { os, architecture, variant, created: NO_TIME, history }))
}

/** Gives an image other layers, and its configuration other fields. */
function withOtherLayers(
  image: ImageTexts,
  layers: readonly ImageLayer[],
  changes: Record<string, unknown>,
): ImageTexts {
  const config = fields(parseJson(image.config))
  const rootfs = { ...fields(config.rootfs), diff_ids: layers.map(({ diffId }) => diffId) }
  return {
    manifest: JSON.stringify({ ...fields(parseJson(image.manifest)), layers: layers.map(descriptorOf) }),
    config: JSON.stringify({ ...config, ...changes, rootfs }),
  }
}

const historyOf = ({ config }: ImageTexts): Record<string, unknown>[] =>
  objects(fields(parseJson(config)).history)

/** True for a step of an image's history that the engine wrote for a layer of its base. */
const isOfBase = ({ created_by }: Record<string, unknown>): boolean =>
  text(created_by).startsWith("import image layer ")

const MANIFEST = "application/vnd.oci.image.manifest.v1+json"
const INDEX = "application/vnd.oci.image.index.v1+json"
const CONFIG = "application/vnd.oci.image.config.v1+json"

const descriptorOf = ({ mediaType, digest, size }: Descriptor): Descriptor => ({ mediaType, digest, size })

function layoutOf({ manifest: text, config }: ImageTexts): Record<string, string> {
  const configured = blob(CONFIG, config)
  const manifest = JSON.stringify({ ...fields(parseJson(text)), config: configured })
  const described = blob(MANIFEST, manifest)
  const tagged = { ...described, annotations: { "org.opencontainers.image.ref.name": IMAGE_TAG } }
  return {
    "oci-layout": JSON.stringify({ imageLayoutVersion: "1.0.0" }),
    "index.json": JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [tagged] }),
    [blobPath(configured.digest)]: config,
    [blobPath(described.digest)]: manifest,
  }
}

function blob(mediaType: string, content: string): Descriptor {
  const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`
  return { mediaType, digest, size: Buffer.byteLength(content) }
}
