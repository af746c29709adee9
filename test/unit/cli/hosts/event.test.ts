import { describe, expect, it, test } from "vitest"
import { manualRequest, hostEvent, unresolvedVariables } from "../../../../dagger/cli/hosts/event.js"
import type { Variables } from "../../../../dagger/lib/variables.js"
import { DEFAULTS } from "../../../../src/lib/config/config.js"
import type { CiHost } from "../../../../src/lib/config/wrappers.js"

const GITHUB = { GITHUB_RUN_ID: "7", GITHUB_RUN_ATTEMPT: "2" }
const GITLAB = { CI_JOB_ID: "9" }
const AZURE = { BUILD_BUILDID: "5", SYSTEM_JOBATTEMPT: "1" }
const JENKINS = { BUILD_TAG: "jenkins-audio-3" }
const CIRCLECI = { CIRCLE_BUILD_NUM: "4" }
const ON_MAIN = { CIRCLE_BRANCH: "main", CIRCLE_PULL_REQUEST: "https://github.com/o/r/pull/1" }

const cases: [what: string, host: CiHost, env: Variables, event: string, ref: string, base?: string][] = [
  [
    "a push",
    "github",
    { GITHUB_EVENT_NAME: "push", GITHUB_REF: "refs/heads/develop" },
    "push",
    "refs/heads/develop",
  ],
  [
    "a tag",
    "github",
    { GITHUB_EVENT_NAME: "push", GITHUB_REF: "refs/tags/v1.2.3" },
    "tag",
    "refs/tags/v1.2.3",
  ],
  [
    "a pull request",
    "github",
    { GITHUB_EVENT_NAME: "pull_request", GITHUB_REF: "refs/pull/12/merge", GITHUB_BASE_REF: "main" },
    "pull_request",
    "refs/pull/12/merge",
    "main",
  ],
  [
    "a merge queue",
    "github",
    {
      GITHUB_EVENT_NAME: "merge_group",
      GITHUB_REF: `refs/heads/gh-readonly-queue/release/1.x/pr-12-${"a".repeat(40)}`,
    },
    "merge_queue",
    `refs/heads/gh-readonly-queue/release/1.x/pr-12-${"a".repeat(40)}`,
    "release/1.x",
  ],
  [
    "a schedule",
    "github",
    { GITHUB_EVENT_NAME: "schedule", GITHUB_REF: "refs/heads/main" },
    "schedule",
    "refs/heads/main",
  ],
  [
    "a form",
    "github",
    { GITHUB_EVENT_NAME: "workflow_dispatch", GITHUB_REF: "refs/heads/main" },
    "manual",
    "refs/heads/main",
  ],
  [
    "what nobody knows",
    "github",
    { GITHUB_EVENT_NAME: "watch", GITHUB_REF: "refs/heads/main" },
    "manual",
    "refs/heads/main",
  ],
  [
    "a push",
    "gitlab",
    { CI_PIPELINE_SOURCE: "push", CI_COMMIT_BRANCH: "feature/x" },
    "push",
    "refs/heads/feature/x",
  ],
  ["a tag", "gitlab", { CI_PIPELINE_SOURCE: "push", CI_COMMIT_TAG: "v1.2.3" }, "tag", "refs/tags/v1.2.3"],
  [
    "a merge request",
    "gitlab",
    {
      CI_PIPELINE_SOURCE: "merge_request_event",
      CI_MERGE_REQUEST_IID: "3",
      CI_MERGE_REQUEST_TARGET_BRANCH_NAME: "develop",
    },
    "pull_request",
    "refs/merge-requests/3/head",
    "develop",
  ],
  [
    "a schedule",
    "gitlab",
    { CI_PIPELINE_SOURCE: "schedule", CI_COMMIT_BRANCH: "main" },
    "schedule",
    "refs/heads/main",
  ],
  ["a form", "gitlab", { CI_PIPELINE_SOURCE: "web", CI_COMMIT_TAG: "v1.2.3" }, "manual", "refs/tags/v1.2.3"],
  [
    "a push",
    "azure",
    { BUILD_REASON: "IndividualCI", BUILD_SOURCEBRANCH: "refs/heads/main" },
    "push",
    "refs/heads/main",
  ],
  [
    "a tag",
    "azure",
    { BUILD_REASON: "IndividualCI", BUILD_SOURCEBRANCH: "refs/tags/v1.2.3" },
    "tag",
    "refs/tags/v1.2.3",
  ],
  [
    "a pull request",
    "azure",
    {
      BUILD_REASON: "PullRequest",
      BUILD_SOURCEBRANCH: "refs/pull/1/merge",
      SYSTEM_PULLREQUEST_TARGETBRANCH: "refs/heads/main",
    },
    "pull_request",
    "refs/pull/1/merge",
    "refs/heads/main",
  ],
  [
    "a schedule",
    "azure",
    { BUILD_REASON: "Schedule", BUILD_SOURCEBRANCH: "refs/heads/main" },
    "schedule",
    "refs/heads/main",
  ],
  [
    "a form",
    "azure",
    { BUILD_REASON: "Manual", BUILD_SOURCEBRANCH: "refs/heads/main" },
    "manual",
    "refs/heads/main",
  ],
  ["a push", "jenkins", { BRANCH_NAME: "hotfix/y", SLIPWAY_CAUSE: "[]" }, "push", "refs/heads/hotfix/y"],
  ["a tag", "jenkins", { BRANCH_NAME: "v1.2.3", TAG_NAME: "v1.2.3" }, "tag", "refs/tags/v1.2.3"],
  [
    "a pull request",
    "jenkins",
    { BRANCH_NAME: "PR-8", CHANGE_ID: "8", CHANGE_TARGET: "main" },
    "pull_request",
    "refs/pull/8/head",
    "main",
  ],
  [
    "a schedule",
    "jenkins",
    { BRANCH_NAME: "main", SLIPWAY_CAUSE: '[{"_class":"hudson.triggers.TimerTrigger$TimerTriggerCause"}]' },
    "schedule",
    "refs/heads/main",
  ],
  [
    "a form",
    "jenkins",
    { BRANCH_NAME: "main", SLIPWAY_CAUSE: '[{"_class":"hudson.model.Cause$UserIdCause"}]' },
    "manual",
    "refs/heads/main",
  ],
  [
    "a push",
    "circleci",
    { CIRCLE_BRANCH: "feature/x", SLIPWAY_TRIGGER: "webhook" },
    "push",
    "refs/heads/feature/x",
  ],
  ["a tag", "circleci", { CIRCLE_TAG: "v1.2.3" }, "tag", "refs/tags/v1.2.3"],
  [
    "a pull request",
    "circleci",
    { CIRCLE_BRANCH: "feature/x", CIRCLE_PULL_REQUEST: "https://github.com/o/r/pull/1" },
    "pull_request",
    "refs/heads/feature/x",
  ],
  ["a push to what is deployed, with a pull request", "circleci", ON_MAIN, "push", "refs/heads/main"],
  [
    "a schedule",
    "circleci",
    { ...ON_MAIN, SLIPWAY_TRIGGER: "scheduled_pipeline" },
    "schedule",
    "refs/heads/main",
  ],
  [
    "a push of a code host",
    "circleci",
    { CIRCLE_BRANCH: "feature/x", SLIPWAY_TRIGGER: "github_app" },
    "push",
    "refs/heads/feature/x",
  ],
  [
    "a schedule by its type",
    "circleci",
    { ...ON_MAIN, SLIPWAY_TRIGGER: "schedule" },
    "schedule",
    "refs/heads/main",
  ],
  ["a form", "circleci", { ...ON_MAIN, SLIPWAY_TRIGGER: "api" }, "manual", "refs/heads/main"],
]

