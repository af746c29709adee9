import { describe, expect, it, test } from "vitest"
import { DEFAULTS } from "../../../src/lib/config/config.js"
import { parseConfig } from "../../../src/lib/config/parse.js"
import {
  environmentFor,
  groupsFor,
  groupsOfJob,
  type Trigger,
  policy,
} from "../../../src/lib/pipeline/policy.js"
import { scheduledTests } from "../../../src/lib/pipeline/scheduledTests.js"
import { EFFECTS, type Group, GROUPS, secretsOfGroup } from "../../../src/lib/pipeline/stages.js"

const CONFIG = { ...DEFAULTS, release: { ...DEFAULTS.release, registry: "team.azurecr.io" } }
const CHECKS: Group[] = ["quality", "security", "tests"]
const UP_TO_IMAGE: Group[] = [...CHECKS, "infra", "image"]
const DELIVERED: Group[] = [...CHECKS, "infra", "drift", "image", "release", "deploy", "notify", "load"]
const ALL: Group[] = [...DELIVERED, "dast", "cleanup"]
/** In production the stress test follows by default, with the users that are safe there. */
const VERSION: Group[] = [...DELIVERED, "stress", "dast", "cleanup"]
const REVIEW: Group[] = [...CHECKS, "infra", "plan", "image"]
const SCANS: Group[] = ["security", "drift", "image", "cleanup"]

const running = (trigger: Trigger, config: Parameters<typeof policy>[1] = CONFIG): Group[] => {
  const decisions = policy(trigger, config)
  expect(Object.values(decisions).every(({ why }) => why !== "")).toBe(true)
  return GROUPS.filter((group) => decisions[group].runs)
}

describe("policy for each row of the design's table", () => {
  test.each<[string, Trigger, Group[]]>([
    ["push to feature/*", { event: "push", ref: "refs/heads/feature/x" }, CHECKS],
    ["push to develop", { event: "push", ref: "refs/heads/develop" }, ALL],
    ["push to main", { event: "push", ref: "refs/heads/main" }, UP_TO_IMAGE],
    ["push to hotfix/*", { event: "push", ref: "refs/heads/hotfix/y" }, ALL],
    ["tag vX.Y.Z, pushed", { event: "push", ref: "refs/tags/v1.2.3" }, VERSION],
    ["tag vX.Y.Z", { event: "tag", ref: "refs/tags/v1.2.3" }, VERSION],
    ["tag vX.Y.Z, bare", { event: "tag", ref: "v1.2.3" }, VERSION],
    ["pre-release", { event: "tag", ref: "refs/tags/v1.2.3-rc.1" }, ALL],
    ["schedule", { event: "schedule", ref: "refs/heads/main" }, SCANS],
    ["schedule without ref", { event: "schedule", ref: "" }, SCANS],
  ])("%s", (_, trigger, groups) => {
    expect(running(trigger)).toEqual(groups)
  })

  test.each([
    ["develop", REVIEW],
    ["refs/heads/main", REVIEW],
    ["feature/base", CHECKS],
    [undefined, REVIEW],
    ["", REVIEW],
  ])("pull request to %s", (baseRef, groups) => {
    expect(running({ event: "pull_request", ref: "refs/pull/7/merge", baseRef })).toEqual(groups)
    expect(running({ event: "pull_request", ref: "", baseRef })).toEqual(groups)
  })
})

