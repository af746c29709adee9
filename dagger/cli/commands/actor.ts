import { mkdirSync, writeFileSync } from "node:fs"
import { userInfo } from "node:os"
import { join } from "node:path"
import { GIT_LOG_FORMAT } from "../../../src/lib/notify/changes.js"
import { run } from "../../lib/shell.js"
import { isAddress } from "./sourceFolder.js"
import type { Variables } from "../../lib/variables.js"

/** Variables with the user's name: GitHub, GitLab, Azure DevOps, CircleCI, Jenkins with its plugin. */
const ACTORS = ["GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILD_REQUESTEDFOR", "CIRCLE_USERNAME", "BUILD_USER"]

/** Returns the user who runs this, by the CI host or else by the login. */
export function actorOf(env: Variables, login: () => string = () => userInfo().username): string {
  const named = ACTORS.map((name) => env[name]).find((name) => name !== undefined && name !== "")
  try {
    return named ?? login()
  } catch {
    return "" // of a user without an entry in /etc/passwd
  }
}

/** Returns the URL of this run at the CI host; empty elsewhere. */
export function runUrl(env: Variables): string {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID } = env
  if (GITHUB_SERVER_URL && GITHUB_REPOSITORY && GITHUB_RUN_ID)
    return `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}`
  const { SYSTEM_COLLECTIONURI, SYSTEM_TEAMPROJECT, BUILD_BUILDID } = env
  if (SYSTEM_COLLECTIONURI && SYSTEM_TEAMPROJECT && BUILD_BUILDID)
    return `${SYSTEM_COLLECTIONURI}${encodeURIComponent(SYSTEM_TEAMPROJECT)}/_build/results?buildId=${BUILD_BUILDID}`
  return env["CI_PIPELINE_URL"] ?? env["CIRCLE_BUILD_URL"] ?? env["BUILD_URL"] ?? ""
}

/** The module's arguments for the user and the run's URL. */
export const actorArguments = (): string[] => {
  const address = runUrl(process.env)
  return [`--who=${actorOf(process.env)}`, ...(address === "" ? [] : [`--run-url=${address}`])]
}

/** Number of commits to search for changes since the last deployment. */
const MAX_COMMITS = 2000

/** The module's arguments for notifications; writes the git history to `folder`. */
export async function notifyArguments(source: string, folder: string): Promise<string[]> {
  if (isAddress(source)) return ["with-notify", ...actorArguments()]
  const log = ["log", `--max-count=${MAX_COMMITS}`, `--format=${GIT_LOG_FORMAT}`]
  const { stdout } = await run({ nothrow: true })`git -C ${source} ${log}`
  if (stdout === "") return ["with-notify", ...actorArguments()]
  mkdirSync(folder, { recursive: true })
  const file = join(folder, "history.txt")
  writeFileSync(file, stdout)
  return ["with-notify", ...actorArguments(), `--history=${file}`]
}
