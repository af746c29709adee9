import { expect, it } from "vitest"
import { firstTimeLines } from "../../../dagger/demo/firstTime.js"

it("what is built the first time is said with its time, that of the checks apart", () => {
  const python = { name: "Python", minutes: 1 }
  expect(firstTimeLines([python, { name: "Redis", minutes: 0.5 }], [{ name: "Trivy", minutes: 6 }])).toEqual([
    "  for the checks: Python 1 min, Redis; about 2 min on two idle cores",
    "  for release and deployment, after the checks: Trivy 6 min; about 6 min on two idle cores",
  ])
  expect(firstTimeLines([], [])).toEqual([])
})