describe("policy for branches of other names", () => {
  const branches = { main: "trunk", develop: "next" }

  test.each<[string, Trigger, Group[]]>([
    ["push to master", { event: "push", ref: "refs/heads/master" }, UP_TO_IMAGE],
    ["push to the main branch", { event: "push", ref: "refs/heads/trunk", branches }, UP_TO_IMAGE],
    ["push to what is deployed", { event: "push", ref: "refs/heads/next", branches }, ALL],
    ["push to a branch that is called main", { event: "push", ref: "refs/heads/main", branches }, CHECKS],
    ["pull request to master", { event: "pull_request", ref: "", baseRef: "master" }, REVIEW],
    [
      "pull request to the main branch",
      { event: "pull_request", ref: "", baseRef: "trunk", branches },
      REVIEW,
    ],
    ["pull request to main", { event: "pull_request", ref: "", baseRef: "main", branches }, CHECKS],
    [
      "merge queue",
      { event: "merge_queue", ref: "refs/heads/gh-readonly-queue/main/pr-1-a", baseRef: "main" },
      UP_TO_IMAGE,
    ],
  ])("%s", (_, trigger, groups) => {
    expect(running(trigger)).toEqual(groups)
  })

  it("names the branch", () => {
    const { release } = policy({ event: "push", ref: "refs/heads/master" }, CONFIG)
    expect(release.why).toBe("master is released by a tag such as v1.2.3")
  })
})

describe("groupsFor", () => {
  const asked = (...only: string[]) =>
    groupsFor({ event: "push", ref: "refs/heads/x" }, only, DEFAULTS, false)

  it("returns the groups of the named stages", () => {
    expect(asked()).toEqual(CHECKS)
    expect(asked("mypy", "black")).toEqual(["quality"])
    expect(asked("image", "coverage")).toEqual(["tests", "image"])
  })

  it("rejects an unknown stage, and lists the known ones", () => {
    expect(() => asked("mypi")).toThrow(/unknown stage "mypi"[^]*quality[^]*mypy/)
  })
})

describe("groupsOfJob", () => {
  const jobs = (trigger: Trigger) => {
    const groups = running(trigger)
    return {
      checks: groupsOfJob("checks", groups, trigger.event),
      delivery: groupsOfJob("delivery", groups, trigger.event),
      preview: groupsOfJob("preview", groups, trigger.event),
    }
  }
  test.each<[string, Trigger, Group[], Group[]]>([
    ["feature/*", { event: "push", ref: "refs/heads/feature/x" }, CHECKS, []],
    ["main", { event: "push", ref: "refs/heads/main" }, UP_TO_IMAGE, []],
    ["develop", { event: "push", ref: "refs/heads/develop" }, UP_TO_IMAGE, ALL],
    ["a version", { event: "tag", ref: "refs/tags/v1.2.3" }, UP_TO_IMAGE, VERSION],
    ["a pull request", { event: "pull_request", ref: "x", baseRef: "main" }, UP_TO_IMAGE, ["plan"]],
    ["a fork", { event: "pull_request", ref: "x", baseRef: "main", fork: true }, UP_TO_IMAGE, []],
    ["a schedule", { event: "schedule", ref: "" }, ["security", "image"], ["drift", "cleanup"]],
  ])("splits what %s runs", (_, trigger, checks, delivery) => {
    expect(jobs(trigger)).toEqual({ checks, delivery, preview: [] })
  })

  it("has a job for the preview of a pull request, beside that for its plans", () => {
    const trigger = { event: "pull_request", ref: "x", baseRef: "main", preview: "preview-7" }
    expect(jobs(trigger)).toEqual({
      checks: UP_TO_IMAGE,
      delivery: ["plan"],
      preview: [...UP_TO_IMAGE, "release", "deploy"],
    })
  })

  it("gives the checks no group with a secret other than the Dockerfile's and the package indexes', or with an effect", () => {
    const secrets = groupsOfJob("checks", GROUPS, "push").flatMap((group) => [...secretsOfGroup(group)])
    expect(new Set(secrets)).toEqual(new Set(["netrc", "indexSecrets", "secrets"]))
    expect(groupsOfJob("checks", GROUPS, "push").filter((group) => EFFECTS.includes(group))).toEqual([])
  })
})

