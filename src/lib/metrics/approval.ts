import { Review } from "../forge/repository.js"

/** What a commit says of itself. */
export interface SignedCommit {
  sha: string
  /** git's word for the signature: `G` for a good one by somebody known, `N` for none. */
  signature: string
  signer: string
  author: string
  /** Its trailers `Reviewed-by:`. */
  reviewers: readonly string[]
}

/** Whether somebody else than its author has seen a change before it was deployed. */
export interface Approval {
  state: "approved" | "missing" | "unknown"
  by: readonly string[]
  /** By what it is known. */
  source: string
  /** Why it isn't approved, or nobody knows; empty for an approval. */
  reason: string
}

/** Lines that git printed of a commit, and how many there are. */
export const SIGNED_FORMAT =
  "%H%n%G?%n%GS%n%an <%ae>%n%(trailers:key=Reviewed-by,valueonly,unfold,separator=%x1f)"
const LINES = 5

/** Reads what git printed of commits in that format. */
export function parseSignedCommits(text: string): Map<string, SignedCommit> {
  const lines = text.split("\n")
  const found = new Map<string, SignedCommit>()
  for (let at = 0; at + LINES <= lines.length; at += LINES) {
    const [sha = "", signature = "", signer = "", author = "", trailers = ""] = lines.slice(at, at + LINES)
    const reviewers = trailers.split("\x1f").flatMap((name) => name.trim() || [])
    found.set(sha, { sha, signature, signer, author, reviewers })
  }
  return found
}

/** Judges by the host's reviews first, then by trailers that a known key has signed; what can't be asked is unknown. */
export function approvalOf(
  commit: SignedCommit | undefined,
  review: Review | "none" | undefined,
  why = "",
): Approval {
  const reviewed = review === undefined || review === "none" ? undefined : byReview(review)
  const signed = commit === undefined ? undefined : byTrailers(commit)
  const good = [reviewed, signed].find((each) => each?.state === "approved")
  if (good !== undefined) return good
  if (reviewed !== undefined) return reviewed
  const trailers = signed?.reason ?? "its commit isn't known"
  if (review === "none") return notApproved("missing", `no pull request brought it; ${trailers}`)
  return notApproved(
    signed === undefined || why !== "" ? "unknown" : "missing",
    [why, trailers].filter(Boolean).join("; "),
  )
}

const notApproved = (state: "missing" | "unknown", reason: string): Approval => ({
  state,
  by: [],
  source: "",
  reason,
})

function byReview({ number, author, approvedBy }: Review): Approval {
  const by = approvedBy.filter((name) => name !== author)
  if (by.length > 0) return { state: "approved", by, source: `pull request #${number}`, reason: "" }
  return notApproved("missing", `nobody but its author has approved pull request #${number}`)
}

function byTrailers({ signature, signer, author, reviewers }: SignedCommit): Approval {
  const address = (name: string) => (/<([^<>]+)>\s*$/.exec(name)?.[1] ?? name).toLowerCase()
  const by = reviewers.filter((name) => address(name) !== address(author))
  if (by.length === 0) return notApproved("missing", "its commit has no trailer Reviewed-by of somebody else")
  if (signature !== "G")
    return notApproved("missing", `its trailer Reviewed-by (${by.join(", ")}) isn't signed by a known key`)
  return { state: "approved", by, source: `trailers signed by ${signer}`, reason: "" }
}
