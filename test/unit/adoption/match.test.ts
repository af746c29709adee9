import { describe, expect, it } from "vitest"
import {
  candidates,
  entriesOf,
  linesToDigest,
  NO_ENTRIES,
  placed,
  sizeOf,
} from "../../../src/lib/adoption/entries.js"
import { followRenames, judgeKnown, matchEntries, maybeRenamed } from "../../../src/lib/adoption/match.js"
import type { Finding, Outcome } from "../../../src/lib/run/finding.js"
import { failed, passed } from "../../../src/lib/run/outcome.js"
import { growth, LINEAR } from "../cost.js"
import { finding, placedAt } from "./findings.js"

const E501 = (file: string, line: number): Finding => finding("flake8", "E501", file, line)

describe("a finding", () => {
  it("is recognised by file, rule and line, wherever the line is", () => {
    const findings = [E501("a.py", 3), E501("a.py", 9), finding("flake8", "F401", "b.py")]
    expect(linesToDigest("flake8", findings)).toEqual({ "a.py": [3, 9] })
    const before = placed(findings, { "a.py": { "3": "aaaaaaaaaaaa", "9": "bbbbbbbbbbbb" } })
    expect(before.map(({ file, key }) => `${file}: ${key}`)).toEqual([
      "a.py: E501 aaaaaaaaaaaa",
      "a.py: E501 bbbbbbbbbbbb",
      "b.py: F401",
    ])
    const moved = placed([E501("a.py", 40), E501("a.py", 1)], {
      "a.py": { "40": "aaaaaaaaaaaa", "1": "bbbbbbbbbbbb" },
    })
    expect(matchEntries(moved, entriesOf(before))).toMatchObject({ fresh: [], known: moved })
  })

  it("of a formatter is recognised by its file alone", () => {
    expect(linesToDigest("black", [finding("black", "format", "a.py", 3)])).toEqual({})
    expect(linesToDigest("isort", [finding("isort", "imports", "a.py", 3)])).toEqual({})
  })

  it("in a file with the name of an object's own property has no line of its own", () => {
    expect(placed([E501("constructor", 1)], {})).toMatchObject([{ file: "constructor", key: "E501" }])
  })

  it("can't be known if it is advisory, has no file, is about suppressions, or stops mypy", () => {
    const outcome = (findings: Finding[]): Outcome => ({ status: "failed", reason: "", findings })
    const left = (findings: Finding[]) => candidates("mypy", outcome(findings))
    const plain = finding("mypy", "arg-type", "a.py", 1)
    const { file, ...nowhere } = plain
    expect(file).toBe("a.py")
    expect(
      left([
        plain,
        nowhere,
        { ...plain, advisory: true },
        { ...plain, level: "note" },
        { ...plain, rule: "syntax" },
        { ...plain, file: ".slipway/suppressions.yaml" },
      ]),
    ).toEqual([plain])
    expect(candidates("flake8", outcome([{ ...plain, rule: "syntax" }]))).toHaveLength(1)
    expect(candidates("mypy", { ...outcome([plain]), status: "error" })).toEqual([])
  })
})

describe("matchEntries", () => {
  it("knows equal findings as often as they were counted", () => {
    const two = placedAt("a.py", "E501 aaaaaaaaaaaa", 2)
    const three = placedAt("a.py", "E501 aaaaaaaaaaaa", 3)
    expect(matchEntries(three, entriesOf(two)).fresh).toHaveLength(1)
    expect(matchEntries(two, entriesOf(three)).left).toEqual(
      new Map([["a.py", new Map([["E501 aaaaaaaaaaaa", 1]])]]),
    )
  })

  it("takes neither another rule, nor another line, nor another file for a known one", () => {
    const known = entriesOf(placedAt("a.py", "E501 aaaaaaaaaaaa"))
    for (const [file, key] of [
      ["a.py", "F401 aaaaaaaaaaaa"],
      ["a.py", "E501 bbbbbbbbbbbb"],
      ["a.py", "E501"],
      ["b.py", "E501 aaaaaaaaaaaa"],
    ] as const)
      expect(matchEntries(placedAt(file, key), known).fresh, `${file} ${key}`).toHaveLength(1)
  })

  it("takes time linear in the number of findings, also for renamed files", () => {
    const work = (size: number) => {
      const all = (folder: string) =>
        Array.from({ length: size }, (_, i) => placedAt(`${folder}/${i % 300}.py`, `E501 ${i % 7}`)).flat()
      const [entries, moved, same] = [entriesOf(all("old")), all("new"), all("old")]
      const gone = new Set(entries.keys())
      return () => [
        matchEntries(same, entries).known.length,
        followRenames(matchEntries(moved, entries), gone).known.length,
      ]
    }
    expect(work(1000)()).toEqual([1000, 1000])
    expect(growth(20_000, work)).toBeLessThan(LINEAR)
  })
})

