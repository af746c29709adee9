import { describe, expect, it, test } from "vitest"
import { mergedBack } from "../../../src/lib/metrics/hotfix.js"
import { history } from "./ledgers.js"

const BASE: Record<string, [string, string, string?]> = {
  a: ["", "2026-03-01T00:00:00Z"],
  b: ["a", "2026-03-02T00:00:00Z", "Mend it"],
}
const heads = (main: string, develop: string, more: Record<string, string> = {}) => ({
  tags: { "refs/heads/main": main, "refs/heads/develop": develop, ...more },
})
const back = (past: ReturnType<typeof history>) => {
  const found = mergedBack(past, ["main", "develop"])
  return typeof found === "string"
    ? found
    : found.map(({ branch, targets }) => [branch, Object.values(targets).join()])
}
const OPEN = { "refs/heads/hotfix/x": "b" }

describe("mergedBack", () => {
  it("finds a hotfix merged if its branch is reachable", () => {
    const commits = { ...BASE, m: ["ab", "2026-03-03T00:00:00Z", "Merge branch 'hotfix/x'"] } as typeof BASE
    expect(back(history(commits, heads("m", "b", OPEN)))).toEqual([["hotfix/x", "merged,merged"]])
    expect(back(history(commits, heads("m", "a", OPEN)))).toEqual([["hotfix/x", "merged,missing"]])
  })

  it("finds a hotfix by its merge commit if its branch was deleted", () => {
    for (const subject of [
      "Merge branch 'hotfix/x'",
      "Merge branch 'hotfix/x' into 'main'",
      "Merge pull request #7 from acme/hotfix/x",
      "Merged PR 7: hotfix/x to main",
    ]) {
      const commits = { ...BASE, c: ["ab", "2026-03-03T00:00:00Z", subject] } as typeof BASE
      expect(back(history(commits, heads("c", "a"))), subject).toEqual([["hotfix/x", "merged,missing"]])
    }
  })

  it("recognises a squash merge or cherry-pick by author, date and subject", () => {
    const commits = { ...BASE, d: ["a", "2026-03-02T00:00:00Z", "Mend it (#7)"] } as typeof BASE
    expect(back(history(commits, heads("b", "d", OPEN)))).toEqual([["hotfix/x", "merged,picked"]])
    const other = { ...BASE, d: ["a", "2026-03-02T00:00:01Z", "Mend it"] } as typeof BASE
    expect(back(history(other, heads("b", "d", OPEN)))).toEqual([["hotfix/x", "merged,missing"]])
  })

  it("prefers the remote branch, since the local one may be behind", () => {
    const refs = {
      "refs/remotes/origin/main": "b",
      "refs/remotes/origin/develop": "b",
      "refs/remotes/origin/hotfix/x": "b",
      "refs/heads/feature/hotfix/y": "b",
    }
    expect(back(history(BASE, { tags: { ...heads("a", "a").tags, ...refs } }))).toEqual([
      ["hotfix/x", "merged,merged"],
    ])
  })
})

test("mergedBack returns a reason for an incomplete history or a missing branch", () => {
  expect(back(history(BASE, { ...heads("b", "b"), shallow: true }))).toMatch(/^the history is shallow/)
  expect(back(history(BASE, { tags: { "refs/heads/main": "b" } }))).toBe("the history has no branch develop")
  expect(back(history(BASE, heads("b", "b")))).toEqual([])
})
