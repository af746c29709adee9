import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { lackingHotfixes, refuseWithoutHotfix } from "../../../dagger/cli/commands/hotfixes.js"

const root = mkdtempSync(join(tmpdir(), "slipway-hotfixes-"))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const ENV = { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" }

/** Runs git commands, each given as a text. */
function git(folder: string, ...commands: string[]): void {
  for (const command of commands) {
    const who = ["-c", "user.name=a", "-c", "user.email=a@localhost"]
    const { status, stderr } = spawnSync("git", [...who, "-C", folder, ...command.split(" ")], {
      env: ENV,
      encoding: "utf8",
    })
    if (status !== 0) throw new Error(`${command}: ${stderr}`)
  }
}

/** A commit that writes a file of its name. */
function commit(folder: string, name: string): void {
  writeFileSync(join(folder, name), `${name}\n`)
  git(folder, "add .", `commit --quiet -m ${name}`)
}

/** A repository with v1.0.0 on main and develop, and a hotfix v1.0.1 on a branch; develop has gone on. */
function repository(branch = "hotfix/fix"): string {
  const folder = mkdtempSync(join(root, "r-"))
  git(folder, "init --quiet --initial-branch=main")
  commit(folder, "one")
  git(folder, "tag v1.0.0", "branch develop", `checkout --quiet -b ${branch}`)
  commit(folder, "fix")
  git(folder, "tag v1.0.1", "checkout --quiet develop")
  commit(folder, "feature")
  return folder
}

const DEVELOP = { event: "push", ref: "refs/heads/develop" }
const FOUND = [{ tag: "v1.0.1", commits: [expect.stringMatching(/^[0-9a-f]{7,} fix$/)] }]

describe("lackingHotfixes", () => {
  const lacking = (folder: string) => lackingHotfixes(folder, "main", undefined)

  it("finds a hotfix that wasn't merged back, also from main or a branch that is gone", () => {
    const source = repository()
    expect(lacking(source)).toEqual(FOUND)
    git(source, "checkout --quiet main", "merge --quiet hotfix/fix", "checkout --quiet develop")
    expect(lacking(source)).toEqual(FOUND)
    const gone = repository()
    git(gone, "branch --quiet -D hotfix/fix")
    expect(lacking(gone)).toEqual(FOUND)
  })

  it.each([
    ["merge", "merge --quiet --no-edit hotfix/fix"],
    ["cherry-pick", "cherry-pick hotfix/fix"],
  ])("finds nothing after a %s", (_, command) => {
    const source = repository()
    git(source, command)
    expect(lacking(source)).toEqual([])
  })

  it("finds nothing where main has the merges and squashes of develop alone, or for a line of maintenance", () => {
    const source = mkdtempSync(join(root, "r-"))
    git(source, "init --quiet --initial-branch=main")
    commit(source, "one")
    git(source, "checkout --quiet -b develop")
    commit(source, "two")
    commit(source, "three")
    git(source, "checkout --quiet main", "merge --quiet --no-ff --no-edit develop", "tag v1.1.0")
    git(source, "checkout --quiet develop")
    commit(source, "four")
    commit(source, "five")
    git(source, "checkout --quiet main", "merge --quiet --squash develop", "commit --quiet -m squashed")
    git(source, "tag v1.2.0", "checkout --quiet develop")
    commit(source, "six")
    expect(lacking(source)).toEqual([])
    expect(lacking(repository("release/1.0"))).toEqual([])
  })

  it("can't tell without the whole history, or without git", () => {
    const shallow = join(root, "shallow")
    git(root, `clone --quiet --depth=1 file://${repository()} ${shallow}`)
    expect(lacking(shallow)).toBe("unknown")
    expect(lacking(mkdtempSync(join(root, "r-")))).toBe("unknown")
  })
})

describe("refuseWithoutHotfix", () => {
  const source = repository()

  it("refuses develop and a later version with the commits and what to do, unless a reason is given", () => {
    for (const trigger of [DEVELOP, { event: "tag", ref: "refs/tags/v1.1.0" }])
      expect(() => refuseWithoutHotfix(source, trigger, undefined)).toThrow(
        /lacks released hotfixes.*v1\.0\.1: [0-9a-f]{7,} fix.*git merge v1\.0\.1.*--without-hotfix "REASON".*HOTFIX_LACKING/s,
      )
    expect(() => refuseWithoutHotfix(source, DEVELOP, "the fix is obsolete")).not.toThrow()
  })

  it.each([
    { event: "tag", ref: "refs/tags/v1.0.0" },
    { event: "push", ref: "refs/heads/hotfix/other" },
    { event: "push", ref: "refs/heads/feature/x" },
    { event: "local", ref: "refs/heads/develop" },
  ])("leaves alone an earlier version, a hotfix, and what isn't released: %j", (trigger) => {
    expect(() => refuseWithoutHotfix(source, trigger, undefined)).not.toThrow()
  })
})