describe("a renamed file", () => {
  const before = entriesOf([
    ...placedAt("old.py", "E501 aaaaaaaaaaaa", 2),
    ...placedAt("old.py", "format"),
    ...placedAt("kept.py", "E501 bbbbbbbbbbbb"),
  ])
  const matched = matchEntries(
    [
      ...placedAt("new.py", "E501 aaaaaaaaaaaa", 3),
      ...placedAt("new.py", "format"),
      ...placedAt("new.py", "E501 bbbbbbbbbbbb"),
    ],
    before,
  )

  it("keeps its entries, each once, but not those of formatters nor of files that are still there", () => {
    expect(maybeRenamed(matched)).toEqual(["old.py", "kept.py"])
    const { known, fresh, left } = followRenames(matched, new Set(["old.py"]))
    expect(known.map(({ key }) => key)).toEqual(["E501 aaaaaaaaaaaa", "E501 aaaaaaaaaaaa"])
    expect(fresh.map(({ key }) => key)).toEqual(["E501 aaaaaaaaaaaa", "format", "E501 bbbbbbbbbbbb"])
    expect(sizeOf(left)).toBe(2)
  })

  it("isn't looked for if nothing is new", () => {
    expect(maybeRenamed({ ...matched, fresh: placedAt("new.py", "format") })).toEqual([])
  })
})

describe("judgeKnown", () => {
  const judge = (outcome: Outcome, before: number, stage = "flake8" as const) => {
    const place = (findings: readonly Finding[]) => placed(findings, {})
    const entries = entriesOf(place(Array.from({ length: before }, () => E501("a.py", 1))))
    return judgeKnown(outcome, matchEntries(place(candidates(stage, outcome)), entries))
  }
  const two = failed([E501("a.py", 1), E501("a.py", 2)])

  it("passes what has only known findings, and fails for new ones alone", () => {
    expect(judge(two, 2)).toEqual({
      outcome: { status: "passed", reason: "no new problem, 2 known", findings: [] },
      known: { findings: two.findings, fixed: 0 },
    })
    expect(judge(failed([...two.findings, E501("b.py", 7)]), 2)).toMatchObject({
      outcome: {
        status: "failed",
        reason: "1 new problem in 1 file, 2 known",
        findings: [{ file: "b.py", line: 7 }],
      },
    })
  })

  it("says what is fixed, whether the stage passes or not", () => {
    expect(judge(two, 5).outcome).toMatchObject({
      status: "passed",
      reason: "no new problem, 2 known, 3 of the baseline fixed",
    })
    expect(judge(passed("9 files without a finding"), 3).outcome).toMatchObject({
      status: "passed",
      reason: "9 files without a finding, 3 of the baseline fixed",
    })
    expect(judge(failed([E501("c.py", 1)]), 1).outcome).toMatchObject({
      status: "failed",
      reason: "1 problem in 1 file, 1 of the baseline fixed",
    })
  })

  it("keeps notes and advisory findings, and leaves a stage without a baseline as it is", () => {
    const note: Finding = { ...E501("a.py", 3), level: "note" }
    expect(judge(failed([...two.findings, note]), 2).outcome).toMatchObject({
      status: "passed",
      findings: [note],
    })
    expect(judge(two, 0).outcome).toEqual(two)
  })

  it("still fails for a finding that can't be known", () => {
    const { file, ...nowhere } = E501("a.py", 1)
    expect(file).toBe("a.py")
    expect(judge(failed([...two.findings, nowhere]), 2).outcome).toMatchObject({
      status: "failed",
      reason: "1 new problem, 2 known",
    })
  })

  it("shows no secret in the message of a known finding", () => {
    const token = ["ghp", "0123456789abcdefghijABCDEFGHIJ012345"].join("_")
    const { known } = judge(failed([{ ...E501("a.py", 1), message: `password: '${token}'` }]), 1)
    expect(known.findings).toHaveLength(1)
    expect(JSON.stringify(known)).not.toContain(token)
  })

  it("says nothing is fixed if the tool could not run", () => {
    const broken: Outcome = { status: "error", reason: "flake8 took longer than 1 s", findings: [] }
    expect(judge(broken, 3)).toEqual({ outcome: broken, known: { findings: [], fixed: 0 } })
    expect(judgeKnown(broken, { fresh: [], known: [], left: NO_ENTRIES }).outcome).toBe(broken)
  })
})
