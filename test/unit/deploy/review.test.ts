import { expect, it } from "vitest"
import { reviewText } from "../../../src/lib/deploy/review.js"

const review = (...approvedBy: string[]) => ({ number: 7, url: "", author: "ada", approvedBy })

it.each([
  ["an approval", review("ada", "bo"), true, "approved by bo in pull request #7"],
  [
    "an author's own approval",
    review("ada"),
    false,
    "not reviewed: pull request #7 has no approval from anyone but its author",
  ],
  ["no pull request", "none" as const, false, "not reviewed: its commit is part of no merged pull request"],
  ["no answer", "GitHub: it\nanswered 500", false, "review unknown: GitHub: it answered 500"],
])("reviewText names %s", (_, answer, approved, text) => {
  expect(reviewText(answer)).toEqual({ approved, text })
})
