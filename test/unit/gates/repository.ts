import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { parseConfig } from "../../../src/lib/config/parse.js"
import { type PolicyReading, POLICY_FILES, readPolicy, trustedFiles } from "../../../src/lib/gates/facts.js"

const SCRIPT = resolve(import.meta.dirname, "../../../src/scripts/slipway_gates.py")

/** True if this machine can't run the script that reads code. */
export const noPython = spawnSync("python3", ["--version"]).status !== 0

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" })
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${stderr}`)
  return stdout
}

/** A git repository in a folder of its own. */
export class Repository {
  readonly path = mkdtempSync(join(tmpdir(), "slipway-gates-"))

  constructor(files: Files) {
    this.git("init", "--quiet", "--initial-branch=main")
    this.commit(files)
  }

  git(...args: string[]): string {
    const own = ["-c", "user.name=me", "-c", "user.email=me@example.com", "-c", "commit.gpgsign=false"]
    return run("git", [...own, ...args], this.path).trim()
  }

  /** Writes files, deletes those that are null, and commits. */
  commit(files: Files): void {
    this.write(files)
    this.git("add", "--all")
    this.git("commit", "--quiet", "--allow-empty", "--message=Change")
  }

  write(files: Files): void {
    for (const [name, text] of Object.entries(files)) {
      const file = join(this.path, name)
      mkdirSync(dirname(file), { recursive: true })
      if (text === null) rmSync(file, { force: true })
      else writeFileSync(file, text)
    }
  }

  /** Reads the policy of what is checked out at a commit. */
  at(commit: string): PolicyReading {
    const folder = mkdtempSync(join(tmpdir(), "slipway-gates-at-"))
    this.git("worktree", "add", "--quiet", "--detach", folder, commit)
    const reading = readingOf(folder)
    this.git("worktree", "remove", "--force", folder)
    return reading
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

export type Files = Record<string, string | null>

/** Reads the policy of a folder. */
export function readingOf(folder: string): PolicyReading {
  const texts = Object.fromEntries(
    POLICY_FILES.filter((name) => existsSync(join(folder, name))).map((name) => [
      name,
      readFileSync(join(folder, name), "utf8"),
    ]),
  )
  const config = parseConfig(texts["slipway.yaml"])
  return readPolicy(config, texts, run("python3", ["-B", SCRIPT, ...trustedFiles(config)], folder))
}