describe("policy for a pull request with a preview", () => {
  const trigger = { event: "pull_request", ref: "x", baseRef: "develop", preview: "preview-7" }

  it("publishes its image and deploys it there, whatever the settings name", () => {
    const none = { ...CONFIG, deploy: { ...CONFIG.deploy, environments: [] } }
    expect(running(trigger, none)).toEqual([...REVIEW, "release", "deploy"])
    expect(policy(trigger, CONFIG).deploy.why).toBe("a pull request to develop, to preview-7")
    expect(environmentFor(trigger, CONFIG.deploy)).toBe("preview-7")
  })

  it("doesn't without a registry, from a fork, and for any other base", () => {
    expect(running(trigger, DEFAULTS)).toEqual(REVIEW)
    expect(running({ ...trigger, fork: true })).toEqual(UP_TO_IMAGE)
    expect(running({ ...trigger, baseRef: "feature/x" })).toEqual(CHECKS)
  })
})

describe("policy for a fork's pull request", () => {
  it("leaves out plans, which need credentials", () => {
    const from = (fork: boolean, baseRef = "develop"): Trigger => ({
      event: "pull_request",
      ref: "refs/pull/7/merge",
      baseRef,
      fork,
    })
    expect(running(from(false))).toEqual(REVIEW)
    expect(running(from(true))).toEqual(UP_TO_IMAGE)
    expect(running(from(true, ""))).toEqual(UP_TO_IMAGE)
    expect(running(from(true, "feature/base"))).toEqual(CHECKS)
    const { plan, release } = policy(from(true), CONFIG)
    expect(plan.why).toMatch(/^a fork gets no secrets for plans; .*slipway infra plan$/)
    expect(release.why).toBe("not for a pull request to develop from a fork")
  })

  it("ignores the fork flag of a push", () => {
    expect(running({ event: "push", ref: "refs/heads/develop", fork: true })).toEqual(ALL)
  })
})

describe("policy for unusual references", () => {
  test.each([
    ["refs/heads/main2"],
    ["refs/heads/feature/main"],
    ["refs/heads/hotfix"],
    ["refs/heads/refs/tags/v1.2.3"],
    ["refs/heads/dependabot/pip/x"],
    ["refs/pull/7/merge"],
    ["refs/pull/7/head"],
    ["refs/merge-requests/7/head"],
    ["refs/heads/"],
    ["refs/heads/feature/.."],
    ["refs/heads/feature/../develop"],
    ["refs/heads/feature/ünïcödé-日本"],
    ["refs/heads/Develop"],
    ["refs/heads/develop "],
    ["refs/heads/develop\n"],
    ["refs/heads/ｄevelop"],
    ["refs/notes/slipway"],
    ["HEAD"],
    ["refs/tags/x"],
    ["refs/tags/"],
    ["refs/tags/v1.2.3\n"],
    ["refs/tags/v1.2.3/x"],
    ["refs/tags/v１.2.3"],
    ["refs/tags/1.2.3"],
    ["refs/tags/v1.2"],
    ["refs/tags/nightly"],
    ["v1.2.3"],
  ])("runs only checks for a push to %s", (ref) => {
    expect(running({ event: "push", ref })).toEqual(CHECKS)
  })

  it("takes a bare name for a branch", () => {
    expect(running({ event: "push", ref: "develop" })).toEqual(ALL)
  })

  it("takes a branch for a branch, whatever the event", () => {
    expect(running({ event: "tag", ref: "refs/heads/feature/x" })).toEqual(CHECKS)
    expect(running({ event: "pull_request", ref: "refs/tags/v1.2.3", baseRef: "main" })).not.toContain(
      "release",
    )
  })
})

