import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, expect, it } from "vitest"
import { trackedArguments } from "../../../dagger/cli/commands/tracked.js"

const scratch = mkdtempSync(join(tmpdir(), "slipway-test-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const git = (...args: string[]) => spawnSync("git", ["-C", scratch, ...args], { encoding: "utf8" })

it("names the code that git tracks although .gitignore names it, and all of an address", () => {
  expect(trackedArguments("https://git.example.com/team/service")).toEqual(["--tracked=**"])
  expect(trackedArguments(scratch)).toEqual([])
  git("init", "--quiet")
  for (const name of ["lib/a, b.py", "lib/c.txt", "d.py", "lib/untracked.py", ".gitignore"]) {
    mkdirSync(dirname(join(scratch, name)), { recursive: true })
    writeFileSync(join(scratch, name), "lib/\n")
  }
  git("add", "--force", "lib/a, b.py", "lib/c.txt", "d.py")
  expect(trackedArguments(scratch)).toEqual(["--tracked=lib/a??b.py"])
})
