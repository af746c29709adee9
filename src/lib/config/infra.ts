import { dnsLabel, duration, imageTag, path, pathPattern, seconds, workspaceName } from "./rules.js"

/** The checks of the infra stage. */
export const INFRA_CHECKS = ["format", "validate"] as const

/** What can plan and apply infrastructure. */
export const INFRA_TOOLS = ["terraform", "opentofu"] as const

/** How infrastructure is checked, planned and compared. */
export const infra = {
  kind: "section",
  doc: "How Terraform or OpenTofu is used.",
  fields: {
    tool: { kind: "choice", doc: "Which of them.", values: INFRA_TOOLS, default: "terraform" },
    version: {
      kind: "text",
      doc: "The tag of its official image. Left out, the version that Slipway was tried with.",
      rules: [imageTag],
    },
    checks: {
      kind: "list",
      doc: "The checks that must pass.",
      item: { kind: "choice", values: INFRA_CHECKS },
      nonEmpty: true,
      default: INFRA_CHECKS,
    },
    roots: {
      kind: "list",
      doc: "The folders that are planned. Left out, every folder with .tf files that no other one calls as a module.",
      item: { kind: "text", rules: path },
      nonEmpty: true,
    },
    environments: {
      kind: "list",
      doc: "The environments. Left out, those that a root has files of variables for.",
      item: { kind: "text", rules: [dnsLabel] },
      nonEmpty: true,
    },
    variables: {
      kind: "list",
      doc: 'An environment\'s files of variables, by their paths in the root; "{environment}" stands for its name.',
      item: { kind: "text", rules: pathPattern },
      default: ["{environment}.tfvars"],
    },
    backend: {
      kind: "list",
      doc: "The files that configure where an environment's state is, in the same way.",
      item: { kind: "text", rules: pathPattern },
      default: ["{environment}.tfbackend"],
    },
    workspace: {
      kind: "text",
      doc: 'The workspace of an environment, such as "{environment}". Left out, the one called default.',
      rules: [workspaceName],
    },
    lockTimeout: {
      kind: "text",
      doc: "How long to wait for a state that somebody else has locked.",
      rules: [duration],
      convert: seconds,
      default: "60s",
    },
  },
} as const
