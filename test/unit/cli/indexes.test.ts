import { homedir } from "node:os"
import { join, resolve } from "node:path"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { indexArguments } from "../../../dagger/cli/commands/indexes.js"

const NETRC = "machine pypi.example login me password s3cret"

beforeEach(() => {
  vi.stubEnv("NETRC", undefined)
})
afterEach(() => void vi.unstubAllEnvs())

describe("indexArguments", () => {
  it("are empty unless something is set: ~/.netrc is read only where it is named", () => {
    expect(indexArguments({}, ["quality"])).toEqual([])
    expect(indexArguments({ netrc: "~/.netrc" }, ["quality"])).toEqual([
      `--netrc=file://${join(homedir(), ".netrc")}`,
    ])
  })

  it("take NETRC as a path, as pip and uv do, and as the text that CI hosts hold", () => {
    vi.stubEnv("NETRC", "netrc.txt")
    expect(indexArguments({}, ["tests"])).toEqual([`--netrc=file://${resolve("netrc.txt")}`])
    vi.stubEnv("NETRC", NETRC)
    expect(indexArguments({}, ["tests"])).toEqual(["--netrc=env://NETRC"])
    expect(indexArguments({ netrc: "op://vault/netrc" }, ["tests"])).toEqual(["--netrc=op://vault/netrc"])
  })

  it("name the variables of uv and Poetry that are set, and further ones that are asked for", () => {
    vi.stubEnv("UV_INDEX_TEAM_USERNAME", "me")
    vi.stubEnv("UV_INDEX_TEAM_PASSWORD", "s3cret")
    expect(indexArguments({ indexSecret: ["env://TEAM_TOKEN"] }, ["image"])).toEqual([
      "--index-secrets=env://UV_INDEX_TEAM_PASSWORD",
      "--index-secrets=env://UV_INDEX_TEAM_USERNAME",
      "--index-secrets=env://TEAM_TOKEN",
    ])
  })

  it("are empty for a fork, and for stages that install nothing", () => {
    vi.stubEnv("NETRC", NETRC)
    expect(indexArguments({ netrc: "~/.netrc" }, ["quality"], true)).toEqual([])
    expect(indexArguments({}, ["infra", "plan", "notify"])).toEqual([])
  })
})
