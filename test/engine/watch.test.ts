import { spawn } from "node:child_process"
import { join } from "node:path"
import { beforeAll, expect, it } from "vitest"
import { engineEnvironment } from "./dagger.js"
import { service, SLIPWAY, write } from "./pipeline.js"
import { until } from "./until.js"

beforeAll(engineEnvironment)

it("quality --watch shows on a terminal what an edit changed, and ends by Ctrl-C with the last exit code", async () => {
  const source = service({ "a.py": "import os\n" })
  const env = { ...(await engineEnvironment()), TERM: "xterm", CI: "", GITHUB_ACTIONS: "" }
  const command = `exec '${process.execPath}' '${SLIPWAY}' quality --watch --out='${join(source, "out")}'`
  const child = spawn("script", ["-qec", command, "/dev/null"], { cwd: source, env })
  let shown = ""
  child.stdout.on("data", (chunk: Buffer) => (shown += chunk.toString()))
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve))
  try {
    await until(() => shown.includes("Ctrl-C ends with exit code 1"), 120)
    expect(shown).toMatch(/. flake8 +running/)
    expect(shown).toMatch(/✓ black {8}/)
    expect(shown).toContain("F401")
    shown = ""
    write(source, { "a.py": 'A = "a"\n' })
    await until(() => shown.includes("Ctrl-C ends with exit code 0"), 120)
    expect(shown).toMatch(/Since the last run[^\n]*fixed finding/)
    // The result of each stage, which only the first run prints.
    expect(shown).not.toMatch(/✓ black {8}/)
    child.stdin.write("\x03")
    expect(await ended).toBe(0)
  } finally {
    child.kill("SIGKILL")
  }
})
