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

/**
 * Reads GitHub's event payload, the only source for this. A deleted fork has no repository there.
 *
 * GitHub documents that the payload of a fork's pull request may be empty: one that says nothing is taken for a fork's.
 */
function onGithub(env: Variables): boolean {
  const { GITHUB_EVENT_NAME: event, GITHUB_EVENT_PATH: file, GITHUB_REPOSITORY: here } = env
  const { pull_request: pullRequest } = file && here ? fields(read(file)) : {}
  if (pullRequest === undefined) return event === "pull_request"
  const { repo } = fields(fields(pullRequest)["head"])
  return text(fields(repo)["full_name"]).toLowerCase() !== here?.toLowerCase()
}

function read(file: string): unknown {
  try {
    return parseJson(readFileSync(file, "utf8"))
  } catch {
    return undefined
  }
}
