import { describe, expect, it, test } from "vitest"
import { entryText, type ServiceStatus, statusText } from "../../../src/lib/deploy/status.js"
import { type LedgerEntry, nextEntry } from "../../../src/lib/run/ledger.js"
import { record } from "./entries.js"
import { DIGEST, OTHER } from "./objects.js"

const entry = (...given: Parameters<typeof record>): LedgerEntry =>
  nextEntry([], record(...given)) as LedgerEntry

const status = (more: Partial<ServiceStatus> = {}): ServiceStatus => ({
  schema: 1,
  environment: "staging",
  namespace: "audio",
  deployment: "web",
  running: [],
  rollout: "",
  recovered: "",
  manual: "",
  ledger: [],
  damage: [],
  ...more,
})

const running = { commit: "c", image: "i", revision: 3, pods: 3 }

describe("statusText", () => {
  it("says that nothing runs, without empty sections", () => {
    expect(statusText(status())).toBe("web in staging (namespace audio)\nnothing runs\n")
  })

  it("shows running versions, traffic, a rollout in progress and what was reconciled", () => {
    const text = statusText(
      status({
        running: [
          { ...running, version: "v2", digest: OTHER, ready: 1, traffic: false, run: "", since: "" },
          { ...running, version: "v1", digest: DIGEST, ready: 3, traffic: true, run: "run-1", since: "noon" },
        ],
        rollout: "deploy of v2",
        recovered: "undone",
        manual: "somebody",
        ledger: [entry("run-1")],
      }),
    )
    expect(text.split("\n")).toEqual([
      "web in staging (namespace audio)",
      "  v2 sha256:b2b2b2b2b2b2 1 of 3 pods ready",
      "→ v1 sha256:a1a1a1a1a1a1 3 of 3 pods ready, has the traffic, since noon by run run-1",
      "in progress: deploy of v2",
      "reconciled: undone",
      "noticed: somebody",
      "",
      "ledger, the newest first:",
      "  2026-03-01T12:05:00.000Z deploy v1 succeeded (run run-1)",
      "",
    ])
  })
})

test.each([
  [
    entry("r", { status: "failed", facts: { version: "v2", reason: "crashed" } }),
    "deploy v2 failed (run r): crashed",
  ],
  [entry("r", { kind: "apply", facts: { changes: "2 create" } }), "apply 2 create succeeded (run r)"],
])("entryText formats an entry as one line", (given, line) => {
  expect(entryText(given)).toBe(`  2026-03-01T12:05:00.000Z ${line}`)
})
