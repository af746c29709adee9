import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, it, vi } from "vitest"
import { openReport } from "../../../dagger/cli/commands/openReport.js"
import { shownReport } from "../../../dagger/cli/commands/services.js"
import { type Desktop, inPath, openerOf } from "../../../dagger/lib/opener.js"
import type { ExitCode } from "../../../src/lib/errors/catalogue.js"
import type { RanService } from "../../../src/lib/services/together.js"

const RUN = { id: "1", event: "local", ref: "", sha: "", startedAt: "2026-03-01T12:00:00Z" }

const ALL = () => true
const NONE = () => false
const desktop = (platform: NodeJS.Platform, env: Desktop["env"], has: Desktop["has"] = ALL): Desktop => ({
  platform,
  env,
  has,
})

it.each([
  ["macOS", desktop("darwin", {}), "open"],
  ["Windows", desktop("win32", {}), "explorer.exe"],
  ["WSL", desktop("linux", { WSL_DISTRO_NAME: "Debian" }), "wslview"],
  [
    "WSL without wslu",
    desktop("linux", { WSL_DISTRO_NAME: "Debian" }, (name) => name !== "wslview"),
    "explorer.exe",
  ],
  ["X11", desktop("linux", { DISPLAY: ":0" }), "xdg-open"],
  ["Wayland", desktop("linux", { WAYLAND_DISPLAY: "wayland-0" }), "xdg-open"],
  ["an editor's terminal on a remote machine", desktop("linux", { BROWSER: "/x/browser.sh" }), "xdg-open"],
])("openerOf knows that of %s", (_, here, command) => {
  expect(openerOf(here)).toMatchObject({ command })
})

it.each([
  [desktop("darwin", { CI: "true" }), "this is a job of a CI host"],
  [desktop("linux", { JENKINS_URL: "http://localhost", DISPLAY: ":99" }), "this is a job of a CI host"],
  [desktop("linux", {}), "there is no display"],
  [desktop("linux", { DISPLAY: "" }), "there is no display"],
  [desktop("linux", { DISPLAY: ":0" }, NONE), "there is no xdg-open"],
  [desktop("linux", { WSL_DISTRO_NAME: "Debian", DISPLAY: ":0" }, NONE), "there is no xdg-open"],
])("openerOf says why nothing can be opened: %j", (here, reason) => {
  expect(openerOf(here)).toBe(reason)
})

let out = ""
const said: string[] = []
beforeEach(() => {
  out = realpathSync(mkdtempSync(join(tmpdir(), "slipway-test-")))
  said.length = 0
  vi.spyOn(process.stderr, "write").mockImplementation((text) => said.push(String(text)) > 0)
})
afterEach(() => {
  rmSync(out, { recursive: true, force: true })
})

/** A program at the beginning of PATH. */
function program(name: string, script: string): void {
  writeFileSync(join(out, name), `#!/bin/sh\n${script}\n`)
  chmodSync(join(out, name), 0o755)
  vi.stubEnv("PATH", `${out}:${process.env["PATH"] ?? ""}`)
}

it("openReport opens the report of a folder, and says nothing", async () => {
  writeFileSync(join(out, "report.html"), "")
  program("open", `echo "$1" > ${out}/opened`)
  await openReport(out, desktop("darwin", {}, inPath))
  expect(readFileSync(join(out, "opened"), "utf8")).toBe(`${out}/report.html\n`)
  expect(said).toEqual([])
})

it("openReport names the file alone to a program of Windows, whose exit code says nothing", async () => {
  writeFileSync(join(out, "report.html"), "")
  program("explorer.exe", `echo "$PWD $1" > ${out}/opened; exit 1`)
  await openReport(out, desktop("linux", { WSL_DISTRO_NAME: "Debian" }, inPath))
  expect(readFileSync(join(out, "opened"), "utf8")).toBe(`${out} report.html\n`)
  expect(said).toEqual([])
})

it("openReport says in one line what stops it", async () => {
  await openReport(out, desktop("darwin", {}))
  writeFileSync(join(out, "report.html"), "")
  await openReport(out, desktop("linux", {}))
  program("xdg-open", "exit 3")
  await openReport(out, desktop("linux", { DISPLAY: ":0" }, inPath))
  // The program has gone since it was looked for.
  vi.stubEnv("PATH", "/nowhere")
  await openReport(out, desktop("linux", { DISPLAY: ":0" }))
  const at = `it is ${out}/report.html`
  expect(said).toEqual([
    `! report not opened: the run left none in ${out}\n`,
    `! report not opened: there is no display; ${at}\n`,
    `! report not opened: xdg-open ended with 3; ${at}\n`,
    `! report not opened: spawn xdg-open ENOENT; ${at}\n`,
  ])
})

it("openReport doesn't wait for a browser that stays", async () => {
  writeFileSync(join(out, "report.html"), "")
  program("open", "exec sleep 6")
  const begun = Date.now()
  await openReport(out, desktop("darwin", {}))
  expect(Date.now() - begun).toBeLessThan(5000)
  expect(said).toEqual([])
})

it("shownReport is that of the first service that didn't pass, else that of them all", () => {
  const verdict = { schema: 1, run: RUN, status: "passed", exitCode: 0, milliseconds: 1 } as const
  const service = (name: string, exitCode?: ExitCode): RanService => ({
    ...{ name, path: name, why: "", chosen: exitCode !== undefined },
    ...(exitCode !== undefined && { verdict: { ...verdict, exitCode, stages: [], problem: null } }),
  })
  const api = service("api", 0)
  expect(shownReport("/out", [service("docs"), api, service("jobs", 1), service("web", 3)])).toBe("/out/jobs")
  expect(shownReport("/out", [service("docs"), api])).toBe("/out")
})
