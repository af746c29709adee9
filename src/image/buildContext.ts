import { dag, type Directory } from "@dagger.io/dagger"
import { dockerfileOf, ignoreFile } from "./dockerfile.js"
import { imageReference } from "../stage/images.js"
import type { Config } from "../lib/config/config.js"
import { type ContextWeight, ignorePatterns } from "../lib/image/context.js"
import { SCRIPTS, withScripts } from "../stage/scripts.js"

/** Number of entries that a warning names. */
const NAMED = 5

/** Measures the build context, without what `.dockerignore` excludes, and finds its biggest entries. */
export async function weighContext(
  source: Directory,
  config: Config,
  pythonVersion: string,
): Promise<ContextWeight> {
  const exclude = ignorePatterns(await ignoreFile(source, dockerfileOf(config)))
  const platform = await dag.defaultPlatform()
  const base = dag.container({ platform }).from(imageReference("python", pythonVersion, config.images))
  const weighed = withScripts(base, "slipway_context.py")
    .withMountedDirectory("/context", exclude.length === 0 ? source : source.filter({ exclude }))
    .withExec([
      "python",
      "-I",
      `${SCRIPTS}/slipway_context.py`,
      "/context",
      String(config.image.context),
      String(NAMED),
    ])
  return JSON.parse(await weighed.stdout()) as ContextWeight
}
