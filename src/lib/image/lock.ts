/** The lock of images: the digest of each image that runs use, by its name and tag. */
import { fail } from "../errors/catalogue.js"
import { type Dockerfile, type Instruction, parseDockerfile } from "./dockerfile.js"
import { sources } from "./plan.js"

/** The lock's file in a service's source. */
export const IMAGES_LOCK = ".slipway/images.lock"

/** Digests by name and tag, such as `python:3.11-slim`. */
export type ImagesLock = ReadonlyMap<string, string>

const HEAD =
  "# Written by `slipway images lock`: the images that runs use, with the digests of their indexes.\n"
const LINE = /^([^\s@#]{1,384})@(sha256:[0-9a-f]{64})$/

/** Formats a lock: a line per image, sorted. */
export const imagesLockText = (lock: ImagesLock): string =>
  HEAD +
  [...lock]
    .map(([name, digest]) => `${name}@${digest}\n`)
    .sort()
    .join("")

/** Parses a lock. Fails with IMAGES_LOCK_INVALID, also for an image that is named twice. */
export function readLock(text: string): ImagesLock {
  const lock = new Map<string, string>()
  text.split("\n").forEach((line, index) => {
    if (line.trim() === "" || line.startsWith("#")) return
    const [, name = "", digest = ""] = LINE.exec(line.trim()) ?? []
    if (digest === "" || lock.has(name)) throw fail("IMAGES_LOCK_INVALID", [index + 1, line])
    lock.set(name, digest)
  })
  return lock
}

/**
 * Adds the locked digest to an image's reference; without a lock it stays as it is.
 *
 * Fails with IMAGES_LOCK_LACKS for an image that isn't locked, and with IMAGES_LOCK_DIFFERS for another digest.
 */
export function lockedReference(reference: string, lock: ImagesLock | undefined): string {
  if (lock === undefined) return reference
  const [name = "", digest] = reference.split("@")
  const locked = lock.get(name)
  if (locked === undefined) throw fail("IMAGES_LOCK_LACKS", [name])
  if (digest !== undefined && digest !== locked) throw fail("IMAGES_LOCK_DIFFERS", [name, digest, locked])
  return `${name}@${locked}`
}

/**
 * Replaces the images in a Dockerfile by others, on the same lines. `replace` maps them, as they are written.
 *
 * The first word of a `FROM`, and what `COPY --from` and `RUN --mount` take files from.
 */
export function replaceImages(text: string, replace: ReadonlyMap<string, string>): string {
  const lines = text.split("\n")
  const put = ({ line, endLine }: Instruction, before: string, image: string) => {
    const other = replace.get(image)
    if (other === undefined) return
    for (let at = line - 1; at < endLine; at += 1)
      lines[at] = (lines[at] ?? "").replace(before + image, () => before + other)
  }
  for (const { base, instructions } of parseDockerfile(text).stages)
    for (const instruction of instructions)
      if (instruction.keyword === "FROM") put(instruction, " ", base)
      else for (const { from } of sources(instruction)) put(instruction, "from=", from)
  return lines.join("\n")
}

/** The images in a Dockerfile as they are written, with those of `FROM` expanded by their stage's plan. */
export const writtenImages = (
  { stages }: Dockerfile,
  planned: readonly { stage: { index: number }; base: string; fromImage: boolean }[],
): { written: string; reference: string }[] => [
  ...planned.flatMap(({ stage, base, fromImage }) => {
    const written = stages[stage.index]?.base ?? base
    return fromImage && base !== "scratch" ? [{ written, reference: base }] : []
  }),
  ...stages
    .flatMap(({ instructions }) => instructions.flatMap(sources))
    .flatMap(({ from }) => {
      const isStage = /^\d+$/.test(from) || stages.some(({ name }) => name === from.toLowerCase())
      return isStage ? [] : [{ written: from, reference: from }]
    }),
]
