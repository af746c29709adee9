import { posix } from "node:path"

/** Paths beside a script that it imports, requires or opens. */
const REFERENCE = /\b(?:from|import|require|open)[\s(]*["'](\.\.?\/[^"'\n]*)["']/g

/**
 * Collects a k6 script and the files of the source that it imports or opens by relative paths, by their own paths.
 *
 * `read` returns undefined for a path without a file, of which k6 itself then complains.
 */
export async function scriptFiles(
  script: string,
  read: (path: string) => Promise<string | undefined>,
): Promise<Record<string, string>> {
  const files: Record<string, string> = {}
  const open = [posix.normalize(script)]
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const text = Object.hasOwn(files, path) ? undefined : await read(path)
    if (text === undefined) continue
    files[path] = text
    const folder = posix.dirname(path)
    const named = Array.from(text.matchAll(REFERENCE), ([, name = ""]) => posix.join(folder, name))
    // None is outside of the source.
    open.push(...named.filter((name) => !name.startsWith("../")))
  }
  return files
}

/** Base64 characters in one argument, of which Linux takes 131,072. A multiple of four, so that each part stands alone. */
const PART = 100_000

/** Writes the files that follow as pairs of path and base64, and runs k6 on the script that comes last. */
const UNPACK = `
while [ $# -gt 1 ]; do
  mkdir -p "$(dirname "/tmp/smoke/$1")"
  echo "$2" | base64 -d >> "/tmp/smoke/$1"
  shift 2
done
exec k6 run --quiet --no-color --no-usage-report "/tmp/smoke/$1"`

/** The arguments of `sh -c` that run a k6 script with its files. */
export function scriptArguments(script: string, files: Readonly<Record<string, string>>): string[] {
  const parts = Object.entries(files).flatMap(([path, text]) => {
    const whole = Buffer.from(text).toString("base64")
    return Array.from({ length: Math.max(1, Math.ceil(whole.length / PART)) }, (_, index) => [
      path,
      whole.slice(index * PART, (index + 1) * PART),
    ]).flat()
  })
  return [UNPACK, "sh", ...parts, posix.normalize(script)]
}
