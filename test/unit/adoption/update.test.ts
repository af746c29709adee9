import { describe, expect, it } from "vitest"
import { type AdoptionBaseline, entriesOf, type Placed, sizeOf } from "../../../src/lib/adoption/entries.js"
import { coverageGate, judgeCoverage } from "../../../src/lib/adoption/coverage.js"
import { grownBaseline } from "../../../src/lib/adoption/growth.js"
import { matchEntries } from "../../../src/lib/adoption/match.js"
import { type StageFound, updateAdoption } from "../../../src/lib/adoption/update.js"
import { coverageOutcome } from "../../../src/lib/testing/coverage.js"
import { placedAt } from "./findings.js"

const UNMEASURED = { percentage: undefined, reached: false, reason: "no test ran" }
const measured = (percentage: number) => ({ percentage, reached: percentage > 80, reason: "" })

/** What flake8 found, against a baseline. */
const flake8 = (all: readonly Placed[], before?: AdoptionBaseline): StageFound => ({
  stage: "flake8",
  matched: matchEntries(all, before?.findings.get("flake8") ?? new Map()),
  reason: "",
  exitCode: 0,
})

const adopted = (all: readonly Placed[], coverage?: number): AdoptionBaseline => ({
  findings: new Map([["flake8", entriesOf(all)]]),
  ...(coverage !== undefined && { coverage }),
  grown: [],
})

const [A, B, C] = ["E501 aaaaaaaaaaaa", "E501 bbbbbbbbbbbb", "E501 cccccccccccc"].map((key) =>
  placedAt("a.py", key),
) as [Placed[], Placed[], Placed[]]

describe("a first baseline", () => {
  it("has every finding, and coverage below the gate", () => {
    const { adoption, lines } = updateAdoption(undefined, [flake8([...A, ...B])], measured(61.25))
    expect(adoption).toEqual(adopted([...A, ...B], 61.25))
    expect(lines).toEqual([
      ".slipway/baseline.json: 2 known findings",
      "  flake8           2",
      "  coverage         61.25 %",
    ])
  })

  it("is none if there is nothing to write down", () => {
    const { adoption, lines } = updateAdoption(undefined, [flake8([])], measured(81))
    expect(adoption).toBeUndefined()
    expect(lines).toEqual(["nothing to write down: there is no finding"])
  })
})

describe("an existing baseline", () => {
  const before = adopted([...A, ...B], 61.25)

  it("loses what is gone, and gets nothing that is new", () => {
    const { adoption, lines } = updateAdoption(before, [flake8([...A, ...C], before)], measured(60.9))
    expect(adoption).toEqual(adopted(A, 61.25))
    expect(lines).toEqual([
      ".slipway/baseline.json: 1 known finding",
      "  flake8           1 (was 2), and 1 new: fix or suppress them",
      "  coverage         61.25 %",
    ])
  })

  it("never grows, whatever is found, measured or kept", () => {
    for (const found of [[], A, C, [...A, ...A], [...A, ...B, ...C]])
      for (const coverage of [UNMEASURED, measured(1), measured(70), measured(90)]) {
        const { adoption } = updateAdoption(before, [flake8(found, before)], coverage)
        expect(grownBaseline(before, adoption)).toEqual([])
      }
  })

  it("keeps the entries of a tool that could not run, and says so", () => {
    const broken: StageFound = { stage: "flake8", reason: "flake8 took longer than 1 s", exitCode: 3 }
    const { adoption, lines } = updateAdoption(before, [broken], UNMEASURED)
    expect(adoption).toEqual(before)
    expect(lines).toContain(
      "  flake8           could not run, its 2 known ones are kept: flake8 took longer than 1 s",
    )
    expect(lines).toContain("  coverage         not measured: no test ran")
  })

  it("grows for a reason, which it keeps", () => {
    const grow = { reason: "new\nrules", on: "2026-12-01" }
    const { adoption } = updateAdoption(before, [flake8([...A, ...B, ...C], before)], measured(50), grow)
    expect(adoption).toEqual({
      ...adopted([...A, ...B, ...C], 50),
      grown: [{ on: "2026-12-01", reason: "new rules", findings: 1 }],
    })
  })

  it("raises coverage, and leaves it out once it is above the gate", () => {
    const with80 = (percentage: number) =>
      updateAdoption(before, [flake8(A, before)], measured(percentage)).adoption?.coverage
    expect([61, 70, 80, 80.01].map(with80)).toEqual([61.25, 70, 80, undefined])
  })

  it("is removed once nothing is left of it", () => {
    const { adoption, lines } = updateAdoption(before, [flake8([], before)], measured(81))
    expect(adoption).toBeUndefined()
    expect(lines[0]).toBe(".slipway/baseline.json is removed: nothing of it is left")
    expect(lines).toContain("  coverage         81 %, which is above the gate: no longer part of it")
  })
})

