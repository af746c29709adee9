import { Review } from "../forge/repository.js"

/** Signature and trailers of a commit. */
export interface SignedCommit {
  sha: string
  /** git's signature status (`%G?`): `G` for a good signature by a known key, `N` for none. */
  signature: string
  signer: string
  author: string
  /** The values of its `Reviewed-by:` trailers. */
  reviewers: readonly string[]
}

/** Approval of a change by somebody other than its author. */
export interface Approval {
  state: "approved" | "missing" | "unknown"
  by: readonly string[]
  /** The evidence: a pull request or signed trailers. */
  source: string
  /** Why it isn't approved or unknown; empty for an approval. */
  reason: string
}

/** `git log` format for `parseSignedCommits`: five lines a commit. */
export const SIGNED_FORMAT =
  "%H%n%G?%n%GS%n%an <%ae>%n%(trailers:key=Reviewed-by,valueonly,unfold,separator=%x1f)"
const LINES = 5

/** Parses `git log` output in `SIGNED_FORMAT`. */
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

/** Approval by the host's reviews first, then by trailers signed with a known key; unknown if neither can be read. */
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
  const trailers = signed?.reason ?? "the commit is unknown"
  if (review === "none") return notApproved("missing", `not part of a pull request; ${trailers}`)
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
  return notApproved("missing", `pull request #${number} has no approval from anyone but its author`)
}

function byTrailers({ signature, signer, author, reviewers }: SignedCommit): Approval {
  const address = (name: string) => (/<([^<>]+)>\s*$/.exec(name)?.[1] ?? name).toLowerCase()
  const by = reviewers.filter((name) => address(name) !== address(author))
  if (by.length === 0)
    return notApproved("missing", "the commit has no Reviewed-by trailer from anyone but its author")
  if (signature !== "G")
    return notApproved("missing", `the Reviewed-by trailer (${by.join(", ")}) isn't signed by a known key`)
  return { state: "approved", by, source: `trailers signed by ${signer}`, reason: "" }
}
