import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, it, onTestFinished } from "vitest"
import type { Digests } from "../../../src/lib/adoption/entries.js"

const SCRIPT = join(import.meta.dirname, "../../../src/scripts/slipway_lines.py")
const noPython = spawnSync("python3", ["--version"]).status !== 0

/** The digests that the script prints for lines of these files. */
function digests(files: Record<string, string | Buffer>, lines: Record<string, number[]>): Digests {
  const folder = mkdtempSync(join(tmpdir(), "slipway-lines-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  writeFileSync(join(folder, "lines.json"), JSON.stringify(lines))
  const { stdout, stderr } = spawnSync("python3", ["-I", SCRIPT, "lines.json"], {
    cwd: folder,
    encoding: "utf8",
  })
  expect(stderr).toBe("")
  return JSON.parse(stdout) as Digests
}

it.skipIf(noPython)("a line has the digest of its words, wherever it is and however it is indented", () => {
  const { "a.py": a = {}, "b.py": b = {} } = digests(
    { "a.py": "import os\nx = 1\n\n\n", "b.py": "\r\n\tx  =  1 \r\nx = 2" },
    { "a.py": [1, 2, 4, 99], "b.py": [2, 3] },
  )
  expect(a["2"]).toMatch(/^[0-9a-f]{12}$/)
  expect(b["2"]).toBe(a["2"])
  expect(b["3"]).not.toBe(a["2"])
  // Empty lines, and those behind the end, have that of the last line above.
  expect([a["4"], a["99"]]).toEqual([a["2"], a["2"]])
})

it.skipIf(noPython)(
  "files of any encoding and name are read, and those that aren't there are left out",
  () => {
    const files = { "größe [1].py": Buffer.from([0x78, 0xff, 0x0a]), "empty.py": "", "-x.py": "a" }
    const found = digests(files, {
      ...Object.fromEntries(Object.keys(files).map((name) => [name, [1]])),
      "no.py": [1],
    })
    expect(Object.keys(found)).toEqual(Object.keys(files))
    for (const lines of Object.values(found)) expect(lines["1"]).toMatch(/^[0-9a-f]{12}$/)
  },
)
