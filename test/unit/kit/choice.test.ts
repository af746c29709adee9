import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { exportLines } from "../../../dagger/kit/engine/choice.js"

describe("chooseEngine", () => {
  const ADDRESS = "tcp://engine.example.com:1234"
  let scratch = ""
  beforeEach(() => {
    scratch = mkdtempSync(join(tmpdir(), "slipway-test-"))
    vi.stubEnv("SLIPWAY_HOME", join(scratch, "home"))
    vi.stubEnv("_EXPERIMENTAL_DAGGER_RUNNER_HOST", ADDRESS)
    vi.resetModules()
  })
  afterEach(() => {
    vi.unstubAllEnvs()
    rmSync(scratch, { recursive: true, force: true })
  })

  /** Creates a folder with only a `dagger` that prints this version. */
  const command = (folder: string, version: string): string => {
    mkdirSync(join(scratch, folder), { recursive: true })
    writeFileSync(join(scratch, folder, "dagger"), `#!/bin/sh\necho dagger ${version}\n`, { mode: 0o755 })
    return join(scratch, folder)
  }
  const find = async (path: string) => {
    vi.stubEnv("PATH", path)
    return (await import("../../../dagger/kit/engine/choice.js")).chooseEngine()
  }

  it("returns the engine at a given address, with the installed CLI", async () => {
    const host = await find(`${command("bin", "v0.21.8")}:/bin`)
    expect(host).toMatchObject({ kind: "given", env: {} })
    expect(host.why).toContain(ADDRESS)
  })

  it("returns the given engine with the kit's CLI if the installed one is too old", async () => {
    const built = command("home/bin", "v0.21.8")
    const host = await find(`${command("bin", "v0.20.0")}:/bin`)
    expect(host.kind).toBe("given")
    expect(host.env["PATH"]).toMatch(new RegExp(`^${built}:`))
    expect(host.env).not.toHaveProperty("_EXPERIMENTAL_DAGGER_RUNNER_HOST")
  })

  it("fails without a CLI, or with one that is too old", async () => {
    await expect(find("/bin")).rejects.toThrow("NO_CLI")
    command("home/bin", "v0.21.7")
    await expect(find("/bin")).rejects.toThrow("NO_CLI")
  })
})

describe("exportLines", () => {
  it("quotes any value for the shell", () => {
    const values = {
      PLAIN: "a",
      SPACE: "a b",
      QUOTES: `it's "quoted"`,
      SIGNS: "$HOME `id` \\n;",
      LINES: "a\nb",
      EMPTY: "",
    }
    const script = `${exportLines(values)}\nexec node -p 'JSON.stringify(process.env)'`
    const seen = JSON.parse(execFileSync("sh", ["-euc", script], { encoding: "utf8" })) as Record<
      string,
      string
    >
    expect(seen).toMatchObject(values)
  })

  it("returns one line for each variable", () => {
    expect(exportLines({ A: "1", B: "2" })).toBe("export A='1'\nexport B='2'")
  })
})
