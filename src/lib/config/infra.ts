import {
  dnsLabelRule,
  durationRule,
  imageTagRule,
  pathRules,
  pathPatternRules,
  durationSeconds,
  workspaceNameRule,
} from "./rules.js"

/** The checks of the infra stage. */
export const INFRA_CHECKS = ["format", "validate"] as const

/** The tools that plan and apply infrastructure. */
export const INFRA_TOOLS = ["terraform", "opentofu"] as const

/** The section `infra`. */
export const infraSection = {
  kind: "section",
  doc: "The checks and plans of Terraform or OpenTofu.",
  fields: {
    tool: { kind: "choice", doc: "The tool to use.", values: INFRA_TOOLS, default: "terraform" },
    version: {
      kind: "text",
      doc: "The tag of its official image. Default: the version that Slipway is tested with.",
      rules: [imageTagRule],
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
      doc: "The folders to plan. Default: every folder with .tf files that no other one calls as a module.",
      item: { kind: "text", rules: pathRules },
      nonEmpty: true,
    },
    environments: {
      kind: "list",
      doc: "The environments. Default: those for which a root has variable files.",
      item: { kind: "text", rules: [dnsLabelRule] },
      nonEmpty: true,
    },
    variables: {
      kind: "list",
      doc: 'The variable files of an environment, relative to the root; "{environment}" stands for its name. Default: {environment}.tfvars, also in a folder env, environments, vars or the like, and {environment}/terraform.tfvars in these.',
      item: { kind: "text", rules: pathPatternRules },
    },
    backend: {
      kind: "list",
      doc: "The backend configuration files of an environment, in the same way. Default: {environment}.tfbackend or backend-{environment}.hcl, also in such a folder or one called backend.",
      item: { kind: "text", rules: pathPatternRules },
    },
    workspace: {
      kind: "text",
      doc: 'The workspace of an environment, such as "{environment}". Default: the one called default.',
      rules: [workspaceNameRule],
    },
    lockTimeout: {
      kind: "text",
      doc: "The time to wait for a locked state.",
      rules: [durationRule],
      convert: durationSeconds,
      default: "60s",
    },
  },
} as const
