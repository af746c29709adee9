import { gitIn } from "../../lib/git.js"
import { isAddress } from "./sourceFolder.js"

/** Number of files that are named one by one. */
const MOST = 100

/**
 * The module's arguments for files that git tracks although `.gitignore` names them: linters look at these all the same.
 *
 * Of a git address that is every file.
 */
export function trackedArguments(source: string): string[] {
  if (isAddress(source)) return ["--tracked=**"]
  const list = ["ls-files", "-z", "--cached", "--ignored", "--exclude-standard"]
  const listed = gitIn(source)(...list)?.toString() ?? ""
  const files = listed.split("\0").filter((name) => /\.pyi?$/.test(name))
  return files.length > MOST ? ["--tracked=**"] : files.map((name) => `--tracked=${pattern(name)}`)
}

/** A pattern for a path. `dagger` splits lists at commas and drops quotes. */
const pattern = (path: string): string => path.replace(/[,"'`\\*?[\]\s]/g, "?")
