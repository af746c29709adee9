import type { Finding } from "../finding.js"
import { fields, objects, parseJson, text } from "../tools/json.js"

/** A piece of an image, as an OCI descriptor names it. */
export interface Descriptor {
  mediaType: string
  digest: string
  /** Bytes, compressed. */
  size: number
}

/** One platform's image. */
export interface PlatformImage extends Descriptor {
  platform: string
  layers: Descriptor[]
  /** Bytes of all its layers, compressed: what has to be pulled. */
  compressed: number
}

/** The digest that the only manifest of an OCI layout's `index.json` has. Throws where there is another number. */
export function onlyManifest(index: string): string {
  const found = objects(fields(parseJson(index)).manifests).map(descriptor)
  const [first] = found
  if (first === undefined || found.length > 1) throw new Error(`the layout has ${found.length} manifests`)
  return first.digest
}

/** The path of a blob in an OCI layout. */
export const blobPath = (digest: string): string => `blobs/${digest.replace(":", "/")}`

/** The layers and the configuration that an image's manifest names. */
export function readManifest(manifest: string): { config: Descriptor; layers: Descriptor[] } {
  const { config, layers } = fields(parseJson(manifest))
  return { config: descriptor(fields(config)), layers: objects(layers).map(descriptor) }
}

/** The platforms of an index, with the digest of each image. */
export const readIndex = (index: string): (Descriptor & { platform: string })[] =>
  objects(fields(parseJson(index)).manifests).map((manifest) => {
    const { os, architecture } = fields(manifest.platform)
    return { platform: `${text(os)}/${text(architecture)}`, ...descriptor(manifest) }
  })

export const totalSize = (layers: readonly Descriptor[]): number =>
  layers.reduce((sum, { size }) => sum + size, 0)

/** Returns `87.4 MB`, as registries count. */
export function sizeText(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`
}

/** Returns `linux/amd64 180.1 MB in 6 layers, the biggest 92.6 MB`. */
export function imageText({ compressed, layers }: PlatformImage): string {
  const biggest = Math.max(0, ...layers.map(({ size }) => size))
  return `${sizeText(compressed)} in ${layers.length} layers, the biggest ${sizeText(biggest)}`
}

/** Returns what takes more than its budget. */
export const overBudget = (images: readonly PlatformImage[], budget: number | undefined): Finding[] =>
  images
    .filter(({ compressed }) => budget !== undefined && compressed > budget)
    .map(({ platform, compressed }) => ({
      tool: "slipway",
      rule: "budget",
      level: "error",
      file: "slipway.yaml",
      message: `the image for ${platform} takes ${sizeText(compressed)}, and image.budget allows ${sizeText(budget ?? 0)}`,
    }))

/** Returns how an image's size changed: `+1.2 MB (+0.7 %)`. */
export function difference(now: number, before: number): string {
  const change = now - before
  if (change === 0) return "no change"
  const sign = change < 0 ? "−" : "+"
  return `${sign}${sizeText(Math.abs(change))} (${sign}${((Math.abs(change) / before) * 100).toFixed(1)} %)`
}

function descriptor({ mediaType, digest, size }: Record<string, unknown>): Descriptor {
  return { mediaType: text(mediaType), digest: text(digest), size: typeof size === "number" ? size : 0 }
}
