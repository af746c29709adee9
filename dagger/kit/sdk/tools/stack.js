// Shows a bundled module's stack by the lines of its sources.
import { existsSync, readFileSync } from "node:fs"
import { SourceMap } from "node:module"
import { dirname, resolve } from "node:path"

/**
 * Returns a stack with the places in bundles replaced by those in the sources.
 *
 * With --enable-source-maps Node parses a bundle's whole map before each call: a third of the time of one that succeeds.
 */
export function byLinesOfSources(stack) {
  const maps = new Map()
  const mapOf = (file) => {
    if (!maps.has(file)) maps.set(file, existsSync(`${file}.map`) ? new SourceMap(JSON.parse(readFileSync(`${file}.map`, "utf8"))) : undefined)
    return maps.get(file)
  }
  return stack.replaceAll(/file:\/\/(\/[^\s():]+\.mjs):(\d+):(\d+)/g, (place, file, line, column) => {
    const { fileName, lineNumber, columnNumber } = mapOf(file)?.findOrigin(Number(line), Number(column)) ?? {}
    return fileName ? `${resolve(dirname(file), fileName)}:${lineNumber}:${columnNumber}` : place
  })
}
