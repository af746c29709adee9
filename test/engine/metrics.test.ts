import { execFileSync } from "node:child_process"
import { cpSync, existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { type LedgerEntry, ledgerLine, type LedgerRecord, nextEntry } from "../../src/lib/run/ledger.js"
import type { Audit } from "../../src/lib/metrics/audit.js"
import type { DoraReport } from "../../src/lib/metrics/dora.js"
import type { ProtectionReport } from "../../src/lib/metrics/protectionText.js"
import { once } from "../../src/lib/run/once.js"
import { folder, service, write } from "./pipeline.js"
import { runScripts } from "./session.js"

beforeAll(() => session())

const ESTATE = join(REPOSITORY, "test/fixtures/modules/estate")
const HOUR = 3600

/** Runs git with fixed identities and times. */
function gitIn(repository: string) {
  const ann = { GIT_AUTHOR_NAME: "Ann", GIT_AUTHOR_EMAIL: "ann@example.com" }
  const committer = { GIT_COMMITTER_NAME: "Ann", GIT_COMMITTER_EMAIL: "ann@example.com" }
  return (time: string, ...args: string[]): string => {
    const dates = { GIT_AUTHOR_DATE: time, GIT_COMMITTER_DATE: time, GIT_CONFIG_GLOBAL: "/dev/null" }
    const env = { ...process.env, ...ann, ...committer, ...dates }
    return execFileSync("git", ["-C", repository, ...args], { env, encoding: "utf8", stdio: "pipe" }).trim()
  }
}

/**
 * Creates a repository with a merge, a signed squash merge, and a hotfix that was never merged back to develop;
 * returns its commits by name.
 */
function repository(root: string) {
  const key = join(root, "key")
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "ann@example.com", "-f", key])
  const path = write(join(root, "repository"), { "app.py": "" })
  const git = gitIn(path)
  const commit = (time: string, ...message: string[]) => {
    git(time, "commit", "-q", "--allow-empty", ...message)
    return git(time, "rev-parse", "HEAD")
  }
  const [noon, later] = ["2026-03-03T12:00:00Z", "2026-03-10T07:00:00Z"]
  git(noon, "init", "-q", "-b", "main")
  const first = commit("2026-03-01T08:00:00Z", "-m", "Begin")
  git(noon, "checkout", "-q", "-b", "feature/a")
  const east = commit("2026-03-02T10:00:00+02:00", "-m", "East of Greenwich")
  const west = commit("2026-03-03T00:00:00-05:00", "-m", "West of it ::error:: <b>|")
  git(noon, "checkout", "-q", "main")
  git(noon, "merge", "-q", "--no-ff", "-m", "Merge pull request #1 from acme/feature/a", "feature/a")
  const merge = git(noon, "rev-parse", "HEAD")
  git(noon, "config", "gpg.format", "ssh")
  const signing = ["-c", `user.signingkey=${key}`, "commit", "-q", "--allow-empty", "-S"]
  git(
    "2026-03-05T09:00:00+09:00",
    ...signing,
    "-m",
    "Add a feature (#2)",
    "-m",
    "Reviewed-by: Bob <bob@example.com>",
  )
  const squash = git(noon, "rev-parse", "HEAD")
  git(noon, "tag", "-a", "v1.2.0", "-m", "1.2.0")
  git(noon, "branch", "develop")
  git(noon, "checkout", "-q", "-b", "hotfix/login")
  const hotfix = commit("2026-03-10T06:00:00Z", "-m", "Mend the login")
  git(noon, "checkout", "-q", "main")
  git(later, "merge", "-q", "--no-ff", "-m", "Merge branch 'hotfix/login'", "hotfix/login")
  const last = git(later, "rev-parse", "HEAD")
  execFileSync("git", ["clone", "-q", "--depth=2", `file://${path}`, join(root, "shallow")])
  const signers = `ann@example.com ${execFileSync("ssh-keygen", ["-y", "-f", key], { encoding: "utf8" })}`
  return { path, git, signers, commits: { first, east, west, merge, squash, hotfix, last } }
}

