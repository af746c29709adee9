import { describe, expect, it, test } from "vitest"
import { DEFAULTS } from "../../src/lib/config/config.js"
import { type Happening, policy, type PolicyGroup, POLICY_GROUPS } from "../../src/lib/policy.js"

const CONFIG = { release: { ...DEFAULTS.release, registry: "team.azurecr.io" } }
const CHECKS: PolicyGroup[] = ["quality", "security", "tests"]
const ALL: PolicyGroup[] = [...POLICY_GROUPS]

const running = (happening: Happening, config = CONFIG): PolicyGroup[] => {
  const decisions = policy(happening, config)
  expect(Object.values(decisions).every(({ why }) => why !== "")).toBe(true)
  return POLICY_GROUPS.filter((group) => decisions[group].runs)
}

describe("each row of the design's table", () => {
  test.each<[string, Happening, PolicyGroup[]]>([
    ["push to feature/*", { event: "push", ref: "refs/heads/feature/x" }, CHECKS],
    ["push to develop", { event: "push", ref: "refs/heads/develop" }, ALL],
    ["push to main", { event: "push", ref: "refs/heads/main" }, [...CHECKS, "image"]],
    ["push to hotfix/*", { event: "push", ref: "refs/heads/hotfix/y" }, ALL],
    ["tag vX.Y.Z, pushed", { event: "push", ref: "refs/tags/v1.2.3" }, ALL],
    ["tag vX.Y.Z", { event: "tag", ref: "refs/tags/v1.2.3" }, ALL],
    ["tag vX.Y.Z, bare", { event: "tag", ref: "v1.2.3" }, ALL],
    ["pre-release", { event: "tag", ref: "refs/tags/v1.2.3-rc.1" }, ALL],
    ["schedule", { event: "schedule", ref: "refs/heads/main" }, ["security", "image"]],
    ["schedule without ref", { event: "schedule", ref: "" }, ["security", "image"]],
  ])("%s", (_, happening, groups) => {
    expect(running(happening)).toEqual(groups)
  })

  test.each([
    ["develop", [...CHECKS, "image"]],
    ["refs/heads/main", [...CHECKS, "image"]],
    ["feature/base", CHECKS],
    [undefined, [...CHECKS, "image"]],
    ["", [...CHECKS, "image"]],
  ])("pull request to %s", (baseRef, groups) => {
    expect(running({ event: "pull_request", ref: "refs/pull/7/merge", baseRef })).toEqual(groups)
    expect(running({ event: "pull_request", ref: "", baseRef })).toEqual(groups)
  })
})

describe("odd references", () => {
  test.each([
    ["refs/heads/main2"],
    ["refs/heads/feature/main"],
    ["refs/heads/hotfix"],
    ["refs/heads/refs/tags/v1.2.3"],
    ["refs/heads/dependabot/pip/x"],
    ["refs/pull/7/merge"],
    ["refs/tags/1.2.3"],
    ["refs/tags/v1.2"],
    ["refs/tags/nightly"],
    ["v1.2.3"],
  ])("a push to %s is checked only", (ref) => {
    expect(running({ event: "push", ref })).toEqual(CHECKS)
  })

  it("takes a bare name for a branch", () => {
    expect(running({ event: "push", ref: "develop" })).toEqual(ALL)
  })

  it("a branch is none of its tags, whatever the event is called", () => {
    expect(running({ event: "tag", ref: "refs/heads/feature/x" })).toEqual(CHECKS)
    expect(running({ event: "pull_request", ref: "refs/tags/v1.2.3", baseRef: "main" })).not.toContain(
      "release",
    )
  })
})

describe("on a laptop and by hand", () => {
  it("runs the checks, and what is asked for", () => {
    expect(running({ event: "push", ref: "" })).toEqual(CHECKS)
    expect(running({ event: "manual", ref: "refs/heads/develop" })).toEqual(CHECKS)
    expect(running({ event: "local", ref: "refs/heads/develop" })).toEqual(CHECKS)
    expect(running({ event: "local", ref: "refs/tags/v1.2.3", asked: ["image"] })).toEqual([
      ...CHECKS,
      "image",
    ])
    expect(running({ event: "push", ref: "", asked: ["image"] })).toEqual([...CHECKS, "image"])
    expect(running({ event: "manual", ref: "refs/tags/v1.2.3", asked: ["image", "release"] })).toEqual(ALL)
  })

  it("asking changes nothing for events of a CI host", () => {
    expect(running({ event: "pull_request", ref: "x", baseRef: "main", asked: ["release"] })).not.toContain(
      "release",
    )
    expect(running({ event: "push", ref: "refs/heads/main", asked: ["release"] })).not.toContain("release")
  })
})

it("publishes nothing without a registry", () => {
  const decisions = policy({ event: "push", ref: "refs/heads/develop" }, DEFAULTS)
  expect(decisions.image).toEqual({ runs: true, why: "a push to develop" })
  expect(decisions.release).toEqual({
    runs: false,
    why: "slipway.yaml names no registry to publish to (release.registry)",
  })
})

it("says why not", () => {
  const why = (event: string, ref: string) => policy({ event, ref }, CONFIG).release.why
  expect(why("push", "refs/heads/main")).toBe("main is released by a tag such as v1.2.3")
  expect(why("push", "refs/heads/feature/x")).toBe("not for a push to feature/x")
  expect(why("push", "refs/tags/v1")).toBe("the tag v1 is no version such as v1.2.3")
  expect(why("push", "")).toBe("not unless it is asked for")
  expect(policy({ event: "schedule", ref: "" }, CONFIG).quality.why).toBe(
    "not for a schedule, which looks for new vulnerabilities",
  )
})

it("knows its events", () => {
  expect(() => policy({ event: "Push", ref: "" }, CONFIG)).toThrow(
    'unknown event "Push"\n→ choose one of local, push, pull_request, tag, schedule, manual [UNKNOWN_EVENT]',
  )
})
