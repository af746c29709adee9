import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, expect, it } from "vitest"
import { beginRun, runWithVerdict } from "../../../dagger/cli/commands/runWithVerdict.js"
import { prepareOut } from "../../../dagger/cli/commands/outFolder.js"
import { fail } from "../../../src/lib/errors/catalogue.js"

const out = mkdtempSync(join(tmpdir(), "verdict-"))
afterEach(() => {
  rmSync(out, { recursive: true })
})

it("runWithVerdict leaves a verdict of a run that is refused before it reaches the engine", async () => {
  const run = beginRun({ id: "7", event: "tag", ref: "v1.0.0", sha: "" }, ["call"])
  const { code, verdict } = await runWithVerdict(prepareOut(out), run, { quiet: true }, () =>
    Promise.reject(fail("NO_SOURCE", ["/nowhere"])),
  )
  expect(code).toBe(4)
  const written: unknown = JSON.parse(readFileSync(join(out, "verdict.json"), "utf8"))
  expect(written).toEqual(verdict)
  expect(written).toMatchObject({ status: "error", exitCode: 4, stages: [], run: { event: "tag" } })
  expect(verdict?.problem).toMatch(/"\/nowhere".*NO_SOURCE\]$/s)
  expect(readFileSync(join(out, "summary.md"), "utf8")).toContain("/nowhere")
})
