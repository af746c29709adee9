import { describe, expect, it } from "vitest"
import { readDiff } from "../../../src/lib/quality/diff.js"
import { cost } from "../cost.js"

const header = (name: string, hunk = "-1,2 +1,2"): string =>
  `--- ${name}\t2026-01-02 03:04:05.678901+00:00\n+++ ${name}\t2026-01-02 03:04:05+00:00\n@@ ${hunk} @@\n`

describe("readDiff", () => {
  it("returns the first line that changes", () => {
    expect(readDiff(`${header("a.py", "-10,4 +10,4")} x\n \n-y\n+z\n`)).toEqual([{ file: "a.py", line: 12 }])
  })

  it("counts an addition to an empty file as line 1", () => {
    expect(readDiff(`${header("a.py", "-0,0 +1")}+x\n`)).toEqual([{ file: "a.py", line: 1 }])
  })

  it("finds a header that follows a line without a line break", () => {
    const isort = (name: string): string =>
      `--- ${name}:before\t2026-01-02 03:04:05.6\n+++ ${name}:after\t2026-01-02 03:04:05.6\n@@ -1,2 +1,2 @@\n`
    const text = `${isort("a.py")}+import a\n import b\n-import a${isort("new\nline.py")}-x\n+y\n`
    expect(readDiff(text, { before: ":before", after: ":after" })).toEqual([
      { file: "a.py", line: 1 },
      { file: "new\nline.py", line: 1 },
    ])
  })

  it("doesn't take changed lines that look like a header for one", () => {
    const removed = "--- forged.py\t2026-01-02 03:04:05+00:00\n"
    const added = "+++ other.py\t2026-01-02 03:04:05+00:00\n"
    const text = `${header("a.py")}${removed}${added}@@ -9,1 +9,1 @@\n-x\n${header("b.py")}-x\n`
    expect(readDiff(text)).toEqual([
      { file: "a.py", line: 1 },
      { file: "b.py", line: 1 },
    ])
  })

  it("takes linear time", () => {
    const text = `${header("a.py")}${"-x --- y\n".repeat(200_000)}`
    expect(cost(() => expect(readDiff(text)).toHaveLength(1))).toBeLessThan(1000)
  })
})
