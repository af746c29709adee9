import { isTime } from "../image/revision.js"

/** A commit as the metrics need it. */
export interface HistoryCommit {
  sha: string
  parents: readonly string[]
  /** Author date in milliseconds since 1970, which survives a rebase; NaN if invalid. */
  authored: number
  author: string
  subject: string
}

/** Commits and refs of a git repository. */
export interface History {
  commits: ReadonlyMap<string, HistoryCommit>
  /** Commits of branches and tags, by full ref name. */
  refs: ReadonlyMap<string, string>
  /** Why the history is incomplete; empty if it is complete. */
  incomplete: string
}

/** Output files of the script that reads a repository. */
export interface GitOutput {
  log: string
  refs: string
  shallow: string
}

/** Limit on commits read, some 20 MB. */
export const MAX_COMMITS = 150_000

/** `git log` format, one field a line: none of them can hold a line break. */
export const LOG_FORMAT = "%H%n%P%n%aI%n%an <%ae>%n%s"
const LINES = 5

const SHALLOW = "the history is shallow: fetch all of it (git fetch --unshallow, or fetch-depth: 0 in CI)"

/** Parses the output of the script. */
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
          : `the history has more than ${MAX_COMMITS} commits, the limit`,
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

/** Parses lines of ref name, object and, for an annotated tag, its commit. */
function readRefs(text: string): Map<string, string> {
  const lines = text.split("\n").map((line) => line.split(" "))
  return new Map(lines.flatMap(([name, object, commit]) => (object ? [[name ?? "", commit || object]] : [])))
}

/** The commit of a version by its tag, `v1.2.3` or `1.2.3`. */
export function commitOfTag({ refs }: History, version: string): string | undefined {
  const bare = version.replace(/^v(?=\d)/, "")
  if (bare === "") return undefined
  return [`v${bare}`, bare].map((tag) => refs.get(`refs/tags/${tag}`)).find((found) => found !== undefined)
}

/**
 * The commits reachable from `from` that aren't in `reached`, merges included; adds them to `reached`.
 */
export function newlyReachable({ commits }: History, from: string, reached: Set<string>): HistoryCommit[] {
  const found: HistoryCommit[] = []
  const left = [from]
  for (let sha = left.pop(); sha !== undefined; sha = left.pop()) {
    const commit = commits.get(sha)
    if (commit === undefined || reached.has(sha)) continue
    reached.add(sha)
    found.push(commit)
    for (const parent of commit.parents) left.push(parent)
  }
  return found
}
