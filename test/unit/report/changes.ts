import type { RunChanges } from "../../../src/lib/run/changes.js"

const listed = <T>(...items: T[]) => ({ items, more: 0 })

/** Changes of every kind since the run before. */
export const someChanges = (): RunChanges => ({
  before: {
    id: "18230912233-1",
    sha: "c0ffee4d83b7a2e95d0c41ab7f3e2d9180c5b6fa",
    startedAt: "2026-05-17T16:02:44.000Z",
  },
  problem: null,
  stages: [
    { name: "flake8", group: "quality", from: "failed", to: "passed", reason: "no problem in 27 files" },
    { name: "integration", group: "tests", from: "passed", to: "failed", reason: "1 of 14 tests failed" },
  ],
  added: ["coverage"],
  absent: ["scan"],
  fresh: listed({
    ...{ stage: "vulnerabilities", tool: "trivy", rule: "CVE-2026-12345", file: "uv.lock" },
    message: "pillow 10.2.0: arbitrary code execution",
  }),
  fixed: {
    items: [
      {
        ...{ stage: "flake8", tool: "flake8", rule: "F401", file: "src/audio_upscaler/api.py", line: 3 },
        ...{ message: "'os' imported but unused", advisory: true },
      },
    ],
    more: 3,
  },
  failed: listed({
    ...{ stage: "integration", id: "tests/integration/test_store.py::test_expires" },
    ...{ from: null, to: "failed" as const },
  }),
  passed: listed({
    ...{ stage: "unit", id: "tests/unit/test_upload.py::test_limits" },
    ...{ from: "failed" as const, to: "passed" as const },
  }),
  slower: listed({ stage: "unit", id: "tests/unit/test_resample.py::test_long", from: 1.2, to: 4.9 }),
  coverage: [{ stage: "coverage", from: { covered: 812, total: 1000 }, to: { covered: 799, total: 1000 } }],
  left: ["tests of load aren't compared: there are too many to record"],
})

/** Changes of every kind in which each value from a verdict is this text. */
export function hostileChanges(text: string, count: number): RunChanges {
  const { before, ...all } = someChanges()
  const many = <T>(item: T) => Array.from({ length: count }, () => item)
  const found = { stage: text, tool: text, rule: text, file: text, message: text }
  const test = { stage: text, id: text, from: null, to: "failed" as const }
  const share = { covered: 1, total: 3 }
  return {
    ...all,
    before: before && { id: text, sha: text, startedAt: text },
    stages: many({ name: text, group: text, from: "passed", to: "error", reason: text }),
    ...{ added: many(text), absent: many(text), left: many(text) },
    ...{ fresh: listed(...many(found)), fixed: listed(...many(found)) },
    ...{ failed: listed(...many(test)), passed: listed(...many(test)) },
    slower: listed(...many({ stage: text, id: text, from: 1, to: 1e9 })),
    coverage: many({ stage: text, from: share, to: { covered: 2, total: 3 } }),
  }
}
