/** A commit with its parents. */
export interface LogCommit {
  sha: string
  parents: string[]
  subject: string
}

/** The commits that a deployment adds or reverts. */
export interface Changes {
  /** Commit subjects, newest first, without merges. */
  subjects: string[]
  /** Number of further commits. */
  more: number
  /** True if a rollback reverts them. */
  back: boolean
  /** Why they are unknown; empty if they are known. */
  problem: string
}

/** `git log` format for `parseLog`. */
export const GIT_LOG_FORMAT = "%H%x09%P%x09%s"

/** Limit on listed commits. */
const SHOWN = 20

/** Parses the output of `git log`, a commit per line; other lines are skipped. */
export const parseLog = (text: string): LogCommit[] =>
  text.split("\n").flatMap((line) => {
    const [, sha, parents = "", subject = ""] = /^([0-9a-f]{40})\t([0-9a-f ]*)\t(.*)$/.exec(line) ?? []
    return sha === undefined ? [] : [{ sha, parents: parents.split(" ").filter(Boolean), subject }]
  })

/** The changes between two commits; unknown if the history is truncated before them. */
export function changesBetween(history: readonly LogCommit[], from: string, to: string): Changes {
  if (from === "") return unknownChanges("")
  if (from === to) return unknownChanges("no changes: the same commit as before")
  const known = new Map(history.map((commit) => [commit.sha, commit]))
  const missing = [to, from].find((sha) => !known.has(sha))
  if (missing !== undefined)
    return unknownChanges(
      `changes unknown: the history doesn't contain ${missing.slice(0, 12) || "the commit"}`,
    )
  const [new_, old] = [ancestors(known, to), ancestors(known, from)]
  const brought = history.filter(({ sha }) => new_.has(sha) && !old.has(sha))
  const taken = history.filter(({ sha }) => old.has(sha) && !new_.has(sha))
  const back = brought.length === 0
  return shown(back ? taken : brought, back)
}

function shown(commits: readonly LogCommit[], back: boolean): Changes {
  const subjects = commits.filter(({ parents }) => parents.length < 2).map(({ subject }) => subject)
  return { subjects: subjects.slice(0, SHOWN), more: Math.max(0, subjects.length - SHOWN), back, problem: "" }
}

export const unknownChanges = (problem: string): Changes => ({ subjects: [], more: 0, back: false, problem })

/** A commit and its known ancestors. */
function ancestors(known: ReadonlyMap<string, LogCommit>, from: string): Set<string> {
  const found = new Set<string>()
  const left = [from]
  for (let sha = left.pop(); sha !== undefined; sha = left.pop()) {
    if (found.has(sha)) continue
    found.add(sha)
    for (const parent of known.get(sha)?.parents ?? []) left.push(parent)
  }
  return found
}
