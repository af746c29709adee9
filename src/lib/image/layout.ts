import { fail } from "../errors/catalogue.js"
import type { Finding } from "../run/finding.js"
import { fields, objects, parseJson, text } from "../text/json.js"
import { count } from "../text/words.js"

/** OCI descriptor of a part of an image. */
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
  /** Size of all layers in bytes, compressed: the amount to pull. */
  compressed: number
}

/** Returns the digest of the only manifest in an OCI layout's `index.json`. Throws if there isn't exactly one. */
export function onlyManifest(index: string): string {
  const found = objects(fields(parseJson(index)).manifests)
  const [first] = found
  if (first === undefined || found.length > 1) throw new Error(`the layout has ${found.length} manifests`)
  return named(first).digest
}

/** The path of a blob in an OCI layout. */
export const blobPath = (digest: string): string => `blobs/${digest.replace(":", "/")}`

/** Reads the layers and the configuration from an image's manifest. */
export function readManifest(manifest: string): { config: Descriptor; layers: Descriptor[] } {
  const { config, layers } = fields(parseJson(manifest))
  return { config: descriptor(fields(config)), layers: objects(layers).map(descriptor) }
}

/**
 * Reads the platforms of an index, with the digest of each image.
 *
 * The index may come from an untrusted registry: digests end up on command lines and platforms on terminals, so both
 * are validated.
 */
export const readIndex = (index: string): (Descriptor & { platform: string })[] =>
  objects(fields(parseJson(index)).manifests).map((manifest) => {
    const { os, architecture } = fields(manifest.platform)
    return { platform: `${word(os)}/${word(architecture)}`, ...named(manifest) }
  })

export const totalSize = (layers: readonly Descriptor[]): number =>
  layers.reduce((sum, { size }) => sum + size, 0)

/** Returns `87.4 MB`, as registries count. */
export function sizeText(bytes: number): string {
  if (bytes < 1e3) return `${bytes} B`
  if (bytes < 999_950) return `${(bytes / 1e3).toFixed(1)} kB` // no "1000.0 kB"
  return bytes < 999_950_000 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`
}

/** Returns `180.1 MB in 6 layers, the biggest 92.6 MB`. */
export function imageText({ compressed, layers }: PlatformImage): string {
  const biggest = Math.max(0, ...layers.map(({ size }) => size))
  return `${sizeText(compressed)} in ${count(layers.length, "layer")}, the biggest ${sizeText(biggest)}`
}

/** Describes an image, with one line for each layer. */
export const layerLines = ({ platform, digest, compressed, layers }: PlatformImage): string =>
  [
    `${platform} ${digest} ${sizeText(compressed)}`,
    ...layers.map((layer, index) => `  layer ${index + 1} ${layer.digest} ${sizeText(layer.size)}`),
    "",
  ].join("\n")

/** Findings for images over their budget. */
export const overBudget = (images: readonly PlatformImage[], budget: number | undefined): Finding[] =>
  images
    .filter(({ compressed }) => budget !== undefined && compressed > budget)
    .map(({ platform, compressed }) => ({
      tool: "slipway",
      rule: "budget",
      level: "error",
      file: "slipway.yaml",
      message: `the image for ${platform} takes ${sizeText(compressed)}, ${sizeText(compressed - (budget ?? 0))} more than image.budget allows`,
    }))

/** Returns how an image's size changed: `+1.2 MB (+0.7 %)`. */
export function difference(now: number, before: number): string {
  const change = now - before
  if (change === 0) return "no change"
  const sign = change < 0 ? "−" : "+"
  const share = before === 0 ? "" : ` (${sign}${((Math.abs(change) / before) * 100).toFixed(1)} %)`
  return `${sign}${sizeText(Math.abs(change))}${share}`
}

const DIGEST = /^sha256:[0-9a-f]{64}$/

const descriptor = ({ mediaType, digest, size }: Record<string, unknown>): Descriptor => ({
  mediaType: text(mediaType),
  digest: text(digest),
  size: typeof size === "number" ? size : 0,
})

/** Validates a descriptor. Fails with INVALID_REFERENCE. */
function named(manifest: Record<string, unknown>): Descriptor {
  const found = descriptor(manifest)
  if (DIGEST.test(found.digest)) return found
  throw fail("INVALID_REFERENCE", [found.digest, "its digest is sha256: and 64 of 0-9 and a-f"])
}

/** Validates a part of a platform's name; `unknown`, as other tools write it, for an invalid one. */
const word = (value: unknown): string =>
  /^[a-z0-9][a-z0-9._-]{0,31}$/.test(text(value)) ? text(value) : "unknown"
