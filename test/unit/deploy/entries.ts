import type { LedgerRecord } from "../../../src/lib/run/ledger.js"
import { DIGEST } from "./objects.js"

export const record = (run: string, more: Partial<LedgerRecord> = {}): LedgerRecord => ({
  kind: "deploy",
  status: "succeeded",
  environment: "staging",
  subject: "web",
  sha: "c1",
  run,
  startedAt: "2026-03-01T12:00:00.000Z",
  finishedAt: "2026-03-01T12:05:00.000Z",
  facts: { version: "v1", digest: DIGEST, image: `r.io/web@${DIGEST}` },
  ...more,
})
