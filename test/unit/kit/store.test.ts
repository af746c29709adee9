import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
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

  it("is equal for equal content, independent of path and time", () => {
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
    ["a deleted file", (folder) => rmSync(join(folder, "b"))],
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

  it("distinguishes texts with the same concatenation", () => {
    const keys = [["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""]].map((texts) => contentKey({ texts }))
    expect(new Set(keys).size).toBe(4)
  })

  it("depends on the order of texts", () => {
    expect(contentKey({ texts: ["a", "b"] })).not.toBe(contentKey({ texts: ["b", "a"] }))
  })
})

describe("the store", () => {
  let home: string
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "home-"))
    mkdirSync(join(home, "store"))
    vi.stubEnv("SLIPWAY_HOME", home)
    vi.resetModules()
  })
  afterEach(() => {
    vi.unstubAllEnvs()
    rmSync(home, { recursive: true })
  })
  const age = (folder: string, days: number) => {
    const then = Date.now() / 1000 - days * 24 * 3600
    utimesSync(folder, then, then)
  }

  it("keeps entries that were used this week, and removes the others", async () => {
    const { stored, sweepStore } = await import("../../../dagger/lib/store.js")
    let builds = 0
    const build = (text: string) =>
      stored("thing", { texts: [text] }, (folder) => {
        builds++
        writeFileSync(join(folder, "content"), text)
        return Promise.resolve()
      })
    const [used, unused, younger] = [await build("used"), await build("unused"), await build("younger")]
    age(used, 8)
    age(unused, 8)
    age(younger, 6)
    expect(await build("used")).toBe(used)
    sweepStore()
    expect([used, unused, younger].map((folder) => existsSync(folder))).toEqual([true, false, true])
    expect(builds).toBe(3)
  })
})
