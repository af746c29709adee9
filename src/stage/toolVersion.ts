import { type Container, ReturnType } from "@dagger.io/dagger"
import { versionIn } from "../lib/run/toolVersion.js"

/**
 * Asks a tool for its version: an image in the place of Slipway's own may have any.
 *
 * Never throws: what keeps it from answering is the error of the stage that uses it.
 */
export async function askedVersion(container: Container, question: readonly string[]): Promise<string> {
  try {
    const asked = container.withExec([...question], { expect: ReturnType.Any })
    return versionIn(`${await asked.stdout()}\n${await asked.stderr()}`)
  } catch {
    return "unknown"
  }
}
