import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { refuseOffMain, tagOrigin } from "../../../dagger/cli/commands/tagOrigin.js"
import { REPOSITORY } from "../../../dagger/lib/home.js"

const root = mkdtempSync(join(tmpdir(), "slipway-tags-"))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const ENV = { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" }

function git(folder: string, ...args: string[]): void {
  const who = ["-c", "user.name=a", "-c", "user.email=a@localhost"]
  const { status, stderr } = spawnSync("git", [...who, "-C", folder, ...args], { env: ENV, encoding: "utf8" })
  if (status !== 0) throw new Error(stderr)
}

/** A repository with a commit on main, and another on the branch that is checked out. */
function repository(branch: string, main = "main"): string {
  const folder = mkdtempSync(join(root, "r-"))
  git(folder, "init", "--quiet", `--initial-branch=${main}`)
  writeFileSync(
    join(folder, "slipway.yaml"),
    "release: { registry: registry.example.com, source: https://example.com/a }\n",
  )
  git(folder, "add", ".")
  git(folder, "commit", "--quiet", "-m", "one")
  if (branch !== main) git(folder, "checkout", "--quiet", "-b", branch)
  git(folder, "commit", "--quiet", "--allow-empty", "-m", "two")
  git(folder, "tag", "v1.2.3")
  return folder
}

const TAG = { event: "tag", ref: "refs/tags/v1.2.3" }

describe("tagOrigin", () => {
  it("finds main, by either name, also in a clone of the tag", () => {
    expect(tagOrigin(repository("main"), "main")).toBe("main")
    expect(tagOrigin(repository("master", "master"), "master")).toBe("main")
    const clone = join(root, "clone")
    git(root, "clone", "--quiet", "--branch=v1.2.3", repository("main"), clone)
    expect(tagOrigin(clone, "main")).toBe("main")
  })

  it("finds a hotfix branch, and names any other", () => {
    expect(tagOrigin(repository("hotfix/x"), "main")).toBe("hotfix")
    expect(tagOrigin(repository("feature/x"), "main")).toEqual({ branches: ["feature/x"] })
  })

  it("can't tell without main, without the history, or without git", () => {
    expect(tagOrigin(repository("trunk", "trunk"), "main")).toBe("unknown")
    expect(tagOrigin(mkdtempSync(join(root, "r-")), "main")).toBe("unknown")
    const source = repository("feature/x")
    const shallow = join(root, "shallow")
    git(root, "clone", "--quiet", "--depth=1", "--no-single-branch", `file://${source}`, shallow)
    expect(tagOrigin(shallow, "main")).toBe("unknown")
  })
})

describe("refuseOffMain", () => {
  const source = repository("feature/x")

  it("refuses a version off main with what to do, unless a reason is given", () => {
    expect(() => refuseOffMain(source, TAG, undefined)).toThrow(
      /"v1\.2\.3" isn't on main, but on "feature\/x".*--off-main "REASON".*TAG_OFF_MAIN/s,
    )
    expect(() => refuseOffMain(source, TAG, "")).toThrow(/TAG_OFF_MAIN/)
    expect(() => refuseOffMain(source, TAG, "main is broken")).not.toThrow()
  })

  it.each([
    { event: "tag", ref: "refs/tags/v1.2.3-rc.1" },
    { event: "push", ref: "refs/heads/develop" },
    { event: "manual", ref: "refs/tags/v1.2.3" },
  ])("leaves alone what production doesn't get: %j", (trigger) => {
    expect(() => refuseOffMain(source, trigger, undefined)).not.toThrow()
  })
})

it("slipway ci refuses a version off main before it starts an engine", () => {
  const [source, out] = [repository("feature/x"), mkdtempSync(join(root, "out-"))]
  const command = join(REPOSITORY, "dagger/slipway.js")
  const options = ["ci", `--source=${source}`, `--out=${out}`, "--event=tag", "--ref=refs/tags/v1.2.3"]
  const { status, stderr } = spawnSync("node", [command, ...options], { env: ENV, encoding: "utf8" })
  expect(stderr).toContain(`the tag "v1.2.3" isn't on main`)
  expect(status).toBe(4)
})
