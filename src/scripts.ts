import { readFileSync } from "node:fs"
import type { Container } from "@dagger.io/dagger"

/** Where a container finds the Python programs of this module. */
export const SCRIPTS = "/slipway/scripts"

/** Adds Python programs of this module, by their text: another change to the module runs nothing again. */
export const withScripts = (container: Container, ...names: string[]): Container =>
  names.reduce(
    (changed, name) =>
      // From this module's own disk: asking the engine for its source would generate all of its code anew.
      changed.withNewFile(
        `${SCRIPTS}/${name}`,
        readFileSync(new URL(`scripts/${name}`, import.meta.url), "utf8"),
      ),
    container,
  )
