import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { refuseOtherBranches } from "../../../dagger/cli/commands/wrappers.js"

const scratch = mkdtempSync(join(tmpdir(), "slipway-test-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** A repository with one commit on a branch. */
function repository(branch: string, settings = ""): string {
  const folder = mkdtempSync(join(scratch, "r-"))
  writeFileSync(join(folder, "slipway.yaml"), settings)
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", folder, "-c", "user.name=x", "-c", "user.email=x@x", ...args], {
      stdio: "ignore",
    })
  git("init", `--initial-branch=${branch}`)
  git("add", ".")
  git("commit", "--message=first")
  return folder
}

describe("slipway wrappers", () => {
  it("refuses a repository whose default branch slipway.yaml doesn't name, with the line to write", async () => {
    await expect(refuseOtherBranches(repository("master"))).rejects.toThrow(
      /default branch is "master", and the wrappers would be for "main"[^]*branches: { main: master }/,
    )
    await refuseOtherBranches(repository("master", "branches: { main: master }\n"))
    await refuseOtherBranches(repository("main"))
  })

  it("asks the remote for a name that nobody could guess", async () => {
    const clone = join(scratch, "clone")
    execFileSync("git", ["clone", "--quiet", repository("trunk"), clone])
    await expect(refuseOtherBranches(clone)).rejects.toThrow('"trunk"')
  })

  it("takes a folder without git, and one whose branches it doesn't know", async () => {
    await refuseOtherBranches(mkdtempSync(join(scratch, "n-")))
    await refuseOtherBranches(repository("work"))
  })
})
