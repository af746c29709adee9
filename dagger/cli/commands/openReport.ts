import { existsSync } from "node:fs"
import { join } from "node:path"
import { visible } from "../../../src/lib/text/escape.js"
import { type Desktop, inPath, openerOf, openFile } from "../../lib/opener.js"
import { say } from "../../lib/progress.js"

/** The desktop of this process. */
const here = (): Desktop => ({ platform: process.platform, env: process.env, has: inPath })

/**
 * Opens the report in a folder for reports in the browser.
 *
 * Where it can't, it says so in one line: the run and its exit code have nothing to do with it.
 */
export async function openReport(out: string, desktop: Desktop = here()): Promise<void> {
  const problem = await problemOfOpening(out, desktop)
  if (problem !== undefined) say(`! report not opened: ${visible(problem)}`)
}

async function problemOfOpening(out: string, desktop: Desktop): Promise<string | undefined> {
  const file = join(out, "report.html")
  if (!existsSync(file)) return `the run left none in ${out}`
  const opener = openerOf(desktop)
  const problem = typeof opener === "string" ? opener : await openFile(file, opener)
  return problem === undefined ? undefined : `${problem}; it is ${file}`
}
