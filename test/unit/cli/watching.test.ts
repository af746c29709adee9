import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import type { CiOptions } from "../../../dagger/cli/commands/ci.js"
import { foldersOf } from "../../../dagger/cli/commands/sourceEdits.js"
import { runWatching } from "../../../dagger/cli/commands/watching.js"
import { fail } from "../../../src/lib/errors/catalogue.js"

let source = ""
let said = ""
beforeEach(() => {
  source = realpathSync(mkdtempSync(join(tmpdir(), "slipway-test-")))
  execFileSync("git", ["init", "--quiet", source])
  write(".gitignore", "ignored/\n*.log\n")
  write("app/a.py", "A = 1\n")
  said = ""
  vi.spyOn(process.stderr, "write").mockImplementation((text) => (said += String(text)) !== "")
})
afterEach(() => {
  rmSync(source, { recursive: true, force: true })
})

function write(name: string, content: string): void {
  mkdirSync(dirname(join(source, name)), { recursive: true })
  writeFileSync(join(source, name), content)
}

const interrupt = () => process.emit("SIGINT", "SIGINT")

/** Watches with runs that do these things and end with these exit codes; returns the options of each run. */
async function watched(runs: readonly (() => number | Promise<number>)[], more: Partial<CiOptions> = {}) {
  const seen: CiOptions[] = []
  const code = await runWatching({ source, out: join(source, "out"), ...more }, async (options) => {
    const work = runs[seen.length]
    seen.push(options)
    if (work === undefined) throw new Error("one run too many")
    return { code: await work(), out: options.out }
  })
  return { code, seen }
}

/** Does something once the command waits for edits. */
const then =
  (code: number, later: () => void): (() => number) =>
  () => {
    setTimeout(later, 600)
    return code
  }

describe("runWatching", () => {
  it("runs again after an edit, compares with the run before, and ends with the last exit code", async () => {
    const first = { open: true, previous: "x.json" }
    const runs = [then(1, () => write("app/a.py", "A = 2\n")), then(0, interrupt)]
    const { code, seen } = await watched(runs, first)
    expect(code).toBe(0)
    expect(seen).toMatchObject([first, { brief: true, codeIfInterrupted: 1 }])
    expect(seen[1]).not.toHaveProperty("open")
    expect(seen[1]).not.toHaveProperty("previous")
    expect(said).toContain(
      `waiting for edits in ${source}; Ctrl-C ends with exit code 1\nedited: running again`,
    )
  })

  it("ignores reports, what git ignores, commits and files of the same content", async () => {
    const edit = async () => {
      write("out/verdict.json", "{}")
      write("ignored/x.py", "")
      write("x.log", "")
      write("app/a.py", "A = 1\n")
      execFileSync("git", ["-C", source, "add", "."])
      await sleep(1000)
      interrupt()
    }
    const { code, seen } = await watched([then(1, () => void edit())])
    expect([code, seen.length]).toEqual([1, 1])
  })

  it("sees files in folders made since, removed and added ones", async () => {
    const { seen } = await watched([
      () => {
        setTimeout(() => mkdirSync(join(source, "new/empty"), { recursive: true }), 300)
        setTimeout(() => write("new/empty/b.py", ""), 1300)
        return 0
      },
      then(0, () => rmSync(join(source, "app"), { recursive: true })),
      then(0, interrupt),
    ])
    expect(seen).toHaveLength(3)
  })

  it("runs once more for all edits during a run, and once for many at a time", async () => {
    const busy = async () => {
      write("app/a.py", "A = 2\n")
      await sleep(100)
      write("app/b.py", "B = 1\n")
      return 1
    }
    const burst = then(1, () =>
      [1, 2, 3, 4].forEach((i) => setTimeout(() => write(`app/${i}.py`, ""), 100 * i)),
    )
    const { seen } = await watched([busy, burst, then(0, interrupt)])
    expect(seen).toHaveLength(3)
  })

  it("goes on after an error of the catalogue, which the next edit may correct", async () => {
    const runs = [
      () => {
        setTimeout(() => write("slipway.yaml", ""), 600)
        throw fail("EMPTY_SOURCE", [])
      },
      then(0, interrupt),
    ]
    expect((await watched(runs)).code).toBe(0)
    expect(said).toMatch(/EMPTY_SOURCE[^]*Ctrl-C ends with exit code 4/)
  })

  it("ends with the exit code of the last verdict if a later run is interrupted, and with 130 without one", async () => {
    const edit = () => write("app/a.py", "A = 2\n")
    expect((await watched([then(1, edit), () => 130])).code).toBe(1)
    expect((await watched([() => 130])).code).toBe(130)
    const atItsEnd = () => {
      interrupt()
      return 1
    }
    expect((await watched([atItsEnd])).code).toBe(1)
  })

  it("refuses events and addresses, which no edit here touches", async () => {
    await expect(watched([], { event: "push" })).rejects.toThrow(/"push"[^]*WATCH_EVENT/)
    await expect(watched([], { source: "https://git.example.com/x.git" })).rejects.toThrow(/WATCH_ADDRESS/)
  })
})

it("foldersOf are those that git knows or would add, and empty ones", async () => {
  for (const name of ["ignored/x/a.py", "out/x/y.json", "new/b.py", ".venv/x.py"]) write(name, "")
  mkdirSync(join(source, "empty/below"), { recursive: true })
  write(".git/info/exclude", ".venv\n")
  const folders = (await foldersOf(source, join(source, "out"))).toSorted()
  expect(folders).toEqual([".", "app", "empty", "empty/below", "new"])
})
