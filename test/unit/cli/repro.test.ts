import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import {
  chosenStages,
  comparison,
  missingSecrets,
  recordedOptions,
  repro,
} from "../../../dagger/cli/commands/repro.js"
import { findSource, pinnedAddress } from "../../../dagger/cli/commands/reproSource.js"
import { gitStateOf, contentDigest, uncommittedDigest } from "../../../dagger/cli/commands/sourceFolder.js"
import { run } from "../../../dagger/lib/shell.js"
import type { SourceInputs } from "../../../src/lib/run/inputs.js"
import type { StageResult, Verdict } from "../../../src/lib/run/verdict.js"

const scratch = mkdtempSync(join(tmpdir(), "slipway-test-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const stage = (name: string, group: string, status: StageResult["status"], reason = "r"): StageResult => ({
  name,
  group,
  status,
  reason,
  milliseconds: 1,
  cached: null,
  repro: "",
  exitCode: 0,
})

const verdictOf = (...stages: StageResult[]): Verdict => ({
  schema: 1,
  run: { id: "1", event: "push", ref: "refs/heads/develop", sha: "", startedAt: "2026-03-01T12:00:00.000Z" },
  status: "failed",
  exitCode: 1,
  milliseconds: 1,
  stages,
  problem: null,
})

describe("chosenStages", () => {
  const verdict = verdictOf(
    stage("black", "quality", "passed"),
    stage("mypy", "quality", "failed"),
    stage("scan", "image", "error"),
    stage("sign", "release", "skipped"),
  )
  const names = (name?: string): string[] => chosenStages(verdict, name).map((each) => each.name)

  it("returns the failed stages, or the named one", () => {
    expect(names()).toEqual(["mypy", "scan"])
    expect(names("black")).toEqual(["black"])
  })

  it("fails for a stage that the run didn't have, and if none failed", () => {
    expect(() => names("unit")).toThrow(/unknown stage "unit"[^]*black, mypy, scan, sign/)
    expect(() => chosenStages(verdictOf(stage("black", "quality", "passed")), undefined)).toThrow(
      "NOTHING_FAILED",
    )
    expect(() => chosenStages({ ...verdictOf(), problem: "slipway.yaml has 1 problem" }, undefined)).toThrow(
      "slipway.yaml has 1 problem",
    )
  })
})

const SOURCE: SourceInputs = {
  address: "/ci/build",
  origin: "",
  commit: "a".repeat(40),
  path: "",
  dirty: false,
  digest: "",
}

describe("a run's inputs", () => {
  const inputs = {
    module: "/slipway",
    source: { ...SOURCE, origin: "https://git.example.com/team/service" },
    arguments: {
      baseRef: "main",
      fork: true as const,
      only: ["quality"],
      environment: "staging",
      scale: "0.02",
      who: "ada",
      runUrl: "https://ci.example.com/runs/7",
      history: "sha256:0",
    },
    secrets: {
      secrets: ["env://PIP_TOKEN"],
      netrc: ["file:///home/me/.netrc"],
      infra: ["env://TF_VAR_password", "file://x.tfvars"],
      deploy: ["env://KUBECONFIG"],
    },
  }

  it("name a stage's secrets that are missing here, and no others", () => {
    const missing = (group: string, env = {}) => missingSecrets(inputs, [{ group }], env)
    expect(missing("image")).toEqual(["PIP_TOKEN"])
    expect(missing("plan")).toEqual(["TF_VAR_password"])
    expect(missing("plan", { TF_VAR_password: "" })).toEqual([])
    expect(missing("quality")).toEqual([])
    for (const group of ["deploy", "load", "stress", "dast", "cleanup", "notify"])
      expect(missing(group)).toEqual(["KUBECONFIG"])
  })

  it("become the options of a run, with the date of the recorded run", () => {
    const { run: made, ...verdict } = verdictOf()
    const recorded = { ...verdict, run: { ...made, inputs } }
    expect(recordedOptions(recorded, "git://x")).toEqual({
      source: "git://x",
      out: "",
      event: "push",
      ref: "refs/heads/develop",
      sha: "",
      origin: "https://git.example.com/team/service",
      digest: "",
      now: "2026-03-01T12:00:00.000Z",
      baseRef: "main",
      fork: true,
      committed: "",
      environment: "staging",
      secret: ["env://PIP_TOKEN"],
      netrc: "file:///home/me/.netrc",
      indexSecret: [],
      infraSecret: inputs.secrets.infra,
      scale: "0.02",
      deploySecret: ["env://KUBECONFIG"],
    })
    const dated = { ...inputs, arguments: { ...inputs.arguments, now: "2026-02-01T00:00:00Z" } }
    expect(recordedOptions({ ...recorded, run: { ...made, inputs: dated } }, ".").now).toBe(
      "2026-02-01T00:00:00Z",
    )
  })
})