/** Creates the ledger of production: with a version that was rolled back, one that failed, and one with an incident. */
function deployments({ first, merge, last }: ReturnType<typeof repository>["commits"]): LedgerEntry[] {
  const digest = (version: string) => `sha256:${version.replaceAll(".", "").padEnd(64, "0")}`
  const record = (
    ...[version, sha, startedAt, finishedAt, more]: [string, string, string, string, Partial<LedgerRecord>?]
  ): LedgerRecord => ({
    kind: "deploy",
    status: "succeeded",
    environment: "production",
    subject: "shop",
    sha,
    run: `run-${version}`,
    startedAt: `2026-03-${startedAt}Z`,
    finishedAt: `2026-03-${finishedAt}Z`,
    ...more,
    facts: { version, digest: digest(version), ...more?.facts },
  })
  const back = { kind: "rollback", run: "back", facts: { previousDigest: digest("1.2.0") } } as const
  const failed = { failed: "soak", reason: "5 of 10 requests failed", rolledBackTo: "1.1.0" }
  return [
    record("1.0.0", first, "01T12:00:00", "01T12:10:00"),
    record("1.1.0", merge, "04T07:50:00", "04T08:00:00"),
    record("1.2.0", "", "05T23:50:00", "06T00:00:00"), // has the commit of the tag v1.2.0
    record("1.1.0", merge, "06T05:50:00", "06T06:00:00", back),
    record("1.2.1", last, "10T09:20:00", "10T09:30:00", { status: "failed", facts: failed }),
    record("1.2.1", last, "10T17:50:00", "10T18:00:00", { run: "again" }),
  ].reduce<LedgerEntry[]>((before, each) => before.concat(nextEntry(before, each) ?? []), [])
}

/** State of the mock GitHub: main is protected except for status checks, and Cid has approved a pull request. */
const forgeState = (merge: string) => ({
  branches: {
    main: { protection: { required_pull_request_reviews: { required_approving_review_count: 1 } } },
    develop: {
      rules: [
        {
          type: "required_status_checks",
          ruleset_source: "acme/shop",
          parameters: { required_status_checks: [{ context: "slipway" }] },
        },
      ],
    },
  },
  pulls: { [merge]: [{ number: 1, user: { login: "ann" }, merged_at: "x", merge_commit_sha: merge }] },
  reviews: { 1: [{ user: { login: "cid" }, state: "APPROVED" }] },
})

