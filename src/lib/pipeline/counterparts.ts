/**
 * The programs and services that Slipway works with: those that its tests run for real, and those that are only held to
 * a written contract, since they can't be had where Slipway is tested. docs/contracts.md has the same table.
 */
import type { Config } from "../config/config.js"
import type { CiHost } from "../config/wrappers.js"
import { onlyPulled, TOOL_VERSIONS } from "../infra/tools.js"
import { deliverySecrets, type DeliverySecretName } from "./deliverySecrets.js"
import type { Group } from "./stages.js"

/** The settings and the event that decide what is worked with. */
export interface Use {
  config: Config
  /** The groups that run. */
  groups: readonly Group[]
  /** The names of the variables that are set. */
  variables: readonly string[]
}

/** A program or service that never ran in a test: its contract is all that Slipway is held to. */
export interface Unproven {
  name: string
  /** True if a run of these settings works with it. */
  used: (use: Use) => boolean
}

/** The versions that the tests run for real, of programs that their own projects or Debian publish. */
export const PROVEN: Readonly<Record<string, string>> = {
  OpenTofu: TOOL_VERSIONS.opentofu,
  Terraform: TOOL_VERSIONS.terraform,
  Trivy: "0.70.0",
  cosign: "3.0.6",
  regctl: "0.11.7",
  registry: "3.0.0",
  k3s: "1.36.3",
  kubectl: "1.36.3",
  Prometheus: "3.16.0",
  PostgreSQL: "15",
  Redis: "7",
}

const anyOf =
  (...wanted: readonly Group[]) =>
  ({ groups }: Use): boolean =>
    wanted.some((group) => groups.includes(group))

/** True if a secret is set, for one environment or for all. */
const given = ({ variables }: Use, name: string): boolean =>
  variables.some((variable) => variable === name || variable.endsWith(`_${name}`))

/** True for a channel of notifications whose secret is set or asked for. */
const notified =
  (name: DeliverySecretName) =>
  (use: Use): boolean =>
    deliverySecrets(use.config).some(
      (secret) =>
        secret.name === name &&
        secret.groups.some((group) => use.groups.includes(group)) &&
        (secret.asked || given(use, name)),
    )

const calledBy =
  (host: CiHost, variable: string) =>
  ({ config, variables }: Use): boolean =>
    config.wrappers.hosts.includes(host) || variables.includes(variable)

const AZURE = ["AZURE_CREDENTIALS", "AZURE_CLIENT_ID", "ARM_CLIENT_ID"]

/** Groups that may publish to a registry, with the deployments that read from it. */
const PUBLISHING = anyOf("release", "deploy")

/** What has never met the real thing, in the order of the documentation. */
export const UNPROVEN: readonly Unproven[] = [
  { name: "k6", used: anyOf("load", "stress") },
  { name: "ZAP's image", used: anyOf("dast") },
  {
    name: "Terraform from 1.6 on",
    used: (use) => onlyPulled(use.config) && anyOf("infra", "plan", "drift", "apply")(use),
  },
  { name: "Slack", used: notified("SLACK_WEBHOOK") },
  { name: "Teams", used: notified("TEAMS_WEBHOOK") },
  { name: "Grafana", used: notified("GRAFANA_TOKEN") },
  { name: "GitHub", used: calledBy("github", "GITHUB_ACTIONS") },
  { name: "GitLab", used: calledBy("gitlab", "GITLAB_CI") },
  { name: "Azure DevOps", used: calledBy("azure", "TF_BUILD") },
  { name: "Jenkins", used: calledBy("jenkins", "JENKINS_URL") },
  { name: "CircleCI", used: calledBy("circleci", "CIRCLECI") },
  {
    name: "Azure's login",
    used: (use) =>
      anyOf("plan", "drift", "apply", "deploy", "release")(use) && AZURE.some((name) => given(use, name)),
  },
  {
    name: "ACR",
    used: (use) => PUBLISHING(use) && /\.azurecr\.io$/i.test(use.config.release.registry ?? ""),
  },
  { name: "AKS", used: (use) => anyOf("deploy")(use) && Object.keys(use.config.deploy.aks).length > 0 },
]

/** The names of what a run works with and no test of Slipway ever met. */
export const unprovenIn = (use: Use): string[] =>
  UNPROVEN.filter(({ used }) => used(use)).map(({ name }) => name)
