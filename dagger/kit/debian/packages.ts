import { run } from "../../lib/shell.js"
import { fail } from "../../../src/lib/errors/catalogue.js"
import { step } from "../../lib/progress.js"

/** Installs those of the Debian packages that the machine lacks. */
export async function requirePackages(names: string[]): Promise<void> {
  const { stdout } = await run({
    nothrow: true,
  })`dpkg-query --show --showformat ${"${Package} ${Status}\\n"} ${names}`
  const missing = names.filter((name) => !stdout.includes(`${name} install ok installed`))
  if (missing.length === 0) return
  const apt = run({ env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } })
  try {
    await step(`Debian packages ${missing.join(", ")}`, async () => {
      await apt`apt-get update --quiet`
      await apt`apt-get install --yes --quiet --no-install-recommends ${missing}`
    })
  } catch (cause) {
    throw fail("PACKAGE_MISSING", [missing, lastLines(cause)], { cause })
  }
}

/** The last lines of a failed command's output, which give the reason. */
export function lastLines(cause: unknown, count = 5): string {
  const output =
    cause instanceof Error ? ("stderr" in cause ? String(cause.stderr) : cause.message) : String(cause)
  return output.trim().split("\n").slice(-count).join("\n")
}
