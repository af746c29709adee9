import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Makes a temporary folder, for this user alone, which is deleted as this process ends. */
export function folderOfProcess(prefix: string): string {
  const folder = mkdtempSync(join(tmpdir(), prefix))
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }))
  return folder
}
