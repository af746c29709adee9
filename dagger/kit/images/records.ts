import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { paths } from "../../lib/home.js"
import type { OfflineImage } from "./offlineImages.js"

/** The digest that an image was built with; undefined if it is too old, or what it is built from has changed since. */
export function builtDigest(image: OfflineImage): string | undefined {
  const file = recordOf(image)
  try {
    const [key, digest] = readFileSync(file, "utf8").split("\n")
    return key === image.key() && hoursOld(file) < (image.hours ?? Infinity) ? digest : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw error
  }
}

/** Keeps the digest of an image that has been built and pushed, of what had this key when the build began. */
export function recordBuilt(image: OfflineImage, key: string, digest: string): void {
  const file = recordOf(image)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${key}\n${digest}`)
}

const recordOf = ({ name, tags }: OfflineImage): string =>
  join(paths.registry, "offline-images", name.replaceAll("/", "_"), tags[0] ?? "")

const hoursOld = (file: string): number => (Date.now() - statSync(file).mtimeMs) / 3_600_000