const session = once(async () => {
  const root = folder()
  const made = repository(root)
  const entries = deployments(made.commits)
  const [, second] = entries as [LedgerEntry, LedgerEntry]
  const text = (lines: readonly LedgerEntry[]) => lines.map(ledgerLine).join("")
  const notes = write(root, { note: text(entries) })
  made.git(
    "2026-03-10T19:00:00Z",
    "notes",
    "--ref=slipway",
    "add",
    "-F",
    join(notes, "note"),
    made.commits.last,
  )
  write(root, {
    ledger: text(entries),
    changed: text(entries.with(1, { ...second, facts: { ...second.facts, version: "1.1.1" } })),
    cut: text(entries.slice(0, -1)),
  })
  const incident = `{id: INC-1, deployment: ${second.hash.slice(0, 12)}, started: "2026-03-05T00:00:00Z", resolved: "2026-03-05T03:00:00+01:00"}`
  const source = service({
    "app.py": "",
    ".slipway/incidents.yaml": `incidents:\n  - ${incident}\n`,
    ".slipway/allowed_signers": made.signers,
  })
  const broken = service({ "app.py": "", ".slipway/incidents.yaml": "incidents:\n  - {id: I, began: x}\n" })
  const forge = join(root, "forge")
  cpSync(join(REPOSITORY, "test/fixtures/forge"), forge, { recursive: true })
  write(forge, { "state.json": JSON.stringify(forgeState(made.commits.merge)) })

  const on = (from: string, more: string) =>
    `${REPOSITORY} --source $(host | directory ${from}) --now 2026-03-15T00:00:00Z | metrics ${more}`
  const past = `--history $(host | directory ${join(made.path, ".git")})`
  const ledger = (name: string) => `--ledger $(host | file ${join(root, name)})`
  const asking = (token: string) =>
    `--repository https://github.com/acme/shop --api http://forge.test:8000/github --token env://${token}`
  const scripts = {
    dora: `${on(source, `${past} ${ledger("ledger")} --repository https://github.com/acme/shop`)} | dora | files | export ${join(root, "out")}`,
    shallow: `${on(source, `--history $(host | directory ${join(root, "shallow")}) ${ledger("ledger")}`)} | dora | json`,
    none: `${on(source, `--history $(host | directory ${source}) ${ledger("ledger")}`)} | dora | json`,
    incidents: `${on(broken, ledger("ledger"))} | dora --window 7d | json`,
    audit: `${on(source, `${past} ${ledger("ledger")} ${asking("AUDITOR")}`)} | ledger | json`,
    intact: `${on(source, `${past} ${ledger("ledger")}`)} | ledger-intact`,
    changed: `${on(source, `${past} ${ledger("changed")}`)} | ledger-intact`,
    cut: `${on(source, `${past} ${ledger("cut")}`)} | ledger-intact`,
    protection: `${on(source, `${past} ${asking("AUDITOR")}`)} | protection | json`,
    unseen: `${on(source, asking("READER"))} | branches-protected`,
  }
  const prelude = `forge $(host | directory ${forge}) | with-hostname forge.test | start\n`
  const env = { AUDITOR: "ghs_auditor", READER: "ghs_slipway" }
  const ran = await runScripts({ module: ESTATE, prelude, scripts, env })
  return { ...ran, ...made, entries, out: join(root, "out/metrics") }
})

describe("DORA metrics", () => {
  it("match those computed by hand from the history and the ledger", async () => {
    const { out, commits, errors } = await session()
    const report = JSON.parse(read(join(out, "dora.json"), errors)) as DoraReport
    expect(Object.fromEntries(report.changes.map(({ commit, seconds }) => [commit, seconds / HOUR]))).toEqual(
      { [commits.east]: 48, [commits.west]: 27, [commits.squash]: 24, [commits.hotfix]: 12 },
    )
    expect(report.leadTimeForChanges).toMatchObject({
      spread: { median: 25.5 * HOUR },
      band: "high",
      unknown: "",
    })
    expect(report.deploymentFrequency).toMatchObject({
      deployments: 4,
      perDay: 4 / 30,
      daysWithDeployment: 4,
    })
    expect(report.changeFailureRate).toEqual({ count: 3, of: 5, rate: 3 / 5, band: "low" })
    expect(report.deploymentSuccessRate).toEqual({ count: 4, of: 5, rate: 4 / 5 })
    expect(report.failures.map(({ version, cause, seconds }) => [version, cause, seconds])).toEqual([
      ["1.1.0", "incident", 2 * HOUR],
      ["1.2.0", "rolled back", 6 * HOUR + 600],
      ["1.2.1", "failed", 600],
    ])
    expect(report.timeToRestore).toMatchObject({ spread: { median: 2 * HOUR }, band: "high", open: 0 })
  })

  it("are exported as an image, as Markdown for reviewers, and for DevLake", async () => {
    const { out, commits, errors } = await session()
    expect(read(join(out, "dora.svg"), errors)).toMatch(/^<svg [^]*<\/svg>\n$/)
    expect(read(join(out, "dora.md"), errors)).toContain("| Lead time for changes | **1 d 1 h** |")
    const sent = JSON.parse(read(join(out, "devlake/deployments.json"), errors)) as unknown[]
    expect(sent).toHaveLength(5)
    expect(sent[2]).toMatchObject({
      environment: "PRODUCTION",
      result: "SUCCESS",
      finishedDate: "2026-03-06T00:00:00.000Z",
      deploymentCommits: [{ commitSha: commits.squash, repoUrl: "https://github.com/acme/shop" }],
    })
  })

  it("have no lead time with a shallow history, and fail without a history", async () => {
    const { json } = await session()
    const { leadTimeForChanges } = json("shallow") as DoraReport
    expect(leadTimeForChanges).toMatchObject({ spread: null, band: null })
    expect(leadTimeForChanges.unknown).toContain("the history is shallow")
    expect(json("none")).toMatchObject({
      exitCode: 4,
      problem: expect.stringMatching(/\[NO_HISTORY\]$/) as string,
    })
  })

  it("fail if incidents are invalid, with every problem", async () => {
    const { json } = await session()
    const { problem, exitCode } = json("incidents") as { problem: string; exitCode: number }
    expect(exitCode).toBe(4)
    expect(problem).toMatch(/incidents\.yaml:2:5: .*the key started is missing\n/)
    expect(problem).toMatch(/incidents\.yaml:2:13: .*began: unknown key/)
  })
})