describe("grownBaseline", () => {
  it("names each stage with entries that are new, however many are gone", () => {
    const swapped = grownBaseline(adopted([...A, ...B]), adopted([...A, ...C]))
    expect(swapped).toEqual([
      {
        what: "baseline flake8",
        from: "2 known",
        to: "2 known: 1 new, 1 gone",
        where: ".slipway/baseline.json: a.py",
      },
    ])
    const files = ["b", "c", "d", "e"].flatMap((name) => placedAt(`${name}.py`, "E501 aaaaaaaaaaaa", 2))
    expect(grownBaseline(undefined, adopted(files))).toMatchObject([
      {
        from: "0 known",
        to: "8 known: 8 new, 0 gone",
        where: ".slipway/baseline.json: b.py, c.py, d.py and 1 more file",
      },
    ])
    expect(grownBaseline(adopted(A), adopted([...A, ...A]))).toMatchObject([{ to: "2 known: 1 new, 0 gone" }])
    expect(sizeOf(adopted(files).findings.get("flake8") ?? new Map())).toBe(8)
  })

  it("names coverage that takes the place of the gate or is lowered", () => {
    expect(grownBaseline(adopted(A), adopted(A, 61))).toMatchObject([{ from: "the gate's", to: "61 %" }])
    expect(grownBaseline(adopted(A, 61), adopted(A, 60))).toMatchObject([{ from: "61 %", to: "60 %" }])
    expect(grownBaseline(adopted(A, 61), adopted(A, 62))).toEqual([])
    expect(grownBaseline(adopted(A, 61), undefined)).toEqual([])
  })
})

describe("coverage of an adopted service", () => {
  const judge = (covered: number, baseline?: number) => {
    const coverage = {
      covered,
      total: 10_000,
      files: [{ file: "a.py", covered, total: 10_000, missing: "1" }],
    }
    return judgeCoverage(coverageOutcome(coverage, 80), coverage, baseline)
  }

  it("passes while it isn't below the baseline by more than the tolerance", () => {
    expect(judge(6125, 61.25)).toEqual({
      status: "passed",
      reason: "61.25 % of 10000 lines and branches; the baseline has 61.25 %",
      findings: [],
    })
    expect(judge(6075, 61.25).status).toBe("passed")
    expect(judge(6074, 61.25)).toMatchObject({
      status: "failed",
      reason: "60.74 % of 10000 lines and branches; it must not be less than the baseline's 61.25 %",
      findings: [{ file: "a.py" }],
    })
  })

  it("is held to the gate without a baseline, and passes above it with one", () => {
    expect(judge(6125).reason).toContain("it must be more than 80 %")
    expect(judge(8001, 61.25)).toMatchObject({ status: "passed" })
    expect(coverageGate(80, undefined)).toBe("more than 80 %")
    expect(coverageGate(80, 61.25)).toBe(
      "at least 60.75 %: the baseline's 61.25 % until it is more than 80 %",
    )
  })
})
