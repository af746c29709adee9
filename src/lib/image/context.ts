import { posix } from "node:path"
import { sizeText } from "./layout.js"

/** Parses the patterns of a `.dockerignore` as the engine does (moby/patternmatcher, ignorefile). */
export function ignorePatterns(text: string): string[] {
  return text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line) => {
      const [, mark = "", pattern = ""] = /^(!?)\s*(.*)/s.exec(line) ?? []
      const clean = posix.normalize(pattern).replace(/(?<=.)\/$/, "")
      return mark + (pattern === "" ? "" : clean.replace(/^\/(?=.)/, ""))
    })
}

/** File or folder of a build context. */
export interface ContextEntry {
  path: string
  bytes: number
}

/** Size of a build context, with its biggest entries if it is over the limit. */
export interface ContextWeight {
  bytes: number
  biggest: ContextEntry[]
}

/** Returns the warning for a build context over its limit; undefined within it. */
export function contextWarning({ bytes, biggest }: ContextWeight, limit: number): string | undefined {
  if (bytes <= limit) return undefined
  const names = biggest
    .filter((entry) => entry.bytes * 100 >= bytes)
    .map((entry) => `${entry.path} ${sizeText(entry.bytes)}`)
    .join(", ")
  return `${sizeText(bytes)} in the build context, more than ${sizeText(limit)}: ${names}; exclude what the build doesn't need in .dockerignore`
}
