import { readFileSync } from "node:fs"
import type { Container } from "@dagger.io/dagger"

/** The path of this module's scripts in a container. */
export const SCRIPTS = "/slipway/scripts"

/** Returns the text of a script from the local disk; loading the source through the engine would regenerate all code. */
export const scriptText = (name: string): string =>
  readFileSync(new URL(`../scripts/${name}`, import.meta.url), "utf8")

/** Adds scripts of this module by their text, so that other changes to the module keep the cache. */
export const withScripts = (container: Container, ...names: string[]): Container =>
  names.reduce((changed, name) => changed.withNewFile(`${SCRIPTS}/${name}`, scriptText(name)), container)
