import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { File } from "@dagger.io/dagger"

/**
 * Reads a file that may hold secrets.
 *
 * Results of the API, such as those of `contents`, are in the engine's telemetry. An export is not: it writes to this
 * module's own container, from which the file is deleted at once.
 */
export async function privateBytes(file: File): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-"))
  try {
    const path = join(folder, "file")
    await file.export(path)
    return await readFile(path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Reads a text that may hold secrets; see `privateBytes`. */
export const privateText = async (file: File): Promise<string> => (await privateBytes(file)).toString("utf8")
