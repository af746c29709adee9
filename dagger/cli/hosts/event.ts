import { type Config, DEFAULTS } from "../../../src/lib/config/config.js"
import type { CiHost } from "../../../src/lib/config/wrappers.js"
import { fail } from "../../../src/lib/errors/catalogue.js"
import { entryFor, groupsByHand, isMain, type Trigger } from "../../../src/lib/pipeline/policy.js"
import { ACTIONS, type Action } from "../../../src/lib/wrappers/description.js"
import type { Group } from "../../../src/lib/pipeline/stages.js"
import type { Variables } from "../../lib/variables.js"

/** The event of a CI host's job, as options of `slipway ci`. */
export interface HostEvent extends Trigger {
  /** Id of this attempt; a repeated job has another. */
  runId: string
}

/** The request of a run that was started by hand. */
export interface ManualRequest {
  only: Group[]
  environment?: string
  /** The service of a repository that has several. */
  service?: string
  /** The version to deploy or to roll back to. */
  tag?: string
  rollback?: boolean
}

interface Reader {
  /** A variable that is set in every job of the host. */
  needs: string
  read: (value: Value, branches: Config["branches"]) => HostEvent
}

type Value = (name: string) => string

/** Reads the event from a CI host's variables. Fails with HOST_ELSEWHERE and TRUSTS_STRANGERS. */
export function hostEvent(
  host: CiHost,
  env: Variables,
  branches: Config["branches"] = DEFAULTS.branches,
): HostEvent {
  const { needs, read } = READERS[host]
  const value = (name: string) => env[name] ?? ""
  if (value(needs) === "") throw fail("HOST_ELSEWHERE", [host, needs])
  return { ...read(value, branches), branches }
}

const READERS: Record<CiHost, Reader> = {
  github: { needs: "GITHUB_EVENT_NAME", read: github },
  gitlab: { needs: "CI_PIPELINE_SOURCE", read: gitlab },
  azure: { needs: "BUILD_REASON", read: azure },
  jenkins: { needs: "BUILD_TAG", read: jenkins },
  circleci: { needs: "CIRCLE_BUILD_NUM", read: circleci },
}

/** Events that run code of a pull request with the base repository's secrets. */
const PRIVILEGED_EVENTS = ["pull_request_target", "workflow_run", "issue_comment"]

function github(value: Value): HostEvent {
  const name = value("GITHUB_EVENT_NAME")
  if (PRIVILEGED_EVENTS.includes(name)) throw fail("TRUSTS_STRANGERS", [name])
  const [, queue] = QUEUE.exec(value("GITHUB_REF")) ?? []
  if (name === "merge_group" && queue !== undefined)
    return { event: "merge_queue", ref: value("GITHUB_REF"), baseRef: queue, runId: githubRun(value) }
  const event = name === "push" || name === "pull_request" || name === "schedule" ? name : "manual"
  return {
    event: eventOfPush(event, value("GITHUB_REF")),
    ref: value("GITHUB_REF"),
    baseRef: value("GITHUB_BASE_REF"),
    runId: githubRun(value),
  }
}

const githubRun = (value: Value): string => `github-${value("GITHUB_RUN_ID")}-${value("GITHUB_RUN_ATTEMPT")}`

/** The branch that a merge queue is for. */
const QUEUE = /^refs\/heads\/gh-readonly-queue\/(.+)\/pr-\d+-[0-9a-f]+$/

function gitlab(value: Value): HostEvent {
  const runId = `gitlab-${value("CI_JOB_ID")}`
  const request = value("CI_MERGE_REQUEST_IID")
  if (request !== "") {
    const baseRef = value("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")
    return { event: "pull_request", ref: `refs/merge-requests/${request}/head`, baseRef, runId }
  }
  const source = value("CI_PIPELINE_SOURCE")
  const tag = value("CI_COMMIT_TAG")
  const ref = tag === "" ? `refs/heads/${value("CI_COMMIT_BRANCH")}` : `refs/tags/${tag}`
  const event = source === "push" || source === "schedule" ? source : "manual"
  return { event: eventOfPush(event, ref), ref, runId }
}

