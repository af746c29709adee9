import { createHash, randomUUID } from "node:crypto"
import { type Container, dag } from "@dagger.io/dagger"
import { REGCTL_VERSION } from "../stage/images.js"
import { imageReference } from "../stage/images.js"
import type { Config } from "../lib/config/config.js"

const FOLDER = "/told"

/** No run is repeated later. */
const DAYS = 90

/** Takes each name that nobody has taken, which is what making a folder does for one of several at once. */
const CLAIM = `find ${FOLDER} -mindepth 1 -maxdepth 1 -mtime +${DAYS} -exec rmdir {} +; for name in "$@"; do ! mkdir "${FOLDER}/$name" 2>/dev/null || echo "$name"; done`
const RELEASE = `for name in "$@"; do rmdir "${FOLDER}/$name" 2>/dev/null || true; done`

/** Which messages were sent, kept in the engine's cache: of one run none is sent twice. */
export class SentMessages {
  private readonly container: Container

  constructor(config: Config) {
    this.container = dag
      .container()
      .from(imageReference("regctl", REGCTL_VERSION, config.images))
      .withUser("0")
      .withMountedCache(FOLDER, dag.cacheVolume("slipway-told"))
  }

  /** Takes those that nobody has taken, for good unless they are freed. */
  async claim(names: readonly string[]): Promise<string[]> {
    return (await this.run(CLAIM, names)).split("\n").filter((name) => name !== "")
  }

  /** Gives back what surely wasn't sent, so that a repeated run sends it. */
  async release(names: readonly string[]): Promise<void> {
    if (names.length > 0) await this.run(RELEASE, names)
  }

  /** Never what the cache remembers of another time. */
  private run(script: string, names: readonly string[]): Promise<string> {
    return this.container
      .withEnvVariable("SLIPWAY_NOW", randomUUID())
      .withExec(["sh", "-c", script, "told", ...names])
      .stdout()
  }
}

/** The name of a message, by all that makes it one. */
export const messageKey = (parts: readonly string[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 40)