const IDS: Record<CiHost, [Variables, string]> = {
  github: [GITHUB, "github-7-2"],
  gitlab: [GITLAB, "gitlab-9"],
  azure: [AZURE, "azure-5-1"],
  jenkins: [JENKINS, "jenkins-audio-3"],
  circleci: [CIRCLECI, "circleci-4"],
}

describe("hostEvent", () => {
  test.each(cases)("%s on %s", (_, host, env, event, ref, baseRef) => {
    const [own, runId] = IDS[host]
    const found = hostEvent(host, { ...own, ...env })
    expect({ ...found, baseRef: found.baseRef || undefined }).toEqual({
      event,
      ref,
      baseRef,
      runId,
      branches: DEFAULTS.branches,
    })
  })

  it("knows the branches that slipway.yaml names", () => {
    const env = { ...CIRCLECI, ...ON_MAIN, CIRCLE_BRANCH: "trunk" }
    expect(hostEvent("circleci", env).event).toBe("pull_request")
    expect(hostEvent("circleci", env, { main: "trunk", develop: "next" }).event).toBe("push")
  })

  it("fails for events that run a fork's code with secrets", () => {
    for (const name of ["pull_request_target", "workflow_run", "issue_comment"])
      expect(() => hostEvent("github", { ...GITHUB, GITHUB_EVENT_NAME: name })).toThrow("TRUSTS_STRANGERS")
  })

  it("fails outside of a job of the host", () => {
    expect(() => hostEvent("azure", { GITHUB_EVENT_NAME: "push" })).toThrow(
      'not a job of the CI host "azure": BUILD_REASON isn\'t set',
    )
  })
})