it("comparison compares a stage's result with the recorded one", () => {
  const before = stage("mypy", "quality", "failed", "2 problems")
  expect(comparison(before, { stages: [before], problem: null })).toBe("mypy: the same as in that run")
  expect(comparison(before, { stages: [stage("mypy", "quality", "passed", "fine")], problem: null })).toBe(
    "mypy: passed, and in that run it was failed: 2 problems",
  )
  expect(comparison(before, { stages: [], problem: "gone" })).toBe("mypy: it did not run: gone")
})

describe("repro", () => {
  const file = (content: string): string => {
    const path = join(mkdtempSync(join(scratch, "v-")), "verdict.json")
    writeFileSync(path, content)
    return path
  }

  it.each([
    ["{", "NO_VERDICT"],
    ["null", "NO_VERDICT"],
    ['{"schema": 2}', "NO_VERDICT"],
    ["[]", "NO_VERDICT"],
    [JSON.stringify(verdictOf(stage("mypy", "quality", "failed"))), "NO_INPUTS"],
  ])("refuses %s", async (content, code) => {
    await expect(repro(file(content), undefined, {})).rejects.toThrow(code)
  })

  it("refuses a missing file, and stages with effects without --effects", async () => {
    await expect(repro(join(scratch, "none.json"), undefined, {})).rejects.toThrow("NO_VERDICT")
    const { run: made, ...verdict } = verdictOf(stage("soak", "deploy", "failed"))
    const inputs = { module: "", source: SOURCE, arguments: {}, secrets: {} }
    const written = file(JSON.stringify({ ...verdict, run: { ...made, inputs } }))
    await expect(repro(written, undefined, {})).rejects.toThrow(
      /soak[^]*--shell[^]*--effects[^]*ONLY_EFFECTS/,
    )
  })
})

it("pinnedAddress pins an address to the commit", () => {
  const commit = "b".repeat(40)
  expect(pinnedAddress("https://e.com/a.git", commit)).toBe(`https://e.com/a.git#${commit}`)
  expect(pinnedAddress("https://e.com/a.git#main:service", commit)).toBe(
    `https://e.com/a.git#${commit}:service`,
  )
  expect(pinnedAddress("https://e.com/a.git#main", "")).toBe("https://e.com/a.git#main")
})