describe("an audit", () => {
  it("lists each deployment with its kind, approval and outcome", async () => {
    const { json, commits } = await session()
    const { ledger, deployments: rows } = json("audit") as Audit
    expect(ledger).toMatchObject({ entries: 6, noted: 6, intact: true, faults: [] })
    expect(
      rows.map(({ version, kind, commit, approval: { state, by, source } }) => [
        version,
        kind,
        commit,
        state,
        by.join(),
        source,
      ]),
    ).toEqual([
      ["1.0.0", "deploy", commits.first, "unknown", "", ""],
      ["1.1.0", "deploy", commits.merge, "approved", "cid", "pull request #1"],
      [
        "1.2.0",
        "deploy",
        commits.squash,
        "approved",
        "Bob <bob@example.com>",
        "trailers signed by ann@example.com",
      ],
      ["1.1.0", "rollback", commits.merge, "approved", "cid", "pull request #1"],
      ["1.2.1", "deploy", commits.last, "unknown", "", ""],
      ["1.2.1", "deploy", commits.last, "unknown", "", ""],
    ])
    expect(rows.map(({ takenBack, takesBack }) => takenBack || takesBack)).toEqual([
      "",
      "",
      "rolled back by run back, 2026-03-06T06:00:00.000Z",
      "1.2.0",
      "immediately",
      "",
    ])
  })

  it("detects a changed entry, and with git notes a truncated ledger", async () => {
    const { of, errors, entries } = await session()
    expect(of("intact")).toBe(`6 entries, head ${entries.at(-1)?.hash ?? ""}`)
    expect(of("changed")).toBe("failed")
    expect(errors).toContain("the ledger is not intact: entry 2 (deploy 1.1.1, run run-1.1.0,")
    expect(of("cut")).toBe("failed")
    expect(errors).toMatch(
      /an entry in git notes is not in the ledger \(deploy 1\.2\.1, run again,[^]*LEDGER_BROKEN/,
    )
  })
})

describe("branch protection", () => {
  it("is compared with the pipeline's requirements, and unmerged hotfixes are reported", async () => {
    const { json, commits } = await session()
    const { verdict, branches, lacks } = json("protection") as ProtectionReport
    expect(verdict).toBe("failed")
    expect(branches.map(({ branch, demand, status }) => [branch, demand, status])).toEqual([
      ["main", "pull request approval", "passed"],
      ["main", "status checks", "failed"],
      ["develop", "status checks", "passed"],
    ])
    expect(lacks).toEqual([
      "main, status checks: no status check is required before a merge",
      `hotfix/login (${commits.hotfix.slice(0, 12)}) was not merged back to develop`,
    ])
  })

  it("is unknown if the token lacks a permission, which is named", async () => {
    const { of, stdout, stderr } = await session()
    expect(of("unseen")).toBe("failed")
    expect(stderr).toMatch(/branch protection could not be checked[^]*PROTECTION_UNKNOWN/)
    expect(stderr).toContain("the token needs the permission `administration: read`")
    expect(stdout + stderr).not.toMatch(/ghs_(?:auditor|slipway)/)
  })
})

function read(path: string, errors: string): string {
  if (!existsSync(path)) throw new Error(errors)
  return readFileSync(path, "utf8")
}
