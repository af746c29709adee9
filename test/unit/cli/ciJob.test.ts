import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, describe, expect, it, vi } from "vitest"
import { jobFor, runCiJob } from "../../../dagger/cli/commands/ciJob.js"

const source = mkdtempSync(join(tmpdir(), "slipway-test-"))
writeFileSync(join(source, "slipway.yaml"), "release: { registry: registry.example.com }\n")
afterAll(() => rmSync(source, { recursive: true, force: true }))
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

const listening = () => vi.spyOn(process.stderr, "write").mockReturnValue(true)

describe("runCiJob", () => {
  it("runs nothing where the event has nothing for the job, and says so", async () => {
    const said = listening()
    const github = { GITHUB_EVENT_NAME: "push", GITHUB_REF: "refs/heads/main", GITHUB_REF_PROTECTED: "true" }
    for (const [name, value] of Object.entries(github)) vi.stubEnv(name, value)
    const options = { source, out: join(source, "out") }
    expect(await runCiJob("github", "delivery", options)).toBe(0)
    expect(said).toHaveBeenCalledWith(
      expect.stringContaining(
        'the job "delivery" has nothing to run here: this event runs quality, security, tests, infra, image',
      ),
    )
    expect(readdirSync(source)).toEqual(["slipway.yaml"])
  })
})

describe("jobFor", () => {
  const hotfix = { ref: "refs/heads/hotfix/y" }

  it("leaves an unprotected hotfix branch its checks alone", () => {
    const said = listening()
    expect(jobFor(hotfix, "delivery", { GITHUB_REF_PROTECTED: "false" })).toBe("checks")
    expect(jobFor(hotfix, undefined, { CI_COMMIT_REF_PROTECTED: "false" })).toBe("checks")
    expect(said).toHaveBeenCalledWith(expect.stringContaining("refs/heads/hotfix/y isn't protected"))
  })

  it("delivers nothing for a branch that Jenkins has only indexed", () => {
    const said = listening()
    const cause = (name: string) => ({ SLIPWAY_CAUSE: `[{"_class":"jenkins.branch.${name}"}]` })
    const develop = { ref: "refs/heads/develop" }
    expect(jobFor(develop, "delivery", cause("BranchIndexingCause"))).toBe("checks")
    expect(said).toHaveBeenCalledWith(expect.stringContaining("has only indexed the branches"))
    expect(jobFor(develop, "delivery", cause("BranchEventCause"))).toBe("delivery")
    expect(jobFor(develop, "checks", cause("BranchIndexingCause"))).toBe("checks")
  })

  it("keeps the job of other branches, and where the host protects the branch or doesn't know", () => {
    expect(jobFor({ ref: "refs/heads/develop" }, "delivery", { GITHUB_REF_PROTECTED: "false" })).toBe(
      "delivery",
    )
    expect(jobFor(hotfix, "delivery", { GITHUB_REF_PROTECTED: "true" })).toBe("delivery")
    expect(jobFor(hotfix, undefined, {})).toBeUndefined()
  })
})