describe("findSource", () => {
  const upstream = join(scratch, "upstream")
  const clone = join(scratch, "clone")
  const env = { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null" }
  const git = (cwd: string) => run({ cwd, env })
  let commit = ""
  const from = (more: Partial<SourceInputs>): SourceInputs => ({
    ...SOURCE,
    commit,
    path: "service",
    ...more,
  })

  beforeAll(async () => {
    mkdirSync(join(upstream, "service"), { recursive: true })
    writeFileSync(join(upstream, "service/a.py"), "A = 1\n")
    writeFileSync(join(upstream, ".gitignore"), "*.log\n")
    await git(upstream)`git init --quiet`
    await git(upstream)`git add .`
    await git(upstream)`git -c user.name=a -c user.email=a@localhost commit --quiet -m first`
    commit = (await git(upstream)`git rev-parse HEAD`).stdout.trim()
    await git(scratch)`git clone --quiet ${upstream} ${clone}`
  })

  it("returns an address at the run's commit, or reports that it may have moved", async () => {
    const address = "git://git.example.com/a.git#main"
    expect((await findSource(from({ address }))).message).toBe(
      `source: git://git.example.com/a.git#${commit}`,
    )
    expect((await findSource(from({ address, commit: "" }))).message).toContain(`${address}, as it is now`)
  })

  it("returns the commit at the repository's remote", async () => {
    expect(await findSource(from({ origin: upstream, address: clone }))).toMatchObject({
      source: `${upstream}#${commit}:service`,
    })
  })

  it("returns a folder at the commit, and reports why not the remote", async () => {
    const found = await findSource(from({ address: join(clone, "service") }))
    expect(found.source).toBe(join(clone, "service"))
    expect(found.message).toMatch(/holds the same \(the repository has no remote\)$/)
    const gone = await findSource(from({ origin: join(scratch, "gone"), address: join(clone, "service") }))
    expect(gone.message).toContain(`gone doesn't give the commit ${commit.slice(0, 12)}`)
  })

  it("checks out the commit of a repository that has moved on, and removes the files later", async () => {
    const moved = join(scratch, "moved")
    cpSync(clone, moved, { recursive: true })
    writeFileSync(join(moved, "service/a.py"), "A = 2\n")
    const found = await findSource(from({ address: join(moved, "service") }))
    expect(readFileSync(join(found.source, "a.py"), "utf8")).toBe("A = 1\n")
    expect(found.message).toMatch(/^source: the commit .*service has changes\)$/)
    expect(readFileSync(join(moved, "service/a.py"), "utf8")).toBe("A = 2\n")
    expect((await git(moved)`git status --porcelain`).stdout).toBe(" M service/a.py\n")
    found.remove()
    expect(() => readFileSync(join(found.source, "a.py"))).toThrow("ENOENT")
  })

  it("finds uncommitted changes by content only", async () => {
    const dirty = join(scratch, "dirty")
    cpSync(clone, dirty, { recursive: true })
    const service = join(dirty, "service")
    const of = async () => uncommittedDigest(service, join(service, "out"), await gitStateOf(service))
    expect(await of()).toBe("")
    writeFileSync(join(service, "new.py"), "B = 1\n")
    const digest = await of()
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    const wanted = from({ dirty: true, digest, origin: upstream, address: service })
    expect((await findSource(wanted)).source).toBe(service)
    // Ignored files and reports don't count.
    writeFileSync(join(service, "x.log"), "")
    mkdirSync(join(service, "out"))
    writeFileSync(join(service, "out/verdict.json"), "{}")
    expect((await findSource(wanted)).source).toBe(service)
    writeFileSync(join(service, "new.py"), "B = 2\n")
    await expect(findSource(wanted)).rejects.toThrow(
      /changes that are in no commit[^]*something else[^]*SOURCE_GONE/,
    )
    await expect(findSource(wanted, upstream)).rejects.toThrow("SOURCE_GONE")
  })

  it("fails if no source has the commit", async () => {
    const nowhere = from({ address: join(scratch, "none"), commit: "c".repeat(40) })
    await expect(findSource(nowhere, scratch)).rejects.toThrow(/at another commit[^]*SOURCE_GONE/)
  })

  it("distinguishes files by name, type and content, without git", async () => {
    const of = (files: Record<string, string>, mode = 0o644): Promise<string> => {
      const folder = mkdtempSync(join(scratch, "d-"))
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode })
      mkdirSync(join(folder, ".venv"))
      writeFileSync(join(folder, ".venv/x"), String(Math.random()))
      return contentDigest(folder, join(folder, "out"))
    }
    const one = await of({ a: "1", b: "2" })
    expect(await of({ a: "1", b: "2" })).toBe(one)
    for (const other of [
      of({ a: "2", b: "1" }),
      of({ a: "1" }),
      of({ a: "1", b: "2" }, 0o755),
      of({ a: "1", c: "2" }),
    ])
      expect(await other).not.toBe(one)
  })
})
