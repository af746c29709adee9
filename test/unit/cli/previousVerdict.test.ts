import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { symlinkSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { emptyOut, prepareOut } from "../../../dagger/cli/commands/outFolder.js"
import { previousOfService, previousVerdict } from "../../../dagger/cli/commands/previousVerdict.js"
import { slipway } from "../../../dagger/cli/program/command.js"
import { changesSince } from "../../../src/lib/report/compare.js"
import { recordOf } from "../../../src/lib/report/record.js"
import type { Verdict } from "../../../src/lib/run/verdict.js"
import { Repository } from "../gates/repository.js"
import { example } from "../report/runs.js"
import { finding, stage } from "../report/stages.js"

let folder = ""
let said = ""
let out = ""
let printed = ""

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-previous-"))
  out = join(folder, "out")
  said = printed = ""
  vi.spyOn(process.stderr, "write").mockImplementation((text) => ((said += String(text)), true))
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((printed += String(text)), true))
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  process.exitCode = undefined
  rmSync(folder, { recursive: true })
})

const FAILED = [stage("failed", [finding()])]

/** The verdict of a run of a branch, or of these stages of it. */
function verdictOf(ref: string, { only, from = {} }: { only?: string[]; from?: Partial<Verdict> } = {}) {
  const { verdict } = example(FAILED, {})
  const source = { address: ".", origin: "", commit: "", path: "", dirty: null, digest: "" }
  const inputs = { module: "", source, arguments: { ...(only && { only }) }, secrets: {} }
  return { ...verdict, run: { ...verdict.run, ref, inputs }, record: recordOf(FAILED), ...from }
}
function leave(verdict: object, to = out) {
  mkdirSync(to, { recursive: true })
  writeFileSync(join(to, "verdict.json"), JSON.stringify(verdict))
}
const kept = (ref: string, only: string[] = [], given?: string) => previousVerdict(out, given, { ref, only })

describe("the last verdict in a folder for reports", () => {
  it("is kept for each branch and choice of stages, when the folder is emptied for the next run", () => {
    const runs = [
      ["refs/heads/feature/x"],
      ["refs/heads/main"],
      ["refs/heads/main", "unit", "black"],
    ] as const
    for (const [ref, ...only] of runs) {
      leave(verdictOf(ref, only.length > 0 ? { only: [...only] } : {}))
      prepareOut(out)
      expect(existsSync(join(out, "verdict.json"))).toBe(false)
    }
    for (const [ref, ...only] of runs) {
      const file = kept(ref, only.toReversed())
      expect((JSON.parse(readFileSync(file ?? "", "utf8")) as Verdict).run).toMatchObject({ ref })
    }
    expect(kept("refs/heads/other")).toBeUndefined()
    expect(readdirSync(join(out, "previous")).sort()[0]).toMatch(/^feature-x-[0-9a-f]{12}\.json$/)
  })

  it("stays when a run broke off, or when the next one is no verdict", () => {
    leave(verdictOf("refs/heads/main"))
    prepareOut(out)
    const before = readFileSync(kept("refs/heads/main") ?? "", "utf8")
    leave({ ...verdictOf("refs/heads/main"), record: undefined })
    prepareOut(out)
    writeFileSync(join(out, "verdict.json"), "no JSON")
    prepareOut(out)
    expect(readFileSync(kept("refs/heads/main") ?? "", "utf8")).toBe(before)
  })

  it("is neither read nor written through a link", () => {
    mkdirSync(out)
    mkdirSync(join(folder, "mine"))
    symlinkSync(join(folder, "mine"), join(out, "previous"))
    leave(verdictOf("refs/heads/main"))
    prepareOut(out)
    expect(readdirSync(join(folder, "mine"))).toEqual([])
    const file = kept("refs/heads/main") ?? ""
    rmSync(file)
    symlinkSync("/etc/hostname", file)
    expect(kept("refs/heads/main")).toBeUndefined()
  })

  it("is forgotten after twenty others", () => {
    for (let number = 0; number < 22; number += 1) {
      leave(verdictOf(`refs/heads/b${number}`))
      utimesSync(join(out, "verdict.json"), number, number)
      prepareOut(out)
    }
    expect(readdirSync(join(out, "previous"))).toHaveLength(20)
    expect([kept("refs/heads/b0"), kept("refs/heads/b1")]).toEqual([undefined, undefined])
    expect(kept("refs/heads/b2")).toBeDefined()
  })

  it("stays when the folder of a service is emptied, with nothing else", () => {
    leave(verdictOf("refs/heads/main"))
    mkdirSync(join(out, "logs"))
    emptyOut(out)
    expect(readdirSync(out)).toEqual(["previous"])
    rmSync(join(out, "previous"), { recursive: true })
    emptyOut(out)
    expect(existsSync(out)).toBe(false)
  })
})

