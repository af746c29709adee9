import { runInNewContext } from "node:vm"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { parseConfig } from "../../../src/lib/config/parse.js"
import { describeWrappers } from "../../../src/lib/wrappers/description.js"
import { wrapperFiles } from "../../../src/lib/wrappers/files.js"

const PIN = "https://git.example.com/team/slipway@0123456789abcdef0123456789abcdef01234567"
const HOSTS = ["github", "gitlab", "azure", "circleci"] as const
type Host = (typeof HOSTS)[number]

/** What happens in a repository, for every host. */
interface Event {
  event: "push" | "pull_request" | "merge_group" | "schedule" | "form"
  ref: string
  /** A pull request from a fork. */
  fork?: boolean
  /** A pull request that was merged or given up. */
  closed?: boolean
  /** False for a branch that the host doesn't protect, for hosts that tell a run. */
  guarded?: boolean
  /** Inputs of the form. */
  action?: string
  environment?: string
  /** How the checks ended, unless they passed; a job that hangs is cancelled by its time limit. */
  failed?: "failure" | "cancelled"
}

const filesOf = (hotfixes: boolean, more = "") =>
  wrapperFiles(
    HOSTS,
    describeWrappers(parseConfig(`wrappers: { hotfixes: ${hotfixes} }\n${more}`), PIN, true),
  )

const evaluate = (expression: string, context: object): unknown =>
  runInNewContext(expression, {
    startsWith: (text: string, start: string) => text.startsWith(start),
    contains: (text: string, part: string) => text.includes(part),
    ...context,
  })

/** Evaluates the conditions of the delivery's jobs as the host would. Returns their environments. */
const DELIVERED: Record<Host, (text: string, event: Event) => string[]> = { github, gitlab, azure, circleci }

interface GithubJob {
  if: string
  environment?: string
}

const githubJobs = (text: string, event: Event): string[] => startingOnGithub(text, event).names

function github(text: string, event: Event): string[] {
  const { jobs, context } = startingOnGithub(text, event)
  return jobs
    .flatMap(({ environment }) => environment ?? [])
    .map((environment) =>
      environment.startsWith("${{") ? String(evaluate(environment.slice(3, -2), context)) : environment,
    )
}

