import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"

const PROGRAMS = ["dagger", "dnsname", "engine", "init"]

describe("givenBinaries, with SLIPWAY_DAGGER", () => {
  let scratch = ""
  beforeEach(() => {
    scratch = mkdtempSync(join(tmpdir(), "slipway-test-"))
    mkdirSync(join(scratch, "home/store"), { recursive: true })
    mkdirSync(join(scratch, "own"))
    vi.stubEnv("SLIPWAY_HOME", join(scratch, "home"))
    vi.stubEnv("SLIPWAY_DAGGER", join(scratch, "own"))
    vi.resetModules()
  })
  afterEach(() => {
    vi.unstubAllEnvs()
    rmSync(scratch, { recursive: true, force: true })
  })

  const put = (text: string, names = PROGRAMS): void =>
    names.forEach((name) => writeFileSync(join(scratch, "own", name), text, { mode: 0o755 }))
  const binaries = async (): Promise<string> =>
    (await (await import("../../../dagger/kit/engine/binaries.js")).givenBinaries()) ?? ""

  it("returns a copy of somebody's own programs below Slipway's home, and another once they change", async () => {
    put("first")
    writeFileSync(join(scratch, "own/notes.txt"), "")
    const first = await binaries()
    expect(first).toContain(join(scratch, "home/store"))
    expect(readdirSync(first).sort()).toEqual(PROGRAMS)
    expect(await binaries()).toBe(first)
    put("the second")
    expect(readFileSync(join(await binaries(), "engine"), "utf8")).toBe("the second")
  })

  it("names the folder and what it lacks", async () => {
    put("", ["dagger", "engine"])
    await expect(binaries()).rejects.toThrow(/own" has no "dnsname", "init"[^]*PROGRAM_MISSING/)
  })
})