describe("policy for local and manual runs", () => {
  it("runs the checks and the requested groups", () => {
    expect(running({ event: "push", ref: "" })).toEqual(CHECKS)
    expect(running({ event: "manual", ref: "refs/heads/develop" })).toEqual(CHECKS)
    expect(running({ event: "local", ref: "refs/heads/develop" })).toEqual(CHECKS)
    expect(running({ event: "local", ref: "refs/tags/v1.2.3", asked: ["image"] })).toEqual([
      ...CHECKS,
      "image",
    ])
    expect(running({ event: "push", ref: "", asked: ["image"] })).toEqual([...CHECKS, "image"])
    expect(running({ event: "manual", ref: "refs/tags/v1.2.3", asked: ["image", "release"] })).toEqual([
      ...CHECKS,
      "image",
      "release",
    ])
    expect(running({ event: "local", ref: "", asked: ["infra", "plan"] })).toEqual([
      ...CHECKS,
      "infra",
      "plan",
    ])
    for (const asked of ["plan", "drift", "apply"] as const)
      expect(running({ event: "manual", ref: "refs/heads/main", asked: [asked] })).toEqual([...CHECKS, asked])
  })

  it("ignores requested groups for events of a CI host", () => {
    expect(running({ event: "pull_request", ref: "x", baseRef: "main", asked: ["release"] })).not.toContain(
      "release",
    )
    expect(running({ event: "push", ref: "refs/heads/main", asked: ["release"] })).not.toContain("release")
    expect(running({ event: "schedule", ref: "", asked: ["apply", "plan"] })).toEqual(SCANS)
  })
})

it("policy publishes nothing without a registry", () => {
  const decisions = policy({ event: "push", ref: "refs/heads/develop" }, DEFAULTS)
  expect(decisions.image).toEqual({ runs: true, why: "a push to develop" })
  expect(decisions.release).toEqual({
    runs: false,
    why: "slipway.yaml names no registry to publish to (release.registry)",
  })
  expect(decisions.drift).toEqual(decisions.release)
  expect(policy({ event: "schedule", ref: "" }, DEFAULTS).drift.runs).toBe(true)
})

it("policy gives the reason why a release doesn't run", () => {
  const why = (event: string, ref: string) => policy({ event, ref }, CONFIG).release.why
  expect(why("push", "refs/heads/main")).toBe("main is released by a tag such as v1.2.3")
  expect(why("push", "refs/heads/feature/x")).toBe("not for a push to feature/x")
  expect(why("push", "refs/tags/v1")).toBe("the tag v1 is not a version such as v1.2.3")
  expect(why("push", "")).toBe("only on request")
  expect(policy({ event: "schedule", ref: "" }, CONFIG).quality.why).toBe(
    "not for a schedule, which checks for changes from outside",
  )
})

it("policy rejects an unknown event", () => {
  expect(() => policy({ event: "Push", ref: "" }, CONFIG)).toThrow(
    'unknown event "Push"\n→ choose one of local, push, pull_request, merge_queue, tag, schedule, manual [UNKNOWN_EVENT]',
  )
})

describe("policy for tests of what serves", () => {
  const { deploy, load, dast } = CONFIG
  const url = { staging: "https://staging.example.com", production: "https://example.com" }
  const stressed = (when: (typeof load.stress)["when"]) => ({
    ...CONFIG,
    load: { ...load, stress: { ...load.stress, when } },
  })

  it("runs the stress test after a deployment, on schedule or never, as load.stress.when says", () => {
    const [push, tag] = [
      { event: "push", ref: "refs/heads/develop" },
      { event: "tag", ref: "v1.2.3" },
    ]
    const both = stressed({ staging: "deployment", production: "never" })
    expect(running(push, both)).toContain("stress")
    expect(running(tag, both)).not.toContain("stress")
    expect(running(tag, stressed({ staging: "never", production: "schedule" }))).not.toContain("stress")
    const unpublished = { ...both, release: DEFAULTS.release }
    expect(policy(push, unpublished).stress.why).toMatch(/names no registry/)
  })

  it("scans and stresses public URLs on schedule, and notifies people", () => {
    const schedule = { event: "schedule", ref: "" }
    const open = { ...CONFIG, deploy: { ...deploy, url } }
    expect(running(schedule, open)).toEqual([
      "security",
      "drift",
      "image",
      "notify",
      "stress",
      "dast",
      "cleanup",
    ])
    expect(groupsOfJob("delivery", running(schedule, open), "schedule")).toEqual([
      "drift",
      "notify",
      "stress",
      "dast",
      "cleanup",
    ])
    expect(scheduledTests(open)).toEqual([
      { environment: "staging", groups: ["stress", "dast"] },
      { environment: "production", groups: ["dast"] },
    ])
    const shut = { ...open, dast: { ...dast, schedule: { staging: false, production: false } } }
    expect(scheduledTests(shut)).toEqual([{ environment: "staging", groups: ["stress"] }])
    expect(
      running(schedule, { ...shut, load: stressed({ staging: "never", production: "never" }).load }),
    ).toEqual(SCANS)
  })
})

