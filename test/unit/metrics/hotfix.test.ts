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

describe("a hotfix", () => {
  it("is merged where its branch can be reached", () => {
    const commits = { ...BASE, m: ["ab", "2026-03-03T00:00:00Z", "Merge branch 'hotfix/x'"] } as typeof BASE
    expect(back(history(commits, heads("m", "b", OPEN)))).toEqual([["hotfix/x", "merged,merged"]])
    expect(back(history(commits, heads("m", "a", OPEN)))).toEqual([["hotfix/x", "merged,missing"]])
  })

  it("is known by its merge alone, when its branch is gone", () => {
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

  it("may be taken over, as a squash merge or a pick by its author, time and subject", () => {
    const commits = { ...BASE, d: ["a", "2026-03-02T00:00:00Z", "Mend it (#7)"] } as typeof BASE
    expect(back(history(commits, heads("b", "d", OPEN)))).toEqual([["hotfix/x", "merged,picked"]])
    const other = { ...BASE, d: ["a", "2026-03-02T00:00:01Z", "Mend it"] } as typeof BASE
    expect(back(history(other, heads("b", "d", OPEN)))).toEqual([["hotfix/x", "merged,missing"]])
  })

  it("is looked for on the remote rather than here, which may be behind", () => {
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

test("nothing is said of a history that isn't whole, or has no such branch", () => {
  expect(back(history(BASE, { ...heads("b", "b"), shallow: true }))).toMatch(/^the history is shallow/)
  expect(back(history(BASE, { tags: { "refs/heads/main": "b" } }))).toBe("the history has no branch develop")
  expect(back(history(BASE, heads("b", "b")))).toEqual([])
})
