import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fail } from "../../../src/lib/errors/catalogue.js"
import { lastLines, requirePackages } from "../debian/packages.js"
import { run } from "../../lib/shell.js"
import { contentKey, type StoreInputs, stored } from "../../lib/store.js"

/** The plug-in that downloads, with its version pinned: Maven would take whichever it knows. */
const DEPENDENCY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"

const PACKAGES = ["maven", "openjdk-17-jdk-headless", "unzip"]

/**
 * Returns the built files of a folder in `dagger/kit/images/java` and builds them first unless they are stored: `pom.xml`
 * names artifacts, `jars.sha256` pins them and their dependencies, and `build.sh`, or a script beside the folder that has
 * its name without the version, compiles and lays out the result.
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
      await run({})`sh ${script(name)} ${jars} ${out}`
    } catch (cause) {
      throw fail("JAVA_BUILD", [lastLines(cause)], { cause })
    } finally {
      rmSync(jars, { recursive: true })
    }
  })
}

/** Content key of the folder. */
export const javaKey = (name: string): string => `java-${name}-${contentKey(inputs(name))}`

const sources = (name: string): string => join(import.meta.dirname, "java", name)

function script(name: string): string {
  const own = join(sources(name), "build.sh")
  return existsSync(own) ? own : join(import.meta.dirname, "java", `${name.replace(/-[^-]*$/, "")}.sh`)
}

const inputs = (name: string): StoreInputs => ({
  folders: [sources(name)],
  texts: [DEPENDENCY, readFileSync(script(name), "utf8")],
})