describe("policy for infrastructure", () => {
  it("never applies for events of a CI host", () => {
    const events = ["push", "pull_request", "tag", "schedule"]
    const refs = ["refs/heads/develop", "refs/heads/main", "refs/heads/hotfix/x", "refs/tags/v1.2.3"]
    for (const event of events)
      for (const ref of refs)
        expect(running({ event, ref, baseRef: "main", asked: ["apply"] })).not.toContain("apply")
  })

  it("runs load tests, DAST and notifications only after a deployment", () => {
    const decisions = policy({ event: "push", ref: "refs/heads/main" }, CONFIG)
    for (const group of ["load", "dast", "notify"] as const)
      expect(decisions[group]).toEqual({
        runs: false,
        why: "nothing is deployed: main is released by a tag such as v1.2.3",
      })
    expect(decisions.stress.why).toBe("stress tests run by load.stress.when, or manually: slipway stress")
  })

  it("gives the reason why plan, drift and apply don't run", () => {
    const why = (event: string, ref: string, baseRef?: string) => policy({ event, ref, baseRef }, CONFIG)
    const pushed = why("push", "refs/heads/develop")
    expect(pushed.plan.why).toBe("plans are made for pull requests, or manually: slipway infra plan")
    expect(pushed.drift.why).toBe("a push to develop")
    expect(pushed.apply.why).toBe("plans are applied manually: slipway infra apply")
    const other = why("pull_request", "x", "feature/base")
    expect(other.plan.why).toBe("not for a pull request to feature/base")
    expect(other.infra.why).toBe("not for a pull request to feature/base")
    expect(why("local", "").infra.why).toBe("only on request")
    expect(why("tag", "refs/tags/nightly").infra.why).toBe("the tag nightly is not a version such as v1.2.3")
  })
})

