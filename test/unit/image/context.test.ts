import { expect, test } from "vitest"
import { contextWarning, ignorePatterns } from "../../../src/lib/image/context.js"

test("ignorePatterns parses patterns as the engine does", () => {
  const text = "\uFEFF# c\n*.md\n\n  /private/ \n!/private//keep.txt\n! x/../y\n#d\n./a/./b\r\n/\n .\n!\n"
  expect(ignorePatterns(text)).toEqual(["*.md", "private", "!private/keep.txt", "!y", "a/b", "/", ".", "!"])
  expect(ignorePatterns("")).toEqual([])
})

test("contextWarning names the biggest entries of a context over its limit", () => {
  const biggest = [
    { path: "data/model.bin", bytes: 1_900_000_000 },
    { path: ".cache/", bytes: 100_000_000 },
    { path: "Dockerfile", bytes: 300 },
  ]
  expect(contextWarning({ bytes: 2_000_000_300, biggest }, 100_000_000)).toBe(
    "2.00 GB in the build context, more than 100.0 MB: data/model.bin 1.90 GB, .cache/ 100.0 MB; exclude what the build doesn't need in .dockerignore",
  )
  expect(contextWarning({ bytes: 100_000_000, biggest: [] }, 100_000_000)).toBeUndefined()
})