/** The jobs whose conditions hold, and what they know. */
function startingOnGithub(text: string, event: Event) {
  const { jobs } = parse(text) as { jobs: Record<string, GithubJob> }
  const repository = "team/service"
  const head = { repo: { full_name: event.fork ? "stranger/service" : repository } }
  const context = {
    cancelled: () => false,
    needs: { checks: { result: event.failed ?? (event.event === "form" ? "skipped" : "success") } },
    inputs: { action: event.action ?? "", environment: event.action && (event.environment ?? "staging") },
    github: {
      event_name: event.event === "form" ? "workflow_dispatch" : event.event,
      event: { pull_request: { head }, action: event.closed ? "closed" : "opened" },
      repository,
      ref: event.ref,
      ref_name: event.ref.replace(/^refs\/(?:heads|tags)\//, ""),
      ref_type: event.ref.startsWith("refs/tags/") ? "tag" : "branch",
      ref_protected: event.guarded ?? true,
    },
  }
  const starting = Object.entries(jobs).filter(([, job]) => evaluate(job.if, context))
  return { names: starting.map(([name]) => name), jobs: starting.map(([, job]) => job), context }
}

function gitlab(text: string, event: Event): string[] {
  const jobs = parse(text) as Record<string, { environment?: string; needs?: []; rules?: { if: string }[] }>
  return Object.entries(jobs).flatMap(([name, { environment, needs, rules = [] }]) => {
    if (name === "workflow") return []
    const starts =
      rules.some((rule) => holdsOnGitlab(rule.if, event)) && (!event.failed || needs !== undefined)
    return environment !== undefined && starts ? [environment] : []
  })
}

function holdsOnGitlab(rule: string, event: Event & { open?: boolean }): boolean {
  const [, kind, name] = /^refs\/(heads|tags)\/(.*)$/.exec(event.ref) ?? []
  const source = {
    pull_request: "merge_request_event",
    merge_group: "",
    form: "web",
    push: "push",
    schedule: "schedule",
  }
  const variables: Record<string, string> = {
    CI_PIPELINE_SOURCE: source[event.event],
    CI_COMMIT_BRANCH: kind === "heads" ? (name ?? "") : "",
    CI_COMMIT_TAG: kind === "tags" ? (name ?? "") : "",
    CI_COMMIT_REF_PROTECTED: String(event.guarded ?? true),
    CI_OPEN_MERGE_REQUESTS: event.open ? "team/service!7" : "",
    CI_MERGE_REQUEST_PROJECT_ID: "1",
    CI_MERGE_REQUEST_SOURCE_PROJECT_ID: event.fork ? "2" : "1",
    SLIPWAY_ACTION: event.action ?? "checks",
    SLIPWAY_ENVIRONMENT: event.environment ?? "staging",
  }
  const tested = (_: string, variable: string, sign: string, pattern: string) =>
    `${sign === "!" ? "!" : ""}${pattern}.test(${variable})`
  const translated = rule.replace(/\$(\w+) ([=!])~ (\/.*?[^\\]\/)(?= |$)/g, tested).replace(/\$(?=\w)/g, "")
  return Boolean(evaluate(translated, variables))
}

const RESULTS = { failure: "Failed", cancelled: "Canceled", skipped: "Skipped", success: "Succeeded" }

function azure(text: string, event: Event): string[] {
  const { stages, variables } = parse(text) as {
    variables: { environment: string }
    stages: { stage: string; condition: string }[]
  }
  const reasons = {
    push: "IndividualCI",
    merge_group: "",
    pull_request: "PullRequest",
    schedule: "Schedule",
    form: "Manual",
  }
  const context = {
    and: (...all: boolean[]) => all.every(Boolean),
    or: (...all: boolean[]) => all.some(Boolean),
    not: (value: boolean) => !value,
    eq: (left: string, right: string) => left === right,
    ne: (left: string, right: string) => left !== right,
    among: (value: string, ...all: string[]) => all.includes(value),
    iif: (condition: boolean, left: string, right: string) => (condition ? left : right),
    canceled: () => false,
    parameters: { action: event.action ?? "checks", environment: event.environment ?? "staging" },
    dependencies: {
      checks: { result: RESULTS[event.failed ?? (event.event === "form" ? "skipped" : "success")] },
    },
    variables: {
      "Build.Reason": reasons[event.event],
      "Build.SourceBranch": event.ref,
      "System.PullRequest.IsFork": event.fork ? "True" : "False",
    },
  }
  const condition = stages.find(({ stage }) => stage === "delivery")?.condition ?? "false"
  const filled = condition
    .replace("${{ parameters.action }}", context.parameters.action)
    .replaceAll("in(", "among(")
  if (!evaluate(filled, context)) return []
  return [String(evaluate(variables.environment.slice(3, -2), context))]
}

interface CircleJob {
  delivery?: {
    name: string
    context: string[]
    requires?: string[]
    filters?: Record<
      "branches" | "tags",
      { only?: string | string[]; ignore?: string | string[] } | undefined
    >
  }
}

function circleci(text: string, event: Event): string[] {
  const source = {
    pull_request: "github_app",
    merge_group: "",
    form: "api",
    push: "github_app",
    schedule: "schedule",
  }
  const filled = text
    .replaceAll("<< pipeline.parameters.action >>", event.action ?? "checks")
    .replaceAll("<< pipeline.parameters.environment >>", event.environment ?? "staging")
    .replaceAll("<< pipeline.trigger.type >>", source[event.event])
  const { workflows } = parse(filled) as {
    workflows: Record<string, { when: When; jobs: (string | CircleJob)[] }>
  }
  const matches = (patterns: string | string[] = [], name: string) =>
    [patterns]
      .flat()
      .some(
        (each) =>
          (each.startsWith("/") ? new RegExp(`^${each.slice(1, -1)}$`) : /^$/).test(name) || each === name,
      )
  const tag = /^refs\/tags\/(.*)$/.exec(event.ref)?.[1]
  const branch = event.ref.replace("refs/heads/", "")
  const passes = ({ filters }: NonNullable<CircleJob["delivery"]>) =>
    tag !== undefined
      ? matches(filters?.tags?.only, tag)
      : !matches(filters?.branches?.ignore, branch) &&
        (filters?.branches?.only === undefined || matches(filters.branches.only, branch))
  return Object.values(workflows)
    .filter(({ when }) => holdsWhen(when))
    .flatMap(({ jobs }) =>
      jobs.flatMap((job) => (typeof job === "string" || !job.delivery ? [] : [job.delivery])),
    )
    .filter((job) => passes(job) && !(event.failed && job.requires))
    .map(({ context }) => context.join().replace("slipway-", ""))
}

type When = { and: When[] } | { or: When[] } | { not: When } | { equal: string[] }

function holdsWhen(when: When): boolean {
  if ("and" in when) return when.and.every(holdsWhen)
  if ("or" in when) return when.or.some(holdsWhen)
  if ("not" in when) return !holdsWhen(when.not)
  return new Set(when.equal).size === 1
}

const push = (ref: string, more: Partial<Event> = {}): Event => ({ event: "push", ref, ...more })
const form = (action: string, environment: string): Event => ({
  event: "form",
  ref: "refs/heads/main",
  action,
  environment,
})
const PULL_REQUEST: Event = { event: "pull_request", ref: "refs/pull/7/merge" }
const SCHEDULE: Event = { event: "schedule", ref: "refs/heads/main" }

const PATHS: Record<Host, string> = {
  github: ".github/workflows/slipway.yml",
  gitlab: ".gitlab-ci.yml",
  azure: "azure-pipelines.yml",
  circleci: ".circleci/config.yml",
}

describe.each(HOSTS)("the delivery on %s", (host) => {
  const environments = (event: Event, hotfixes = false) =>
    DELIVERED[host](filesOf(hotfixes)[PATHS[host]] ?? "", event)
  // CircleCI knows a pull request only by its branch: the job finds nothing to run without one.
  const planned = host === "circleci" ? ["plan"] : []

  it.each<[string, Event, string[]]>([
    ["a push to feature/x", push("refs/heads/feature/x"), planned],
    ["a push to main", push("refs/heads/main"), []],
    ["a push to hotfix/y", push("refs/heads/hotfix/y"), planned],
    ["a push to develop-2", push("refs/heads/develop-2"), planned],
    ["a push to develop", push("refs/heads/develop"), ["staging"]],
    ["a push to develop with failed checks", push("refs/heads/develop", { failed: "failure" }), []],
    ["a push to develop with checks that hang", push("refs/heads/develop", { failed: "cancelled" }), []],
    ["a version", push("refs/tags/v1.2.3"), ["production"]],
    ["a pre-release", push("refs/tags/v1.2.3-rc.1"), ["staging"]],
    ["a schedule", SCHEDULE, ["maintenance"]],
    ["a schedule with failed checks", { ...SCHEDULE, failed: "failure" }, ["maintenance"]],
    ["a form's checks", form("checks", "staging"), []],
    ["a form's drift", form("drift", "staging"), ["maintenance"]],
    ["a form's deployment", form("deploy", "production"), ["production"]],
    ["a form's rollback", form("rollback", "staging"), ["staging"]],
  ])("after %s has the environment %j", (_, event, expected) => {
    expect(environments(event)).toEqual(expected)
  })

  it.each<[string, Event, string[]]>([
    ["a push to develop", push("refs/heads/develop"), ["dev"]],
    ["a pre-release", push("refs/tags/v1.2.3-rc.1"), ["qa"]],
    ["a version", push("refs/tags/v1.2.3"), ["pre-prod"]],
    ["a form's deployment", form("deploy", "live"), ["live"]],
    ["a form's rollback", form("rollback", "qa"), ["qa"]],
  ])("after %s has the environment that slipway.yaml names: %j", (_, event, expected) => {
    const own =
      "deploy: { environments: [dev, qa, pre-prod, live], entry: { prerelease: qa, version: pre-prod } }"
    const text = filesOf(false, own)[PATHS[host]] ?? ""
    expect(DELIVERED[host](text, event)).toEqual(expected)
    expect(text).not.toMatch(/\b(?:staging|production)\b/)
  })

  it("follows the branches of slipway.yaml", () => {
    const text = filesOf(false, "branches: { main: master, develop: next }")[PATHS[host]] ?? ""
    expect(DELIVERED[host](text, push("refs/heads/next"))).toEqual(["staging"])
    expect(DELIVERED[host](text, push("refs/heads/develop"))).toEqual(planned)
    expect(DELIVERED[host](text, push("refs/heads/master"))).toEqual([])
    expect(text).not.toMatch(/\b(?:main|develop)\b/)
  })

  it("releases hotfixes only where slipway.yaml says that the host protects them", () => {
    const hotfix = push("refs/heads/hotfix/y")
    expect(environments(hotfix, true)).toContain("staging")
    const told = host === "github" || host === "gitlab"
    expect(environments({ ...hotfix, guarded: false }, true).includes("staging")).toBe(!told)
  })
})

it.each(["github", "gitlab", "azure"] as const)(
  "pull requests are planned on %s, but none of a fork",
  (host) => {
    const text = filesOf(false)[PATHS[host]] ?? ""
    expect(DELIVERED[host](text, PULL_REQUEST)).toEqual(["plan"])
    expect(DELIVERED[host](text, { ...PULL_REQUEST, fork: true })).toEqual([])
  },
)

it("a pull request on GitHub has a preview until it is closed, and a fork's has none", () => {
  const more = `release: { registry: r.example.com }\ndeploy: { preview: { namespace: "pr-{number}" } }`
  const text = filesOf(false, more)[".github/workflows/slipway.yml"] ?? ""
  const ran = (event: Event) => githubJobs(text, event)
  expect(ran(PULL_REQUEST)).toEqual(["checks", "plan", "preview"])
  expect(ran({ ...PULL_REQUEST, closed: true })).toEqual(["preview-down"])
  expect(ran({ ...PULL_REQUEST, fork: true })).toEqual(["checks"])
  expect(ran({ ...PULL_REQUEST, fork: true, closed: true })).toEqual([])
  expect(ran({ event: "push", ref: "refs/heads/develop" })).toEqual(["checks", "delivery"])
})

it("the checks on GitHub run for a merge queue, and nothing is delivered", () => {
  const text = filesOf(true)[PATHS.github] ?? ""
  const { on, jobs } = parse(text) as { on: Record<string, unknown>; jobs: Record<string, { if: string }> }
  expect(on["merge_group"]).toEqual({ types: ["checks_requested"] })
  const merging = { event_name: "merge_group", event: {}, ref: "refs/heads/gh-readonly-queue/main/pr-1-a" }
  expect(evaluate(jobs["checks"]?.if ?? "", { github: merging, inputs: {} })).toBe(true)
  expect(github(text, { event: "merge_group", ref: merging.ref })).toEqual([])
})

describe("the workflow on GitLab", () => {
  const starts = (event: Event & { open?: boolean }, hotfixes = false) => {
    const { workflow } = parse(filesOf(hotfixes)[PATHS.gitlab] ?? "") as {
      workflow: { rules: { if?: string; when?: string }[] }
    }
    const rule = workflow.rules.find((each) => each.if === undefined || holdsOnGitlab(each.if, event))
    return rule !== undefined && rule.when !== "never"
  }

  it("has one pipeline for a push to a branch with an open merge request", () => {
    const feature = push("refs/heads/feature/x")
    expect(starts(feature)).toBe(true)
    expect(starts({ ...feature, open: true })).toBe(false)
    expect(starts({ ...PULL_REQUEST, open: true })).toBe(true)
  })

  it("never skips what is delivered, scheduled or asked for", () => {
    const open = { open: true }
    expect(starts({ ...push("refs/heads/develop"), ...open })).toBe(true)
    expect(starts({ ...push("refs/heads/main"), ...open })).toBe(true)
    expect(starts({ ...push("refs/heads/hotfix/y"), ...open })).toBe(false)
    expect(starts({ ...push("refs/heads/hotfix/y"), ...open }, true)).toBe(true)
    for (const event of [push("refs/tags/v1.2.3"), SCHEDULE, form("deploy", "production")])
      expect(starts({ ...event, ...open })).toBe(true)
  })
})

it("the delivery on GitLab needs a protected branch or tag", () => {
  const text = filesOf(true)[".gitlab-ci.yml"] ?? ""
  for (const event of [
    push("refs/heads/develop"),
    push("refs/tags/v1.2.3"),
    SCHEDULE,
    form("deploy", "production"),
  ])
    expect(gitlab(text, { ...event, guarded: false })).toEqual([])
})
