import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeEach, describe, expect, it, test, vi } from "vitest"
import { fromFork } from "../../../dagger/cli/hosts/fork.js"
import { type RunPlan, printPlan } from "../../../dagger/cli/commands/plan.js"

const scratch = mkdtempSync(join(tmpdir(), "slipway-test-"))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

let printed = ""
beforeEach(() => {
  printed = ""
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += String(text)
    return true
  })
  for (const name of [
    "GITHUB_EVENT_NAME",
    "GITHUB_EVENT_PATH",
    "SYSTEM_PULLREQUEST_ISFORK",
    "CIRCLE_PR_USERNAME",
    "CHANGE_FORK",
  ])
    vi.stubEnv(name, undefined)
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

const source = (settings: string): string => {
  const folder = mkdtempSync(join(scratch, "s-"))
  writeFileSync(join(folder, "slipway.yaml"), settings)
  return folder
}

async function planned(options: Partial<Parameters<typeof printPlan>[0]>): Promise<RunPlan> {
  printed = ""
  expect(await printPlan({ source: scratch, ...options, json: true })).toBe(0)
  return JSON.parse(printed) as RunPlan
}

const runs = ({ groups }: RunPlan): string[] => groups.filter((each) => each.runs).map(({ group }) => group)

describe("slipway plan", () => {
  it("prints which groups run, which don't, and why", async () => {
    expect(await printPlan({ source: scratch, event: "push", ref: "feature/x" })).toBe(0)
    expect(printed).toMatch(/^a push to feature\/x \(refs\/heads\/feature\/x\)\n/)
    expect(printed).toMatch(/^✓ tests {5}unit, integration, coverage$/m)
    expect(printed).toMatch(/^- release {3}not for a push to feature\/x$/m)
    expect(printed).toMatch(/^- plan {6}.*slipway infra plan$/m)
  })

  it("follows the checks and the registry in slipway.yaml", async () => {
    const settings = "quality: { checks: [black, mypy] }\nrelease: { registry: team.azurecr.io }\n"
    const made = await planned({ source: source(settings), event: "push", ref: "refs/heads/develop" })
    expect(made.environment).toBe("staging")
    expect(runs(made)).toContain("release")
    expect(made.groups.find(({ group }) => group === "quality")?.stages).toEqual(["black", "mypy"])
    const without = await planned({ event: "push", ref: "refs/heads/develop" })
    expect(without.environment).toBeNull()
    expect(runs(without)).not.toContain("deploy")
    expect(runs(await planned({ event: "push", ref: "refs/heads/develop", embedded: true }))).toContain(
      "deploy",
    )
  })

  it("names files of other tools that aren't used", async () => {
    const folder = source("")
    writeFileSync(join(folder, ".trivyignore"), "CVE-2024-1\n")
    expect((await planned({ source: folder, event: "push", ref: "develop" })).notes).toEqual([
      expect.stringMatching(/^\.trivyignore isn't used: .*\.slipway\/suppressions\.yaml/),
    ])
  })

  it("prints the restrictions of a fork's pull request, and none otherwise", async () => {
    const fork = await planned({
      event: "pull_request",
      ref: "refs/pull/7/merge",
      baseRef: "main",
      fork: true,
    })
    expect(runs(fork)).not.toContain("plan")
    expect(fork.notes.join("\n")).toMatch(/no secrets[^]*summary\.md[^]*sarif\//)
    expect((await planned({ event: "pull_request", ref: "x", baseRef: "main", fork: false })).notes).toEqual(
      [],
    )
    expect(await planned({ event: "push", ref: "develop", fork: true })).toMatchObject({
      fork: false,
      notes: [],
    })
    vi.stubEnv("CHANGE_FORK", "somebody")
    expect((await planned({ event: "pull_request", ref: "x", baseRef: "main" })).fork).toBe(true)
  })

  it("deploys a pull request to the preview of its number, but none of a fork", async () => {
    const preview = 'deploy: { preview: { namespace: "api-pr-{number}" } }'
    const folder = source(`release: { registry: team.azurecr.io }\n${preview}\n`)
    const request = { source: folder, event: "pull_request", baseRef: "main", fork: false }
    const made = await planned({ ...request, ref: "refs/pull/7/merge" })
    expect(made.environment).toBe("preview-7")
    expect(runs(made)).toEqual(expect.arrayContaining(["plan", "release", "deploy"]))
    expect(made.groups.find(({ group }) => group === "load")?.why).toBe("not for a pull request to main")
    expect((await planned({ ...request, ref: "refs/merge-requests/8/head" })).environment).toBe("preview-8")
    for (const without of [{ ref: "feature/x" }, { ref: "refs/pull/7/merge", fork: true }]) {
      const checked = await planned({ ...request, ...without })
      expect(checked.environment).toBeNull()
      expect(runs(checked)).not.toContain("release")
    }
  })

  it("escapes a reference, which could forge a line", async () => {
    await printPlan({ source: scratch, event: "push", ref: "refs/heads/x\n✓ deploy  production" })
    expect(printed.split("\n")[0]).toContain("x\\n✓ deploy")
    expect(printed).not.toMatch(/^✓ deploy/m)
  })

  it("refuses an unknown event, a missing folder and invalid settings", async () => {
    await expect(printPlan({ source: scratch, event: "merge" })).rejects.toThrow("UNKNOWN_EVENT")
    await expect(printPlan({ source: join(scratch, "none") })).rejects.toThrow("NO_SOURCE")
    const bad = source("qualty: {}\n")
    await expect(printPlan({ source: bad, event: "push", ref: "main" })).rejects.toThrow("CONFIG_INVALID")
  })

  it("warns about old names in slipway.yaml", async () => {
    const folder = source("deploy: { slow: 1s }\n")
    const made = await planned({ source: folder, event: "push", ref: "main" })
    expect(made.notes).toEqual(['slipway.yaml:1:11: deploy.slow: renamed; write "latencyP95"'])
  })

  it("accepts an address, and reports that it doesn't read its settings", async () => {
    const made = await planned({ source: "https://git.example.com/a.git", event: "push", ref: "main" })
    expect(runs(made)).toContain("image")
    expect(made.notes).toEqual([expect.stringContaining("slipway.yaml isn't read")])
  })
})

describe("fromFork", () => {
  const github = (head: unknown): Record<string, string> => {
    const file = join(scratch, "event.json")
    writeFileSync(file, typeof head === "string" ? head : JSON.stringify({ pull_request: { head } }))
    return { GITHUB_EVENT_PATH: file, GITHUB_REPOSITORY: "team/service" }
  }
  const pullRequest = (env: Record<string, string>) => ({ ...env, GITHUB_EVENT_NAME: "pull_request" })
  test.each<[string, () => Record<string, string>, boolean]>([
    ["nothing", () => ({}), false],
    ["GitHub, a fork", () => github({ repo: { full_name: "you/service" } }), true],
    ["GitHub, the same", () => github({ repo: { full_name: "Team/Service" } }), false],
    ["GitHub, a fork that is gone", () => github({ repo: null }), true],
    ["GitHub, a push", () => github('{"ref": "refs/heads/x"}'), false],
    ["GitHub, no JSON", () => github("{"), false],
    ["GitHub, a pull request with an empty payload", () => pullRequest(github("{}")), true],
    ["GitHub, a pull request whose payload is no JSON", () => pullRequest(github("{")), true],
    ["GitHub, a pull request without a payload", () => pullRequest({ GITHUB_REPOSITORY: "a/b" }), true],
    [
      "GitHub, a pull request of the same",
      () => pullRequest(github({ repo: { full_name: "team/service" } })),
      false,
    ],
    ["GitHub, no file", () => ({ GITHUB_EVENT_PATH: join(scratch, "no"), GITHUB_REPOSITORY: "a/b" }), false],
    [
      "GitLab, a fork",
      () => ({ CI_MERGE_REQUEST_SOURCE_PROJECT_ID: "2", CI_MERGE_REQUEST_PROJECT_ID: "1" }),
      true,
    ],
    [
      "GitLab, the same",
      () => ({ CI_MERGE_REQUEST_SOURCE_PROJECT_ID: "1", CI_MERGE_REQUEST_PROJECT_ID: "1" }),
      false,
    ],
    ["Azure, a fork", () => ({ SYSTEM_PULLREQUEST_ISFORK: "True" }), true],
    ["Azure, the same", () => ({ SYSTEM_PULLREQUEST_ISFORK: "False" }), false],
    ["CircleCI", () => ({ CIRCLE_PR_USERNAME: "you" }), true],
    ["Jenkins", () => ({ CHANGE_FORK: "you" }), true],
    ["Jenkins, set empty", () => ({ CHANGE_FORK: "" }), false],
  ])("%s", (_, env, fork) => {
    expect(fromFork(env())).toBe(fork)
  })
})
