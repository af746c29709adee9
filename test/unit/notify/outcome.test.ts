import { describe, expect, it } from "vitest"
import { DEFAULTS } from "../../../src/lib/config/config.js"
import { ExitCode } from "../../../src/lib/errors/catalogue.js"
import { linksOf } from "../../../src/lib/notify/links.js"
import { deploymentOutcome } from "../../../src/lib/notify/outcome.js"
import type { StageReport } from "../../../src/lib/run/verdict.js"

const stage = (
  name: string,
  status: StageReport["status"],
  more: Partial<StageReport> = {},
): StageReport => ({
  name,
  group: "deploy",
  status,
  milliseconds: 1000,
  cached: false,
  reason: `${name} ${status}`,
  repro: `repeat ${name}`,
  exitCode: ExitCode.passed,
  findings: [],
  version: "",
  log: "",
  ...more,
})

const entry = (facts: Record<string, string>, kind: "deploy" | "rollback" = "deploy") => ({
  kind,
  sha: "c2",
  facts: { version: "v2", previous: "v1", previousCommit: "c1", ...facts },
})

describe("deploymentOutcome", () => {
  it("reports a successful deployment", () => {
    const stages = [
      stage("prepare", "passed", { facts: { outcome: "succeeded" } }),
      stage("finish", "passed"),
    ]
    expect(deploymentOutcome(stages, entry({}))).toEqual({
      kind: "succeeded",
      version: "v2",
      previous: "v1",
      subject: "v2",
      sha: "c2",
      previousSha: "c1",
      milliseconds: 2000,
      failure: undefined,
      note: "finish passed",
    })
  })

  it("reports a rolled-back deployment with the version that runs now", () => {
    const stages = [stage("prepare", "passed"), stage("soak", "failed"), stage("finish", "skipped")]
    expect(deploymentOutcome(stages, entry({ rolledBackTo: "v1" }))).toMatchObject({
      kind: "rolled-back",
      version: "v1",
      previous: "v2",
      subject: "v2",
      sha: "c1",
      previousSha: "c2",
      failure: { stage: "soak", reason: "soak failed", repro: "repeat soak" },
      note: "",
    })
  })

  it("reports a deployment that failed before it changed anything", () => {
    const stages = [stage("prepare", "error"), stage("finish", "skipped")]
    expect(deploymentOutcome(stages, undefined)).toMatchObject({
      kind: "failed",
      version: "",
      previousSha: "",
      failure: { stage: "prepare" },
    })
  })

  it("reports a deployment on hold without a failure", () => {
    const stages = [stage("prepare", "passed", { facts: { outcome: "held" } }), stage("soak", "failed")]
    expect(deploymentOutcome(stages, entry({}))).toMatchObject({
      kind: "held",
      failure: undefined,
      note: "soak failed",
    })
  })

  it("reports a manual rollback and an alert", () => {
    const facts = { outcome: "succeeded", ALERT: "95 of 100 answers take up to 3 s" }
    const stages = [stage("prepare", "passed", { facts }), stage("finish", "passed")]
    expect(deploymentOutcome(stages, entry({}, "rollback"))).toMatchObject({
      kind: "rolled-back",
      note: "finish passed\nALERT: 95 of 100 answers take up to 3 s",
    })
  })

  it("is undefined if nothing was to be deployed", () => {
    expect(
      deploymentOutcome([stage("prepare", "skipped"), stage("finish", "skipped")], undefined),
    ).toBeUndefined()
  })
})

describe("linksOf", () => {
  const subject = {
    environment: "staging" as const,
    version: "v1",
    sha: "abc",
    run: "7 / 8",
    runUrl: "",
    startedAt: 1_000_000,
  }
  const config = {
    ...DEFAULTS,
    notify: {
      ...DEFAULTS.notify,
      run: "https://ci.example.com/{run}",
      commit: "https://git.example.com/c/{sha}",
    },
    monitoring: {
      ...DEFAULTS.monitoring,
      grafana: { staging: "https://grafana.example.com/" },
      dashboard: "shop",
    },
  }

  it("fills patterns with encoded values", () => {
    expect(linksOf(config, subject)).toEqual([
      { name: "Run", url: "https://ci.example.com/7%20%2F%208" },
      { name: "Commit", url: "https://git.example.com/c/abc" },
      { name: "Dashboard", url: "https://grafana.example.com/d/shop?from=100000&to=now" },
    ])
  })

  it("takes the address of the CI host, unless it has a password or is invalid", () => {
    const runs = (runUrl: string) => linksOf(DEFAULTS, { ...subject, runUrl })
    expect(runs("https://ci.example.com/7")).toEqual([{ name: "Run", url: "https://ci.example.com/7" }])
    for (const runUrl of ["", "https://me:pass@ci.example.com/7", "javascript:alert(1)"])
      expect(runs(runUrl)).toEqual([])
  })
})