describe("environmentFor and policy", () => {
  test.each<[string, Trigger, string | undefined]>([
    ["push to develop", { event: "push", ref: "refs/heads/develop" }, "staging"],
    ["push to develop, bare", { event: "push", ref: "develop" }, "staging"],
    ["push to hotfix/*", { event: "push", ref: "refs/heads/hotfix/y" }, "staging"],
    ["tag vX.Y.Z, pushed", { event: "push", ref: "refs/tags/v1.2.3" }, "production"],
    ["tag vX.Y.Z", { event: "tag", ref: "refs/tags/v1.2.3" }, "production"],
    ["tag vX.Y.Z, bare", { event: "tag", ref: "v1.2.3" }, "production"],
    ["pre-release", { event: "tag", ref: "refs/tags/v1.2.3-rc.1" }, "staging"],
    ["push to main", { event: "push", ref: "refs/heads/main" }, undefined],
    ["push to feature/*", { event: "push", ref: "refs/heads/feature/x" }, undefined],
    ["a tag other than a version", { event: "tag", ref: "refs/tags/nightly" }, undefined],
    ["a version without its v", { event: "tag", ref: "refs/tags/1.2.3" }, undefined],
    ["a branch named like a version", { event: "push", ref: "refs/heads/refs/tags/v1.2.3" }, undefined],
    ["a pushed bare version", { event: "push", ref: "v1.2.3" }, undefined],
    ["a branch below develop", { event: "push", ref: "refs/heads/develop/x" }, undefined],
    ["a branch named only hotfix", { event: "push", ref: "refs/heads/hotfix" }, undefined],
    ["schedule", { event: "schedule", ref: "refs/heads/develop" }, undefined],
    [
      "pull request of develop",
      { event: "pull_request", ref: "refs/heads/develop", baseRef: "main" },
      undefined,
    ],
    [
      "pull request of a tag",
      { event: "pull_request", ref: "refs/tags/v1.2.3", baseRef: "develop" },
      undefined,
    ],
    ["a run without a ref", { event: "push", ref: "" }, undefined],
    ["a manual run", { event: "manual", ref: "refs/tags/v1.2.3" }, undefined],
    ["a local run", { event: "local", ref: "refs/heads/develop", asked: ["deploy"] }, undefined],
  ])("choose the environment for %s", (_, trigger, environment) => {
    expect(environmentFor(trigger, DEFAULTS.deploy)).toBe(environment)
    const { runs, why } = policy(trigger, CONFIG).deploy
    if (trigger.asked === undefined) expect(runs).toBe(environment !== undefined)
    if (environment !== undefined) expect(why.endsWith(`, to ${environment}`)).toBe(true)
  })

  it("follow deploy.entry, and deploy nothing to an environment that is left out", () => {
    const own = parseConfig(
      "release: { registry: team.azurecr.io }\ndeploy: { environments: [dev, qa, live], entry: { prerelease: qa } }",
    )
    const to = (ref: string, config = own) => environmentFor({ event: "push", ref }, config.deploy)
    expect(to("refs/heads/develop")).toBe("dev")
    expect(to("refs/heads/hotfix/x")).toBe("dev")
    expect(to("refs/tags/v1.2.3-rc.1")).toBe("qa")
    expect(to("refs/tags/v1.2.3")).toBe("dev")
    const version = policy({ event: "tag", ref: "refs/tags/v1.2.3" }, own)
    expect(version.deploy).toEqual({ runs: true, why: "the version v1.2.3, to dev" })
    const alone = parseConfig("release: { registry: r.io }\ndeploy: { environments: [staging] }")
    expect(policy({ event: "tag", ref: "refs/tags/v1.2.3" }, alone).deploy.why).toBe(
      "slipway.yaml deploys nothing to production (deploy.environments)",
    )
  })

  it("reject an unknown event", () => {
    expect(() => environmentFor({ event: "merge", ref: "develop" }, DEFAULTS.deploy)).toThrow("UNKNOWN_EVENT")
  })

  it("deploy nothing to an environment that slipway.yaml leaves out, and release all the same", () => {
    const staging = { ...CONFIG, deploy: { ...DEFAULTS.deploy, environments: ["staging"] as const } }
    const decided = policy({ event: "tag", ref: "refs/tags/v1.2.3" }, staging)
    expect(decided.release.runs).toBe(true)
    const why = "slipway.yaml deploys nothing to production (deploy.environments)"
    for (const group of ["drift", "deploy", "notify", "load", "dast"] as const)
      expect(decided[group]).toEqual({ runs: false, why })
    expect(policy({ event: "push", ref: "refs/heads/develop" }, staging).deploy.runs).toBe(true)
  })

  it("deploy nothing without a registry, and nothing from main", () => {
    const { deploy } = policy({ event: "push", ref: "refs/heads/develop" }, DEFAULTS)
    expect(deploy).toEqual({
      runs: false,
      why: "slipway.yaml names no registry to publish to (release.registry)",
    })
    expect(policy({ event: "push", ref: "refs/heads/main" }, CONFIG).deploy.why).toBe(
      "main is released by a tag such as v1.2.3",
    )
  })
})
