import { resolve } from "node:path"
import { pullRequestOf } from "../../../src/lib/forge/pullRequest.js"
import { forTool } from "../../../src/lib/secrets/credentials.js"
import { CONNECTED, type Group, usesSecret } from "../../../src/lib/pipeline/stages.js"
import { secretAddresses } from "../../module/secretAddress.js"

/** Options of the infrastructure stages. */
export interface InfraOptions {
  environment?: string
  root?: string
  /** The plan to apply. */
  plan?: string
  detailedExitcode?: boolean
  /** Addresses of secrets for state and providers, in addition to those in the environment. */
  infraSecret?: string[]
}

/** Variables with a token that may write to a pull request, by the host's kind. */
const TOKENS = {
  github: "GITHUB_TOKEN",
  gitlab: "GITLAB_TOKEN",
  "azure-devops": "SYSTEM_ACCESSTOKEN",
} as const

/** The module's arguments for infrastructure; none if these groups don't reach it. Names the secrets only. */
export function infraArguments(options: InfraOptions, event: string, groups: readonly Group[]): string[] {
  if (!CONNECTED.some((group) => groups.includes(group))) return []
  const { environment, root, plan, detailedExitcode, infraSecret = [] } = options
  const secrets = [...secretAddresses(forTool(process.env)), ...infraSecret]
  return [
    "with-infra",
    ...[...new Set(secrets)].map((address) => `--secrets=${address}`),
    ...(environment === undefined ? [] : [`--environment=${environment}`]),
    ...(root === undefined ? [] : [`--root=${root}`]),
    ...(plan === undefined ? [] : [`--plan=${resolve(plan)}`]),
    ...(usesSecret(groups, "planKey") && process.env["SLIPWAY_PLAN_KEY"]
      ? ["--plan-key=env://SLIPWAY_PLAN_KEY"]
      : []),
    ...(detailedExitcode ? ["--detailed-exitcode"] : []),
    ...(event === "pull_request" ? commentArguments() : []),
  ]
}

function commentArguments(): string[] {
  const pullRequest = pullRequestOf(process.env)
  if (pullRequest === undefined) return []
  const token = TOKENS[pullRequest.host]
  return process.env[token]
    ? [`--pull-request=${JSON.stringify(pullRequest)}`, `--comment-token=env://${token}`]
    : []
}
