import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { exportLines } from "../../../dagger/kit/engine/choice.js"
import { PINNED } from "../../../src/lib/wrappers/description.js"

const VERSION = `v${PINNED.dagger}`

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

  /** Creates a folder with commands: the scripts by their names. */
  const commands = (folder: string, scripts: Record<string, string>): string => {
    mkdirSync(join(scratch, folder), { recursive: true })
    for (const [name, script] of Object.entries(scripts))
      writeFileSync(join(scratch, folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    return join(scratch, folder)
  }
  /** Creates a folder with only a `dagger` that prints this version. */
  const command = (folder: string, version: string): string =>
    commands(folder, { dagger: `echo dagger ${version}` })
  const find = async (path: string) => {
    vi.stubEnv("PATH", path)
    return (await import("../../../dagger/kit/engine/choice.js")).chooseEngine()
  }

  it("returns the engine at a given address, with the installed CLI", async () => {
    const host = await find(`${command("bin", VERSION)}:/bin`)
    expect(host).toMatchObject({ kind: "given", env: {} })
    expect(host.why).toContain(ADDRESS)
  })

  it.each(["image+podman", "docker-image"])("returns a runtime if the address is of %s", async (scheme) => {
    vi.stubEnv("_EXPERIMENTAL_DAGGER_RUNNER_HOST", `${scheme}://registry.dagger.io/engine:${VERSION}`)
    expect(await find(`${command("bin", VERSION)}:/bin`)).toMatchObject({ kind: "runtime", env: {} })
  })

  it("returns the given engine with the kit's CLI if the installed one is too old", async () => {
    const built = command("home/bin", VERSION)
    const host = await find(`${command("bin", "v0.20.0")}:/bin`)
    expect(host.kind).toBe("given")
    expect(host.env["PATH"]).toMatch(new RegExp(`^${built}:`))
    expect(host.env).not.toHaveProperty("_EXPERIMENTAL_DAGGER_RUNNER_HOST")
  })

  describe("without a given address", () => {
    const dagger = 'echo "dagger v99.1.0 (image://registry.dagger.io/engine:v99.1.0) linux/amd64"'
    // What the commands print: docker 26.1.5 and podman 5.4.2 of Debian.
    const noDaemon =
      'echo "ERROR: Cannot connect to the Docker daemon at unix:///var/run/docker.sock." >&2; echo "errors pretty printing info" >&2; exit 1'
    const answers = '[ "$1" = info ]'
    beforeEach(() => vi.stubEnv("_EXPERIMENTAL_DAGGER_RUNNER_HOST", ""))

    it("leaves docker to dagger if it answers", async () => {
      const host = await find(`${commands("bin", { dagger, docker: answers, podman: answers })}:/bin`)
      expect(host).toEqual({
        kind: "runtime",
        why: "dagger v99.1.0 and docker are here",
        env: {},
        silent: [],
      })
    })

    it("reads what dagger 1.0 prints, with the whole version of a beta", async () => {
      const version = "v1.0.0-beta.10"
      const lines = ["version:     ", "runner-host: image://registry.dagger.io/engine:"].map(
        (line) => `echo "${line}${version}"`,
      )
      const beta = lines.join("\n")
      const host = await find(`${commands("bin", { dagger: beta, podman: answers })}:/bin`)
      expect(host.why).toBe(`dagger ${version} and podman are here`)
      expect(Object.values(host.env)).toEqual([`image+podman://registry.dagger.io/engine:${version}`])
    })

    it("names docker to dagger in a shell that has the address of the kit's engine", async () => {
      vi.stubEnv("_EXPERIMENTAL_DAGGER_RUNNER_HOST", `unix://${join(scratch, "home/run/engine.sock")}`)
      const { env } = await find(
        `${commands("bin", { dagger: `echo dagger ${VERSION}`, docker: answers })}:/bin`,
      )
      expect(env).toEqual({
        _EXPERIMENTAL_DAGGER_RUNNER_HOST: `image+docker://registry.dagger.io/engine:${VERSION}`,
      })
    })

    it.each(["podman", "nerdctl", "finch"])(
      "names %s to dagger, with its image, if docker fails",
      async (name) => {
        const host = await find(`${commands("bin", { dagger, docker: noDaemon, [name]: answers })}:/bin`)
        expect(host).toEqual({
          kind: "runtime",
          why: `dagger v99.1.0 and ${name} are here`,
          env: { _EXPERIMENTAL_DAGGER_RUNNER_HOST: `image+${name}://registry.dagger.io/engine:v99.1.0` },
          silent: [
            { name: "docker", reason: "Cannot connect to the Docker daemon at unix:///var/run/docker.sock." },
          ],
        })
      },
    )

    it("returns the kit's engine, and those that fail with their last line, if none answers", async () => {
      const podman = 'echo "level=warning" >&2; echo "cannot clone: Operation not permitted" >&2; exit 125'
      const host = await find(`${commands("bin", { dagger, docker: "exit 1", podman })}:/bin`)
      expect(host).toMatchObject({
        kind: "kit",
        silent: [
          { name: "docker", reason: "nothing" },
          { name: "podman", reason: "cannot clone: Operation not permitted" },
        ],
      })
    })
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