function azure(value: Value): HostEvent {
  const ref = value("BUILD_SOURCEBRANCH")
  const reasons: Record<string, string> = {
    IndividualCI: "push",
    BatchedCI: "push",
    PullRequest: "pull_request",
    Schedule: "schedule",
  }
  return {
    event: eventOfPush(reasons[value("BUILD_REASON")] ?? "manual", ref),
    ref,
    baseRef: value("SYSTEM_PULLREQUEST_TARGETBRANCH"),
    runId: `azure-${value("BUILD_BUILDID")}-${value("SYSTEM_JOBATTEMPT")}`,
  }
}

function jenkins(value: Value): HostEvent {
  const runId = value("BUILD_TAG")
  const change = value("CHANGE_ID")
  if (change !== "") {
    return { event: "pull_request", ref: `refs/pull/${change}/head`, runId, baseRef: value("CHANGE_TARGET") }
  }
  const tag = value("TAG_NAME")
  const ref = tag === "" ? `refs/heads/${value("BRANCH_NAME")}` : `refs/tags/${tag}`
  const cause = value("SLIPWAY_CAUSE")
  const event = /TimerTriggerCause/.test(cause) ? "schedule" : /UserIdCause/.test(cause) ? "manual" : "push"
  return { event: eventOfPush(event, ref), ref, runId }
}

/**
 * CircleCI sets the pull request for each push to its branch; pushes to deployed branches remain pushes.
 *
 * The trigger is `pipeline.trigger.type`: schedule, api, or the code host that sent the event. Wrappers written before give
 * `pipeline.trigger_source`, whose support ended on 2026-08-01: scheduled_pipeline, api or webhook.
 */
function circleci(value: Value, branches: Config["branches"]): HostEvent {
  const tag = value("CIRCLE_TAG")
  const branch = value("CIRCLE_BRANCH")
  const ref = tag === "" ? `refs/heads/${branch}` : `refs/tags/${tag}`
  const runId = `circleci-${value("CIRCLE_BUILD_NUM")}`
  const trigger = value("SLIPWAY_TRIGGER")
  if (/^schedule/.test(trigger)) return { event: "schedule", ref, runId }
  if (trigger === "api") return { event: "manual", ref, runId }
  const deployed = isMain(branch, branches) || entryFor({ event: "push", ref, branches }) !== undefined
  if (value("CIRCLE_PULL_REQUEST") !== "" && !deployed) return { event: "pull_request", ref, runId }
  return { event: eventOfPush("push", ref), ref, runId }
}

/** Distinguishes the push of a tag, which hosts report as a push. */
const eventOfPush = (event: string, ref: string): string =>
  event === "push" && ref.startsWith("refs/tags/") ? "tag" : event

/**
 * Reads the request of a run by hand from the inputs of the host's form; undefined for the event's own stages.
 *
 * Fails with UNKNOWN_ACTION and NOTHING_TO_DEPLOY.
 */
export function manualRequest({ event }: HostEvent, env: Variables): ManualRequest | undefined {
  const answer = (name: string) => (env[`SLIPWAY_${name}`] ?? "").trim()
  const action = answer("ACTION")
  if (event !== "manual" || action === "") return undefined
  if (!isAction(action)) throw fail("UNKNOWN_ACTION", [action, ACTIONS])
  if (action === "checks") return undefined
  if (action === "drift") return { only: ["drift"] }
  const tag = answer("VERSION")
  const environment = answer("ENVIRONMENT")
  const service = answer("SERVICE")
  if (action === "deploy" && tag === "") throw fail("NOTHING_TO_DEPLOY", [])
  return {
    only: groupsByHand(action === "rollback"),
    ...(environment !== "" && { environment }),
    ...(service !== "" && { service }),
    ...(tag !== "" && { tag }),
    rollback: action === "rollback",
  }
}

const isAction = (name: string): name is Action => ACTIONS.some((known) => known === name)

/**
 * Names of variables that contain something else instead of no value: Azure Pipelines leaves `$(NAME)` as it is if the
 * variable isn't set, and CircleCI sets an empty pipeline value as `<nil>`.
 */
export const unresolvedVariables = (env: Variables): string[] =>
  Object.keys(env).filter(
    (name) => env[name] === `$(${name})` || (name.startsWith("SLIPWAY_") && env[name] === "<nil>"),
  )
