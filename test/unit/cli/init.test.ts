import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest"
import { runInit } from "../../../dagger/cli/commands/init.js"

const scratch = mkdtempSync(join(tmpdir(), "slipway-test-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

let [out, said] = ["", ""]
beforeEach(() => {
  ;[out, said] = ["", ""]
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((out += String(text)), true))
  vi.spyOn(process.stderr, "write").mockImplementation((text) => ((said += String(text)), true))
})

const FILES = { "app.py": "", "compose.yaml": "services:\n  db:\n    image: postgres:17\n" }

function folder(files: Record<string, string>): string {
  const source = mkdtempSync(join(scratch, "s-"))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(source, name)), { recursive: true })
    writeFileSync(join(source, name), text)
  }
  return source
}

describe("slipway init", () => {
  it("writes the settings, and prints what a local run and a push would run", async () => {
    const source = folder(FILES)
    expect(await runInit({ source })).toBe(0)
    const written = readFileSync(join(source, "slipway.yaml"), "utf8")
    expect(written).toMatch(/^ {4}version: "17" # compose\.yaml:3: its version$/m)
    expect(out).toContain(`wrote slipway.yaml:\n\n${written}`)
    expect(out).toMatch(/^a local run[^]*^✓ tests [^]*^a push to main[^]*^✓ image /m)
  })

  it("leaves a file that is there as it is, and prints what it lacks", async () => {
    const own = "tests: { services: [postgres] }\n"
    const source = folder({ ...FILES, "slipway.yaml": own })
    await expect(runInit({ source })).rejects.toThrow(/slipway\.yaml[^]*--print[^]*SETTINGS_EXIST/)
    expect(await runInit({ source, print: true })).toBe(0)
    expect(readFileSync(join(source, "slipway.yaml"), "utf8")).toBe(own)
    expect(out).toMatch(/^#.*\ntests:\n {2}postgres:\n {4}version: "17" # .*\n$/)
    expect(said).toMatch(/^✓ tests /m)
  })

  it("writes nothing where nothing differs, or with --print", async () => {
    const source = folder({ "app.py": "" })
    await runInit({ source })
    expect(out).toMatch(/^no slipway\.yaml is needed/)
    const other = folder(FILES)
    await runInit({ source: other, print: true })
    expect([source, other].map((each) => existsSync(join(each, "slipway.yaml")))).toEqual([false, false])
  })

  it("refuses a folder without Python, an address, and a folder that isn't there", async () => {
    await expect(runInit({ source: folder({ "main.go": "" }) })).rejects.toThrow(/main\.go[^]*NOT_PYTHON/)
    await expect(runInit({ source: "https://git.example.com/a.git" })).rejects.toThrow("NO_SOURCE")
    await expect(runInit({ source: join(scratch, "none") })).rejects.toThrow("NO_SOURCE")
  })
})
