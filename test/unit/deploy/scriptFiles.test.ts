import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { scriptArguments, scriptFiles } from "../../../src/lib/deploy/scriptFiles.js"

const SOURCE: Record<string, string> = {
  "k6/smoke.js": `
import http from "k6/http"
import { users } from "./lib/users.js"
import '../parts/plain.js'
export * from "https://example.com/x.js"
import { escape } from "../../etc/passwd"
const data = JSON.parse(open( "./data.json"))
`,
  "k6/lib/users.js": `export { names } from "./names.js"\nconst own = require("./users.js")\n`,
  "k6/lib/names.js": `export const names = ["./unrelated.js"]\n`,
  "k6/lib/unrelated.js": "",
  "parts/plain.js": `import "./missing.js"\n`,
  "k6/data.json": `{}`,
}

const collected = async (script: string) => {
  const asked: string[] = []
  const files = await scriptFiles(script, (path) => {
    asked.push(path)
    return Promise.resolve(SOURCE[path])
  })
  return { files, asked }
}

describe("scriptFiles", () => {
  it("collects what a script imports or opens, and what that imports, each once", async () => {
    const { files } = await collected("./k6/smoke.js")
    const names = ["k6/data.json", "k6/lib/names.js", "k6/lib/users.js", "k6/smoke.js", "parts/plain.js"]
    expect(Object.keys(files).sort()).toEqual(names)
    expect(files["k6/data.json"]).toBe("{}")
  })

  it("asks for nothing outside of the source, and nothing by another address", async () => {
    const { asked } = await collected("k6/smoke.js")
    expect(asked.filter((path) => /passwd|example|http/.test(path))).toEqual([])
    expect(asked).toContain("parts/missing.js")
  })

  it("is empty for a script that isn't there", async () => {
    expect((await collected("none.js")).files).toEqual({})
  })
})

describe("scriptArguments", () => {
  const scratch = mkdtempSync(join(tmpdir(), "slipway-test-"))
  afterAll(() => rmSync(scratch, { recursive: true, force: true }))

  it("write every file, a long one too, and run k6 on the script", () => {
    const long = "é".repeat(100_000)
    // In place of k6, a program that says what it is called with.
    writeFileSync(join(scratch, "k6"), `#!/bin/sh\necho "$@"\n`, { mode: 0o755 })
    const [script = "", ...rest] = scriptArguments("k6/smoke.js", {
      ...SOURCE,
      "k6/long.txt": long,
      "e.js": "",
    })
    const PATH = `${scratch}:${process.env["PATH"] ?? ""}`
    const here = script.replaceAll("/tmp/smoke", join(scratch, "smoke"))
    const said = execFileSync("sh", ["-c", here, ...rest], {
      env: { ...process.env, PATH },
      encoding: "utf8",
    })
    expect(said).toBe(`run --quiet --no-color --no-usage-report ${join(scratch, "smoke")}/k6/smoke.js\n`)
    const written = (path: string) => readFileSync(join(scratch, "smoke", path), "utf8")
    expect(written("k6/long.txt")).toBe(long)
    expect(written("e.js")).toBe("")
    for (const [path, text] of Object.entries(SOURCE)) expect(written(path)).toBe(text)
  })
})
