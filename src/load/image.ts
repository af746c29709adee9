import { type Container, dag } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import { imageReference, K6_VERSION } from "../stage/images.js"

/** A container of k6's image. */
export const k6Image = ({ config }: { config: Config }): Container =>
  dag.container().from(imageReference("k6", K6_VERSION, config.images))
