import { readFileSync } from "node:fs"
import type { Container } from "@dagger.io/dagger"

/** Where a container finds the Python programs of this module. */
export const SCRIPTS = "/slipway/scripts"

/** The text of a program, from this module's own disk: asking the engine for its source would generate all of its code anew. */
export const scriptText = (name: string): string =>
  readFileSync(new URL(`../scripts/${name}`, import.meta.url), "utf8")

/** Adds Python programs of this module, by their text: another change to the module runs nothing again. */
export const withScripts = (container: Container, ...names: string[]): Container =>
  names.reduce((changed, name) => changed.withNewFile(`${SCRIPTS}/${name}`, scriptText(name)), container)
