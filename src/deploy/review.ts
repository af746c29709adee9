import type { DeployInputs } from "./environment.js"
import { reviewText } from "../lib/deploy/review.js"
import { fail } from "../lib/errors/catalogue.js"
import { repositoryOf, reviewOf } from "../lib/forge/repository.js"
import { httpClient } from "../lib/http/client.js"
import { isCommit } from "../lib/release/expected.js"
import { secretNamed } from "../stage/secrets.js"

/** The time limit of the answers, since they only name something by default. */
const LIMIT = 30_000

/**
 * How the release of a commit was reviewed, for report and ledger; empty where the environment doesn't ask.
 *
 * Asks GitHub for the commit's pull request with REVIEW_TOKEN. Only the repository of the run is asked: settings could
 * name another host, which would get the token. Fails with NOT_REVIEWED where the environment demands an approval.
 */
export async function reviewOfRelease(
  { config, environment, secrets }: DeployInputs,
  origin: string,
  commit: string,
): Promise<string> {
  const policy = config.deploy.review[environment]
  if (policy === "ignore") return ""
  const { approved, text } = reviewText(
    await answer(secretNamed(secrets, environment, "REVIEW_TOKEN"), origin, commit),
  )
  if (!approved && policy === "enforce") throw fail("NOT_REVIEWED", [environment, text])
  return text
}

/** The host's answer, or why there is none. */
async function answer(token: ReturnType<typeof secretNamed>, origin: string, commit: string) {
  const repository = repositoryOf(origin)
  if (!isCommit(commit)) return "its commit isn't known"
  if (repository === undefined) return "its repository isn't known"
  if (token === undefined) return "there is no REVIEW_TOKEN to ask for reviews with"
  const http = httpClient({ patience: LIMIT })
  const reply = await reviewOf(repository, commit, (await token.secret.plaintext()).trim(), http)
  return reply.kind === "done" ? reply.value : reply.reason
}
