import { posix } from "node:path"
import { sizeText } from "./layout.js"

/** The patterns of a `.dockerignore`, read as the engine reads them (moby/patternmatcher, ignorefile). */
export function ignorePatterns(text: string): string[] {
  return text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line) => {
      const [, mark = "", pattern = ""] = /^(!?)\s*(.*)$/.exec(line) ?? []
      const clean = posix.normalize(pattern).replace(/(?<=.)\/$/, "")
      return mark + (pattern === "" ? "" : clean.replace(/^\/(?=.)/, ""))
    })
}

/** A file or folder in what is sent to a build. */
export interface ContextEntry {
  path: string
  bytes: number
}

/** What is sent to a build: all of it, and where it is too much, what makes it big. */
export interface ContextWeight {
  bytes: number
  biggest: ContextEntry[]
}

/** Says what makes a build's context big; undefined for one within its limit. */
export function contextWarning({ bytes, biggest }: ContextWeight, limit: number): string | undefined {
  if (bytes <= limit) return undefined
  const names = biggest
    .filter((entry) => entry.bytes * 100 >= bytes)
    .map((entry) => `${entry.path} ${sizeText(entry.bytes)}`)
    .join(", ")
  return `${sizeText(bytes)} in the build context, more than ${sizeText(limit)}: ${names}; exclude what the build doesn't need in .dockerignore`
}
