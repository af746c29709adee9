import { createHash, randomUUID } from "node:crypto"
import { type Container, dag } from "@dagger.io/dagger"
import { REGCTL_VERSION } from "../stage/images.js"
import { imageReference } from "../stage/images.js"
import type { Config } from "../lib/config/config.js"
import { cacheVolume } from "../stage/volumes.js"

const FOLDER = "/sent"

/** Retention of claims: no run is repeated later. */
const DAYS = 90

/** Claims each free name; creating a folder is atomic. */
const CLAIM = `find ${FOLDER} -mindepth 1 -maxdepth 1 -mtime +${DAYS} -exec rmdir {} +; for name in "$@"; do ! mkdir "${FOLDER}/$name" 2>/dev/null || echo "$name"; done`
const RELEASE = `for name in "$@"; do rmdir "${FOLDER}/$name" 2>/dev/null || true; done`

/** Register of sent messages in the engine's cache, so that no message of a run is sent twice. */
export class SentMessages {
  private readonly container: Container

  constructor(space: string, config: Config) {
    this.container = dag
      .container()
      .from(imageReference("regctl", REGCTL_VERSION, config.images))
      .withUser("0")
      .withMountedCache(FOLDER, cacheVolume(space, "sent"))
  }

  /** Claims the names that are free and returns them. */
  async claim(names: readonly string[]): Promise<string[]> {
    return (await this.run(CLAIM, names)).split("\n").filter((name) => name !== "")
  }

  /** Releases messages that were not sent, so that a repeated run sends them. */
  async release(names: readonly string[]): Promise<void> {
    if (names.length > 0) await this.run(RELEASE, names)
  }

  /** Runs a script, never from the cache. */
  private run(script: string, names: readonly string[]): Promise<string> {
    return this.container
      .withEnvVariable("SLIPWAY_NOW", randomUUID())
      .withExec(["sh", "-c", script, "sent", ...names])
      .stdout()
  }
}

/** Key of a message by its identifying parts. */
export const messageKey = (parts: readonly string[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 40)
