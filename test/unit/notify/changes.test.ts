import { describe, expect, it } from "vitest"
import { changesBetween, parseLog } from "../../../src/lib/notify/changes.js"

const id = (letter: string) => letter.repeat(40)

/** a – b – d – e(merge of d and c) – f, where c came from a, and x from nothing that is known here. */
const history = parseLog(
  [
    [id("f"), id("e"), "Sell hats\twith a tab"],
    [id("e"), `${id("d")} ${id("c")}`, "Merge branch 'c'"],
    [id("d"), id("b"), "Fix prices"],
    [id("c"), id("a"), "Count hats"],
    [id("b"), id("a"), "Paint the shop"],
    [id("a"), id("0"), "Open the shop"],
  ]
    .map((fields) => fields.join("\t"))
    .join("\n"),
)

const between = (from: string, to: string) => changesBetween(history, id(from), id(to))

describe("changesBetween", () => {
  it("lists new commits of all branches, without merges", () => {
    expect(between("b", "f")).toEqual({
      subjects: ["Sell hats\twith a tab", "Fix prices", "Count hats"],
      more: 0,
      back: false,
      problem: "",
    })
    expect(between("c", "d").subjects).toEqual(["Fix prices", "Paint the shop"])
  })

  it("lists commits that a rollback reverts", () => {
    expect(between("d", "b")).toMatchObject({ subjects: ["Fix prices"], back: true })
  })

  it("is unknown if the history is truncated", () => {
    expect(between("0", "f")).toMatchObject({
      subjects: [],
      more: 0,
      problem: "changes unknown: the history doesn't contain 000000000000",
    })
    expect(between("a", "9").problem).toContain("doesn't contain 999999999999")
    expect(changesBetween([], id("a"), "").problem).toContain("doesn't contain the commit")
  })

  it("is empty without a previous deployment or for the same commit", () => {
    expect(changesBetween(history, "", id("f"))).toMatchObject({ subjects: [], problem: "" })
    expect(between("f", "f").problem).toBe("no changes: the same commit as before")
  })

  it("counts commits beyond the limit", () => {
    const long = Array.from({ length: 50 }, (_, index) => {
      const sha = (number: number) => number.toString(16).padStart(40, "0")
      return { sha: sha(50 - index), parents: [sha(49 - index)], subject: `change ${50 - index}` }
    })
    const changes = changesBetween(long, long.at(-1)?.sha ?? "", long[0]?.sha ?? "")
    expect([changes.subjects.length, changes.more]).toEqual([20, 29])
  })

  it("skips lines that aren't from git", () => {
    expect(parseLog("warning: x\n\nabc\tdef\tg\n")).toEqual([])
  })
})
