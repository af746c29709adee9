/** A commit, with those it came from. */
export interface LogCommit {
  sha: string
  parents: string[]
  subject: string
}

/** What a deployment brings, or takes back. */
export interface Changes {
  /** The commits' first lines, the newest first, without merges. */
  subjects: string[]
  /** How many there are besides. */
  more: number
  /** Whether a rollback takes them back. */
  back: boolean
  /** Why they aren't known; empty where they are. */
  problem: string
}

/** How `git log` is to print commits for `readHistory`. */
export const GIT_LOG_FORMAT = "%H%x09%P%x09%s"

/** So many are told; reports that list all are elsewhere. */
const SHOWN = 20

/** Reads what `git log --format=…` printed, a commit a line; other lines are passed over. */
export const parseLog = (text: string): LogCommit[] =>
  text.split("\n").flatMap((line) => {
    const [, sha, parents = "", subject = ""] = /^([0-9a-f]{40})\t([0-9a-f ]*)\t(.*)$/.exec(line) ?? []
    return sha === undefined ? [] : [{ sha, parents: parents.split(" ").filter(Boolean), subject }]
  })

/** What lies between two commits, by a history that may be cut short: then nothing is counted. */
export function changesBetween(history: readonly LogCommit[], from: string, to: string): Changes {
  if (from === "") return unknownChanges("")
  if (from === to) return unknownChanges("no changes: the same commit as before")
  const known = new Map(history.map((commit) => [commit.sha, commit]))
  const missing = [to, from].find((sha) => !known.has(sha))
  if (missing !== undefined)
    return unknownChanges(
      `the changes aren't known: the history here doesn't have ${missing.slice(0, 12) || "the commit"}`,
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

/** A commit and all that it came from, as far as they are known. */
function ancestors(known: ReadonlyMap<string, LogCommit>, from: string): Set<string> {
  const found = new Set<string>()
  const left = [from]
  for (let sha = left.pop(); sha !== undefined; sha = left.pop()) {
    if (found.has(sha)) continue
    found.add(sha)
    left.push(...(known.get(sha)?.parents ?? []))
  }
  return found
}
