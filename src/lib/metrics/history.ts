import { isTime } from "../image/revision.js"

/** A commit, as far as figures need it. */
export interface HistoryCommit {
  sha: string
  parents: readonly string[]
  /** When the change was written, in milliseconds since 1970: it survives a rebase. NaN where it says nothing sensible. */
  authored: number
  author: string
  subject: string
}

/** What is known of a repository's past. */
export interface History {
  commits: ReadonlyMap<string, HistoryCommit>
  /** Where branches and tags stand, by their whole names; a tag by the commit that it is of. */
  refs: ReadonlyMap<string, string>
  /** Why some of it is missing; empty where nothing is. */
  incomplete: string
}

/** What the script left of a repository. */
export interface GitOutput {
  log: string
  refs: string
  shallow: string
}

/** More commits aren't read: some 20 MB. */
export const MAX_COMMITS = 150_000

/** What `git log` prints of a commit, each on a line: none of them can hold a line break. */
export const LOG_FORMAT = "%H%n%P%n%aI%n%an <%ae>%n%s"
const LINES = 5

const SHALLOW =
  "the history is shallow: check out all of it (git fetch --unshallow, or fetch-depth: 0 in a CI host)"

/** Reads what the script printed. */
export function parseHistory({ log, refs, shallow }: GitOutput): History {
  const commits = readCommits(log)
  const all = [...commits.values()].every(({ parents }) => parents.every((parent) => commits.has(parent)))
  const whole = commits.size < MAX_COMMITS && all
  return {
    commits,
    refs: readRefs(refs),
    incomplete:
      shallow.trim() === "true"
        ? SHALLOW
        : whole
          ? ""
          : `of the history at most ${MAX_COMMITS} commits are read, and it has more`,
  }
}

function readCommits(log: string): Map<string, HistoryCommit> {
  const lines = log.split("\n")
  const commits = new Map<string, HistoryCommit>()
  for (let at = 0; at + LINES <= lines.length; at += LINES) {
    const [sha = "", parents = "", time = "", author = "", subject = ""] = lines.slice(at, at + LINES)
    const authored = isTime(time) ? Date.parse(time) : NaN
    commits.set(sha, { sha, parents: parents.split(" ").filter(Boolean), authored, author, subject })
  }
  return commits
}

/** Lines of name, object, and of a tag that is an object the commit that it is of. */
function readRefs(text: string): Map<string, string> {
  const lines = text.split("\n").map((line) => line.split(" "))
  return new Map(lines.flatMap(([name, object, commit]) => (object ? [[name ?? "", commit || object]] : [])))
}

/** The commit of a version by its tag, as `v1.2.3` or `1.2.3`. */
export function commitOfTag({ refs }: History, version: string): string | undefined {
  const bare = version.replace(/^v(?=\d)/, "")
  if (bare === "") return undefined
  return [`v${bare}`, bare].map((tag) => refs.get(`refs/tags/${tag}`)).find((found) => found !== undefined)
}

/**
 * The commits that can be reached from one, and from none of those that were reached before; these are added to them.
 * A merge is among them.
 */
export function newlyReachable({ commits }: History, from: string, reached: Set<string>): HistoryCommit[] {
  const found: HistoryCommit[] = []
  const left = [from]
  for (let sha = left.pop(); sha !== undefined; sha = left.pop()) {
    const commit = commits.get(sha)
    if (commit === undefined || reached.has(sha)) continue
    reached.add(sha)
    found.push(commit)
    left.push(...commit.parents)
  }
  return found
}
