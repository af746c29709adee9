/** Output of a command, not a message of the engine's own. */
const OUTPUT = /^\d+ +: \[[\dhms.]+\] \| /

const LOADING =
  /\b(?:query module objects|loading modules|load(?:ing)? (?:extra )?module|load user defaults|module source)\b/

/** Content by the engine's own id, or by digest. */
const CONTENT_GONE = /: (?:[0-9a-z]{25}|sha256:[0-9a-f]{64}): not found\b/

/**
 * True if the engine lost content of the module before it was loaded, and so before anything of the run began.
 *
 * The engine (0.21.8) may prune what it has just imported. Then the same call can be repeated. A journal line of the
 * run shows that it began: then nothing is repeated.
 */
export function lostModule(lines: Iterable<string>, mark: string): boolean {
  let lost = false
  for (const line of lines) {
    if (line.includes(`${mark} {`)) return false
    lost ||= !OUTPUT.test(line) && LOADING.test(line) && CONTENT_GONE.test(line)
  }
  return lost
}
