import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { authorityFindings, silentFindings } from "../../../dagger/cli/doctor/runtime.js"

describe("silentFindings", () => {
  const silent = [{ name: "docker", reason: "Cannot connect to the Docker daemon." }]
  const value = "is here, but doesn't answer: Cannot connect to the Docker daemon."

  it("names a runtime that doesn't answer, its reason, and the one used in its place", () => {
    const why = "dagger v0.21.8 and podman are here"
    expect(silentFindings({ kind: "runtime", why, env: {}, silent })).toMatchObject([
      {
        name: "docker",
        status: "warning",
        value,
        remedy: expect.stringContaining(`until then: ${why}`) as string,
      },
    ])
  })

  it("says that Slipway makes an engine if none answers", () => {
    const [finding] = silentFindings({ kind: "kit", why: "no container runtime answers", env: {}, silent })
    expect(finding).toMatchObject({ status: "warning", value })
    expect(finding?.remedy).toContain("Slipway makes an engine")
  })

  it("returns nothing if every runtime asked answers", () => {
    expect(silentFindings({ kind: "runtime", why: "", env: {}, silent: [] })).toEqual([])
  })
})

describe("authorityFindings", () => {
  let scratch = ""
  beforeEach(() => {
    scratch = mkdtempSync(join(tmpdir(), "slipway-test-"))
  })
  afterEach(() => rmSync(scratch, { recursive: true, force: true }))

  const authority = (folder: string, name: string, text: string): string => {
    mkdirSync(join(scratch, folder), { recursive: true })
    writeFileSync(join(scratch, folder, name), text)
    return join(scratch, folder)
  }
  const found = (folders: string[], env = { HOME: scratch }) => authorityFindings(env, folders)

  it("names the authorities of the machine that the engine's container lacks, and where dagger takes them from", () => {
    const machine = authority("machine", "proxy.crt", "one")
    authority("machine", "second.crt", "two")
    authority("machine", "README", "none")
    authority(".config/dagger/ca-certificates", "company.crt", "two\n")
    const [finding, ...others] = found([machine, join(scratch, "missing")])
    expect(others).toEqual([])
    expect(finding).toMatchObject({ name: "authorities", status: "warning" })
    expect(finding?.value).toMatch(new RegExp(`${machine}/proxy.crt$`))
    expect(finding?.remedy).toContain(`${scratch}/.config/dagger/ca-certificates`)
  })

  it("returns nothing if it has them all, in XDG_CONFIG_HOME too", () => {
    const machine = authority("machine", "proxy.crt", "one")
    authority("config/dagger/ca-certificates", "proxy.crt", "one")
    const env = { HOME: join(scratch, "nobody"), XDG_CONFIG_HOME: join(scratch, "config") }
    expect(authorityFindings(env, [machine])).toEqual([])
    expect(found([machine])).toHaveLength(1)
  })
})