describe("manualRequest", () => {
  const manual = { event: "manual", ref: "refs/heads/main", runId: "1" }
  const answers = (action: string, environment = "", version = "") => ({
    SLIPWAY_ACTION: action,
    SLIPWAY_ENVIRONMENT: environment,
    SLIPWAY_VERSION: version,
  })

  it("reads the inputs of the form", () => {
    expect(manualRequest(manual, answers("deploy", "production", " v1.2.3 "))).toEqual({
      only: ["drift", "deploy", "notify"],
      environment: "production",
      tag: "v1.2.3",
      rollback: false,
    })
    expect(manualRequest(manual, answers("rollback", "staging", " "))).toEqual({
      only: ["deploy", "notify"],
      environment: "staging",
      rollback: true,
    })
    const one = { ...answers("deploy", "staging", "v1.2.3"), SLIPWAY_SERVICE: "api" }
    expect(manualRequest(manual, one)).toMatchObject({ service: "api", tag: "v1.2.3" })
    expect(manualRequest(manual, { ...one, SLIPWAY_ACTION: "drift" })).toEqual({ only: ["drift"] })
    expect(manualRequest(manual, answers("drift", "staging"))).toEqual({ only: ["drift"] })
    expect(manualRequest(manual, answers("checks"))).toBeUndefined()
    expect(manualRequest(manual, {})).toBeUndefined()
  })

  it("ignores a form's defaults for other events", () => {
    expect(manualRequest({ ...manual, event: "push" }, answers("deploy", "production", "v1"))).toBeUndefined()
  })

  it("fails for an unknown action, and for a deployment without a version", () => {
    expect(() => manualRequest(manual, answers("destroy"))).toThrow('SLIPWAY_ACTION is "destroy"')
    expect(() => manualRequest(manual, answers("deploy", "staging"))).toThrow("NOTHING_TO_DEPLOY")
  })
})

test("unresolvedVariables finds the word that CircleCI sets for an empty answer of its form", () => {
  const env = { SLIPWAY_VERSION: "<nil>", SLIPWAY_ACTION: "rollback", OTHER: "<nil>" }
  expect(unresolvedVariables(env)).toEqual(["SLIPWAY_VERSION"])
})

test("unresolvedVariables finds the references that Azure leaves for variables that aren't set", () => {
  expect(unresolvedVariables({ A: "$(A)", B: "$(A)", C: "", PATH: "/bin" })).toEqual(["A"])
})
