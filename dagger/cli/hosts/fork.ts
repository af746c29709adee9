import { readFileSync } from "node:fs"
import { fields, parseJson, text } from "../../../src/lib/text/json.js"
import type { Variables } from "../../lib/variables.js"

/**
 * True if the pull request comes from another repository.
 *
 * Reads the variables that GitHub Actions, GitLab CI, Azure Pipelines, CircleCI and Jenkins' branch sources document.
 */
export function fromFork(env: Variables): boolean {
  const { CI_MERGE_REQUEST_SOURCE_PROJECT_ID: from, CI_MERGE_REQUEST_PROJECT_ID: to } = env
  return (
    onGithub(env) ||
    (Boolean(from && to) && from !== to) ||
    env["SYSTEM_PULLREQUEST_ISFORK"]?.toLowerCase() === "true" ||
    Boolean(env["CIRCLE_PR_USERNAME"]) ||
    Boolean(env["CHANGE_FORK"])
  )
}

/** Reads GitHub's event payload, the only source for this. A deleted fork has no repository there. */
function onGithub({ GITHUB_EVENT_PATH: file, GITHUB_REPOSITORY: here }: Variables): boolean {
  if (!file || !here) return false
  const { pull_request: pullRequest } = fields(read(file))
  if (pullRequest === undefined) return false
  const { repo } = fields(fields(pullRequest)["head"])
  return text(fields(repo)["full_name"]).toLowerCase() !== here.toLowerCase()
}

function read(file: string): unknown {
  try {
    return parseJson(readFileSync(file, "utf8"))
  } catch {
    return undefined
  }
}
