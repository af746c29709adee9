import type { Secret } from "@dagger.io/dagger"
import { fail } from "../lib/errors/catalogue.js"
import { stickyComment } from "../lib/forge/comment.js"
import { isPullRequest, type PullRequest } from "../lib/forge/pullRequest.js"
import { httpClient } from "../lib/http/client.js"
import { targetName } from "../lib/infra/roots.js"
import type { PlanDescription } from "./planStage.js"

/** Pull request to comment on, with the token for it. */
export interface Commenting {
  pullRequest: PullRequest
  token: Secret
  /** The service among several; empty for the only one. */
  service?: string
}

/** Reads a pull request as `slipway` passes it, in JSON. Fails with PULL_REQUEST. */
export function pullRequestFrom(text: string): PullRequest {
  try {
    const parsed = JSON.parse(text) as PullRequest
    if (isPullRequest(parsed)) return parsed
  } catch (cause) {
    throw fail("PULL_REQUEST", [text], { cause })
  }
  throw fail("PULL_REQUEST", [text])
}

/**
 * Writes each plan to the comment of its environment and root. An effect.
 *
 * A refusal by the host is reported and fails nothing, since the summary has the same text.
 */
export async function commentOn(
  reports: readonly PlanDescription[],
  { pullRequest, token, service = "" }: Commenting,
): Promise<Record<string, string>> {
  const plaintext = await token.plaintext()
  const said: Record<string, string> = {}
  for (const { target, markdown, changes } of reports) {
    const name = targetName(target)
    const request = {
      pullRequest,
      token: plaintext,
      key: ["infra plan", service, name].filter((part) => part !== "").join(" "),
      body: markdown,
      settled: !changes,
    }
    const outcome = await stickyComment(request, httpClient())
    said[`comment ${name}`] = "reason" in outcome ? `${outcome.kind}: ${outcome.reason}` : outcome.kind
    if (outcome.kind === "unreachable") break // the others would only time out as well
  }
  return said
}
