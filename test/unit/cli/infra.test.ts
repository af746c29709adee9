import { resolve } from "node:path"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { debugArguments } from "../../../dagger/cli/commands/debug.js"
import { infraArguments } from "../../../dagger/cli/commands/infra.js"
import type { Group } from "../../../src/lib/pipeline/stages.js"

const GITHUB = {
  GITHUB_REF: "refs/pull/12/merge",
  GITHUB_REPOSITORY: "team/service",
  GITHUB_API_URL: "https://api.example.com",
}

const set = (variables: Record<string, string>): void => {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
}

beforeEach(() => {
  for (const name of Object.keys(process.env))
    if (/TF_|ARM_|AZURE|PG_CONN|GITHUB_|GITLAB_|CI_|SYSTEM_|BUILD_|ACTIONS_|SLIPWAY_PLAN_KEY/.test(name))
      vi.stubEnv(name, undefined)
})
afterEach(() => void vi.unstubAllEnvs())

describe("infraArguments", () => {
  it.each<[groups: Group[], given: boolean, planKey: boolean]>([
    [[], false, false],
    [["plan"], true, true],
    [["quality", "drift"], true, false],
    [["apply"], true, true],
    [["quality", "infra", "release", "deploy"], false, false],
  ])("for %j: %s, with the key of plans: %s", (groups, given, planKey) => {
    set({ TF_VAR_password: "s3cret", SLIPWAY_PLAN_KEY: "s3cret" })
    const made = infraArguments({}, "push", groups)
    expect(made.includes("--secrets=env://TF_VAR_password")).toBe(given)
    expect(made.includes("--plan-key=env://SLIPWAY_PLAN_KEY")).toBe(planKey)
    expect(made.length > 0).toBe(given)
  })

  it("pass the names of secrets once, and never their values", () => {
    set({
      TF_VAR_password: "s3cret",
      ARM_CLIENT_ID: "s3cret",
      AZURE_TENANT_ID: "",
      SLIPWAY_PLAN_KEY: "s3cret",
    })
    const infraSecret = ["file://staging.tfvars", "env://TF_VAR_password"]
    const made = infraArguments({ infraSecret }, "manual", ["plan"])
    expect(made).toEqual([
      "with-infra",
      "--secrets=env://ARM_CLIENT_ID",
      "--secrets=env://TF_VAR_password",
      "--secrets=file://staging.tfvars",
      "--plan-key=env://SLIPWAY_PLAN_KEY",
    ])
  })

  it("pass each option in one argument", () => {
    const options = { environment: "--root=x", root: "a b", plan: "out/plan.sealed", detailedExitcode: true }
    expect(infraArguments(options, "local", ["apply"])).toEqual([
      "with-infra",
      "--environment=--root=x",
      "--root=a b",
      `--plan=${resolve("out/plan.sealed")}`,
      "--detailed-exitcode",
    ])
    set({ SLIPWAY_PLAN_KEY: "" })
    expect(infraArguments({ detailedExitcode: false }, "local", ["plan"])).toEqual(["with-infra"])
  })

  it("pass the pull request to comment on, and the name of the host's token", () => {
    set({ ...GITHUB, GITHUB_TOKEN: "s3cret" })
    expect(infraArguments({}, "pull_request", ["plan"])).toEqual([
      "with-infra",
      '--pull-request={"host":"github","api":"https://api.example.com","project":"team/service","number":12}',
      "--comment-token=env://GITHUB_TOKEN",
    ])
    expect(infraArguments({}, "schedule", ["drift"])).toEqual(["with-infra"])
  })

  it("omit the comment without a pull request, or without a token, as for a fork", () => {
    set({ ...GITHUB, GITHUB_TOKEN: "" })
    expect(infraArguments({}, "pull_request", ["plan"])).toEqual(["with-infra"])
    set({ GITHUB_TOKEN: "s3cret", GITHUB_REF: "refs/heads/main" })
    expect(infraArguments({}, "pull_request", ["plan"])).toEqual(["with-infra"])
  })
})

describe("debugArguments", () => {
  const after = (args: string[]): string[] => args.slice(args.indexOf("--source=/s") + 1)

  it("open a stage's container with its secrets", () => {
    const args = debugArguments("mypy", "/s", ["env://TOKEN"])
    expect(args.slice(0, 2)).toEqual(["--progress=tty", "call"])
    expect(after(args)).toEqual(["debug", "--stage=mypy", "--secrets=env://TOKEN", "terminal"])
  })

  it.each(["plan", "drift"])(
    "pass credentials of the infrastructure to %s, before the stage's name",
    (stage) => {
      set({ TF_VAR_password: "s3cret", ...GITHUB, GITHUB_TOKEN: "s3cret" })
      const options = { environment: "staging", root: "infra" }
      expect(after(debugArguments(stage, "/s", ["env://TOKEN"], options))).toEqual([
        "with-infra",
        "--secrets=env://TF_VAR_password",
        "--secrets=env://TOKEN",
        "--environment=staging",
        "--root=infra",
        "debug",
        `--stage=${stage}`,
        "terminal",
      ])
    },
  )

  it("pass credentials of the infrastructure to no other stage", () => {
    set({ TF_VAR_password: "s3cret" })
    for (const stage of ["validate", "format", "build"])
      expect(after(debugArguments(stage, "/s", [], { environment: "x" }))).toEqual([
        "debug",
        `--stage=${stage}`,
        "terminal",
      ])
  })

  it.each(["", "mypy ", "toString"])("refuse the unknown stage %j", (stage) => {
    expect(() => debugArguments(stage, "/s")).toThrow(/^unknown stage .*UNKNOWN_STAGE/s)
  })
})
