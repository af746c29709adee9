import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { contentKey } from "../../../dagger/lib/store.js"

describe("contentKey", () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "key-"))
    mkdirSync(join(folder, "deep"))
    writeFileSync(join(folder, "deep/a"), "one")
    writeFileSync(join(folder, "b"), "two")
  })
  afterEach(() => rmSync(folder, { recursive: true }))
  const key = (): string => contentKey({ texts: ["x"], folders: [folder] })

  it("is the same for the same content, wherever and whenever it was written", () => {
    const before = key()
    expect(before).toMatch(/^[0-9a-f]{16}$/)
    utimesSync(join(folder, "b"), 1, 1)
    mkdirSync(join(folder, "empty"))
    expect(key()).toBe(before)
    const other = mkdtempSync(join(tmpdir(), "key-"))
    mkdirSync(join(other, "deep"))
    writeFileSync(join(other, "b"), "two")
    writeFileSync(join(other, "deep/a"), "one")
    expect(contentKey({ texts: ["x"], folders: [other] })).toBe(before)
    rmSync(other, { recursive: true })
  })

  it.each<[string, (folder: string) => void]>([
    ["a file's content", (folder) => writeFileSync(join(folder, "deep/a"), "One")],
    ["a new file", (folder) => writeFileSync(join(folder, "c"), "")],
    ["a file that is gone", (folder) => rmSync(join(folder, "b"))],
    [
      "a file's name",
      (folder) => {
        rmSync(join(folder, "b"))
        writeFileSync(join(folder, "B"), "two")
      },
    ],
  ])("changes with %s", (_, change) => {
    const before = key()
    change(folder)
    expect(key()).not.toBe(before)
  })

  it("tells texts apart that join to the same", () => {
    const keys = [["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""]].map((texts) => contentKey({ texts }))
    expect(new Set(keys).size).toBe(4)
  })

  it("depends on the order of texts", () => {
    expect(contentKey({ texts: ["a", "b"] })).not.toBe(contentKey({ texts: ["b", "a"] }))
  })
})
