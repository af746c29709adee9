import { mkdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fail } from "../../../src/lib/errors/catalogue.js"
import { messageOf } from "../../../src/lib/run/execError.js"
import { linkIn } from "../../lib/links.js"

/**
 * Writes a file of the source, in place of an older one or of a link; undefined removes it.
 *
 * Fails with SOURCE_UNWRITABLE, also for a folder on the way that is a link: the source may come from a stranger, and
 * what the link leads to is not the source's.
 */
export function writeSourceFile(source: string, path: string, content: string | Buffer | undefined): void {
  const file = join(source, path)
  try {
    const link = linkIn(dirname(file), source)
    if (link !== undefined) throw new Error(`${link} is a link to ${readlinkSync(link)}`)
    if (content !== undefined) mkdirSync(dirname(file), { recursive: true })
    rmSync(file, { force: true })
    // Exclusive: whatever another program has put there in the meantime stays.
    if (content !== undefined) writeFileSync(file, content, { flag: "wx" })
  } catch (error) {
    throw fail("SOURCE_UNWRITABLE", [path, messageOf(error)], { cause: error })
  }
}
