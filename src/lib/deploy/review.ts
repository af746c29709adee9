import type { Review } from "../forge/repository.js"
import { approvalOf } from "../metrics/approval.js"
import { oneLine } from "../text/words.js"

/** Describes the review of a release by its host's answer: a pull request, none, or a text that says why it is unknown. */
export function reviewText(answer: Review | "none" | (string & {})): { approved: boolean; text: string } {
  if (answer === "none")
    return { approved: false, text: "not reviewed: its commit is part of no merged pull request" }
  if (typeof answer === "string") return { approved: false, text: oneLine(`review unknown: ${answer}`) }
  const { state, by, source, reason } = approvalOf(undefined, answer)
  if (state === "approved")
    return { approved: true, text: oneLine(`approved by ${by.join(", ")} in ${source}`) }
  return { approved: false, text: oneLine(`not reviewed: ${reason}`) }
}
