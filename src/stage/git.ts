import { type Container, dag } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import { GIT_VERSION, imageReference } from "./images.js"
import { withScripts } from "./scripts.js"

/** A container of git with scripts of this module. */
export const gitContainer = ({ images }: Pick<Config, "images">, ...scripts: string[]): Container =>
  withScripts(dag.container().from(imageReference("git", GIT_VERSION, images)), ...scripts)
