import { spawnSync } from "node:child_process"

const OPTIONS = ["--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "log.showSignature=false"]
const ENVIRONMENT = { GIT_NO_LAZY_FETCH: "1", GIT_TERMINAL_PROMPT: "0" }
/** Output of git that is read at most, in bytes. */
const MOST = 1 << 30

/**
 * Git in a folder: its output, or undefined if it failed. It runs no program that the repository's settings name, and
 * fetches nothing.
 */
export function gitIn(folder: string, input?: string, env: Readonly<Record<string, string>> = {}) {
  return (...args: string[]): Buffer | undefined => {
    const { status, stdout } = spawnSync("git", [...OPTIONS, "-C", folder, ...args], {
      env: { ...process.env, ...ENVIRONMENT, ...env },
      maxBuffer: MOST,
      stdio: ["pipe", "pipe", "ignore"],
      ...(input !== undefined && { input }),
    })
    return status === 0 ? stdout : undefined
  }
}

/** The same with its output as text, without white space around it. */
export function gitText(folder: string) {
  const git = gitIn(folder)
  return (...args: string[]): string | undefined =>
    git(...args)
      ?.toString()
      .trim()
}

/** The lines of git's output, without empty ones. */
export const gitLines = (text = ""): string[] => text.split("\n").filter((line) => line !== "")
