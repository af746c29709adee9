import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fail } from "../../../src/lib/errors/catalogue.js"
import { lastLines, requirePackages } from "../debian/packages.js"
import { run } from "../../lib/shell.js"
import { contentKey, type Inputs, stored } from "../../lib/store.js"

/** The plug-in that fetches; without a version Maven takes the one that it happens to know. */
const DEPENDENCY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"

const PACKAGES = ["maven", "openjdk-17-jdk-headless", "unzip"]

/**
 * The files of a folder in `dagger/kit/images/java`, built now unless the store has them: its `pom.xml` names artifacts,
 * `jars.sha256` their content and that of all they need, and `build.sh` lays them out, with code of its own.
 */
export async function builtJava(name: string): Promise<string> {
  const folder = sources(name)
  return stored(`java-${name}`, inputs(name), async (out) => {
    await requirePackages(PACKAGES)
    const jars = mkdtempSync(join(tmpdir(), "slipway-jars-"))
    try {
      await run({})`mvn --batch-mode --quiet --strict-checksums --file ${join(folder, "pom.xml")} ${[
        `${DEPENDENCY}:copy-dependencies`,
        `-DoutputDirectory=${jars}`,
      ]}`
      await run({ cwd: jars })`sha256sum --check --strict --quiet ${join(folder, "jars.sha256")}`
      await run({})`sh ${join(folder, "build.sh")} ${jars} ${out}`
    } catch (cause) {
      throw fail("JAVA_BUILD", [lastLines(cause)], { cause })
    } finally {
      rmSync(jars, { recursive: true })
    }
  })
}

/** Names the folder and its content. */
export const javaKey = (name: string): string => `java-${name}-${contentKey(inputs(name))}`

const sources = (name: string): string => join(import.meta.dirname, "java", name)

const inputs = (name: string): Inputs => ({ folders: [sources(name)], texts: [DEPENDENCY] })
