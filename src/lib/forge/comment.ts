/** One comment per subject on a pull request, updated in place by each run. */
import type { Http } from "../http/client.js"
import { azureHost } from "./azure.js"
import { githubHost } from "./github.js"
import { gitlabHost, isJobToken } from "./gitlab.js"
import {
  done,
  type Found,
  type CommentHost,
  type CommentHostOf,
  type ForgeRefusal,
  type Reply,
} from "./host.js"
import { marked, marker, sameText } from "./marker.js"
import { type HostKind, isPullRequest, type PullRequest } from "./pullRequest.js"

export interface StickyComment {
  pullRequest: PullRequest
  token: string
  /** The comment's subject, such as `infra plan staging terraform/azure`. */
  key: string
  /** Markdown, at most 60,000 bytes. */
  body: string
  /**
   * True if it requires no attention, as the short text for a plan without changes.
   *
   * It replaces a longer comment and is created too if there is none, so that reviewers see that the check ran; Azure
   * DevOps closes its thread.
   *
   * @default false
   */
  settled?: boolean
  /**
   * True to leave a pull request without a comment alone.
   *
   * @default false
   */
  onlyUpdate?: boolean
}

export type CommentOutcome =
  | { kind: "created" | "updated" | "unchanged" }
  /** One line, without the token. */
  | { kind: "refused" | "unreachable"; reason: string }

const HOSTS: Readonly<Record<HostKind, CommentHostOf>> = {
  github: githubHost,
  gitlab: gitlabHost,
  "azure-devops": azureHost,
}

/** Number of attempts for a comment that was deleted meanwhile, or whose creation is uncertain. */
const ROUNDS = 3

/** Maximum number of duplicates to delete in a run, which should not wait for more; the next run continues. */
const REMOVALS = 20

/**
 * Creates the comment for a key, or updates it; of duplicates the oldest is updated and the others are deleted.
 *
 * A comment is Slipway's own if it begins with the key's marker and its author is the token's: GraphQL's viewer on
 * GitHub, the user on GitLab, the connection's identity in Azure DevOps. A quoted or forged marker thus has no effect.
 * Every answer of the host is returned as an outcome.
 */
export async function stickyComment(request: StickyComment, http: Http): Promise<CommentOutcome> {
  const { pullRequest, key, settled = false } = request
  const token = request.token.trim()
  const fault = problemOf(pullRequest, token)
  if (fault !== undefined) return { kind: "refused", reason: fault }
  const host = HOSTS[pullRequest.host](pullRequest, token, http)
  const body = marked(key, request.body)
  const gone = new Set<string>()
  let uncertain = false // true if an unanswered request may have created a comment
  for (let round = 1; ; round += 1) {
    const found = await ours(host, marker(key), gone)
    if (found.kind !== "done") return refused(found)
    const [first, ...others] = found.value
    if (first === undefined && request.onlyUpdate === true) return { kind: "unchanged" }
    const written = await write(host, first, body, settled)
    if (written.kind === "done") {
      for (const other of others.slice(0, REMOVALS)) await host.remove(other)
      return { kind: uncertain && written.value === "unchanged" ? "created" : written.value }
    }
    if (round === ROUNDS || !(await again(written, first, http, round))) return refused(written)
    if (first === undefined) uncertain = true
    else gone.add(first.id)
  }
}

/** True for another attempt: a comment was deleted before its update, or a creation is uncertain. */
function again(refusal: ForgeRefusal, first: Found | undefined, http: Http, round: number): Promise<boolean> {
  if (first !== undefined) return Promise.resolve(refusal.status === 404)
  return refusal.uncertain === true ? http.pause(round) : Promise.resolve(false)
}

/** Validates the request before anything is sent: a header can't hold every character, and its error would quote it. */
function problemOf(pullRequest: PullRequest, token: string): string | undefined {
  if (!isPullRequest(pullRequest)) return "the pull request's address can't be right"
  if (!/^[\x21-\x7E]{1,10000}$/.test(token)) return "the token is empty, or has characters that no token has"
  if (pullRequest.host === "gitlab" && isJobToken(token)) {
    return "GitLab lets no CI_JOB_TOKEN write comments; pass a project's access token with the scope `api`"
  }
  return undefined
}

/** Returns the comments with a marker by this token's author, the oldest first. */
async function ours(
  host: CommentHost,
  beginning: string,
  gone: ReadonlySet<string>,
): Promise<Reply<Found[]>> {
  const listed = await host.list(beginning)
  if (listed.kind !== "done" || listed.value.length === 0) return listed
  const author = await host.author()
  if (author.kind !== "done") return author
  return done(listed.value.filter((comment) => author.value(comment) && !gone.has(comment.id)))
}

async function write(
  host: CommentHost,
  first: Found | undefined,
  body: string,
  settled: boolean,
): Promise<Reply<"created" | "updated" | "unchanged">> {
  if (first !== undefined && sameText(first.body, body)) return done("unchanged")
  const reply =
    first === undefined ? await host.create(body, settled) : await host.update(first, body, settled)
  if (reply.kind !== "done") return reply
  return done(first === undefined ? "created" : "updated")
}

const refused = ({ kind, reason }: ForgeRefusal): CommentOutcome => ({ kind, reason })
