import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { fileLines, LineSplitter, LONGEST_LINE } from "../../../dagger/lib/lines.js"

/** The lines of a text that comes in chunks of a few bytes. */
function split(text: string, size: number): string[] {
  const [bytes, splitter] = [Buffer.from(text), new LineSplitter()]
  const starts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => index * size)
  const lines = starts.flatMap((start) => splitter.take(bytes.subarray(start, start + size)))
  return [...lines, ...splitter.end()]
}

describe("LineSplitter", () => {
  it.each([1, 2, 3, 7, 100])("joins lines and characters across chunks of %i bytes", (size) => {
    expect(split("a\nüber 🙂\n\nlast", size)).toEqual(["a", "über 🙂", "", "last"])
    expect(split("a\n", size)).toEqual(["a"])
    expect(split("", size)).toEqual([])
  })

  it("breaks a line without end, so that memory holds a part of it", () => {
    const lines = split(`${"x".repeat(5 * LONGEST_LINE)}\nend`, 65_536)
    expect(lines.length).toBeGreaterThan(4)
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(1.1 * LONGEST_LINE)
    expect(lines.slice(0, -1).join("")).toHaveLength(5 * LONGEST_LINE)
    expect(lines.at(-1)).toBe("end")
  })
})

describe("fileLines", () => {
  it("reads a file of several chunks, and nothing if there is none", () => {
    const folder = mkdtempSync(join(tmpdir(), "slipway-lines-"))
    try {
      const lines = Array.from({ length: 200_000 }, (_, index) => `line ${index} ü`)
      writeFileSync(join(folder, "log"), lines.join("\n"))
      expect([...fileLines(join(folder, "log"))]).toEqual(lines)
      expect([...fileLines(join(folder, "none"))]).toEqual([])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
