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

describe("changes between two commits", () => {
  it("are those that came, by all ways, without merges", () => {
    expect(between("b", "f")).toEqual({
      subjects: ["Sell hats\twith a tab", "Fix prices", "Count hats"],
      more: 0,
      back: false,
      problem: "",
    })
    expect(between("c", "d").subjects).toEqual(["Fix prices", "Paint the shop"])
  })

  it("are taken back by a rollback", () => {
    expect(between("d", "b")).toMatchObject({ subjects: ["Fix prices"], back: true })
  })

  it("aren't invented where the history is cut short", () => {
    expect(between("0", "f")).toMatchObject({
      subjects: [],
      more: 0,
      problem: "the changes aren't known: the history here doesn't have 000000000000",
    })
    expect(between("a", "9").problem).toContain("doesn't have 999999999999")
    expect(changesBetween([], id("a"), "").problem).toContain("doesn't have the commit")
  })

  it("are none without a deployment before, or of the same commit", () => {
    expect(changesBetween(history, "", id("f"))).toMatchObject({ subjects: [], problem: "" })
    expect(between("f", "f").problem).toBe("no changes: the same commit as before")
  })

  it("are counted beyond what is shown", () => {
    const long = Array.from({ length: 50 }, (_, index) => {
      const sha = (number: number) => number.toString(16).padStart(40, "0")
      return { sha: sha(50 - index), parents: [sha(49 - index)], subject: `change ${50 - index}` }
    })
    const changes = changesBetween(long, long.at(-1)?.sha ?? "", long[0]?.sha ?? "")
    expect([changes.subjects.length, changes.more]).toEqual([20, 29])
  })

  it("pass over lines that are none of git's", () => {
    expect(parseLog("warning: x\n\nabc\tdef\tg\n")).toEqual([])
  })
})