describe("--previous", () => {
  it("is taken before the one that was kept; that in the folder for reports is the kept one", () => {
    leave(verdictOf("refs/heads/main"))
    leave(verdictOf("refs/heads/main"), join(folder, "downloads"))
    prepareOut(out)
    const given = join(folder, "downloads/verdict.json")
    expect(kept("refs/heads/main", [], given)).toBe(given)
    expect(kept("refs/heads/main", [], join(out, "verdict.json"))).toBe(kept("refs/heads/main"))
    expect(previousOfService(given, "api")).toBe(join(folder, "downloads/api/verdict.json"))
  })

  it("is said in one line if it isn't there or no file, and the run goes on", () => {
    expect(kept("refs/heads/main", [], join(folder, "none.json"))).toBeUndefined()
    expect(said).toMatch(/^! not compared with the last run: .*none\.json doesn't exist\n$/m)
    expect(kept("refs/heads/main", [], folder)).toBeUndefined()
    expect(said).toMatch(/is no file\n$/)
  })
})

/** The first command loads what it runs; beside other work on a machine that takes long. */
const LONG = { timeout: 180_000 }

/** A `dagger` that notes its arguments, and in place of the module leaves the verdict that it is given. */
const DAGGER = `#!/bin/sh
if [ "$1" = version ]; then echo "dagger v0.21.8"; exit; fi
printf '%s\\n' "$@" > "$FAKE/arguments"
for argument; do case $argument in --path=*) made=\${argument#--path=} ;; esac; done
mkdir -p "$made" && cp "$FAKE/verdict.json" "$made/verdict.json"
`

it(
  "slipway ci hands the last verdict of its branch to the module, and prints what changed",
  LONG,
  async () => {
    const repository = new Repository({ "a.py": "A = 1\n", ".gitignore": "out\n" })
    try {
      writeFileSync(join(folder, "dagger"), DAGGER)
      chmodSync(join(folder, "dagger"), 0o755)
      vi.stubEnv("PATH", `${folder}:${process.env["PATH"] ?? ""}`)
      vi.stubEnv("FAKE", folder)
      // An address that only `dagger` reaches, so that no engine is started or waited for.
      vi.stubEnv("_EXPERIMENTAL_DAGGER_RUNNER_HOST", "docker-container://none")
      const ci = (...more: string[]) =>
        slipway().parseAsync(["ci", "--source", repository.path, "--out", out, ...more], { from: "user" })
      const args = () => readFileSync(join(folder, "arguments"), "utf8").split("\n")
      const first = verdictOf("refs/heads/main")
      leave(first, folder)
      await ci()
      expect(args()).not.toContain("with-previous")
      expect(printed).not.toContain("Since the last run")

      const now = {
        ...first,
        ...example([stage("passed")], {}).verdict,
        run: first.run,
        record: recordOf([]),
      }
      const changes = changesSince(JSON.stringify(first), { ...now, record: recordOf([stage("passed")]) })
      leave({ ...now, changes }, folder)
      await ci()
      const file = kept("refs/heads/main") ?? "none"
      expect(args().slice(args().indexOf("with-previous"))[1]).toBe(`--verdict=${file}`)
      expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(first)
      expect(printed).toContain("1 fixed finding, 1 stage with another status\n  flake8: failed → passed")
      expect(printed).toMatch(/\n {2}fixed: app\/main\.py:3: .*\n\npassed in /)

      await ci("--previous", join(folder, "none.json"))
      expect(args()).not.toContain("with-previous")
      expect(said).toContain("none.json doesn't exist")
    } finally {
      repository.remove()
    }
  },
)
