/**
 * Facts of the plans of Terraform and OpenTofu.
 *
 * Sources: "docs" is https://developer.hashicorp.com/terraform, "terraform" the repository hashicorp/terraform at a version.
 */
import type { TerraformFact } from "./terraformRuns.js"
import { APPLY, CONNECT, DATA, PLAN, codes, last, messages, parsed, summaries } from "./terraformSteps.js"

const JSON_OUTPUT = "docs, internals/json-format"
const STREAM = "docs, internals/machine-readable-ui"
const NEEDS = `variable "word" { type = string }\n${DATA}`

export const TERRAFORM_PLANS: readonly TerraformFact[] = [
  {
    id: "plan-stream",
    fact: "plan -json prints an object for each line, with @message, @timestamp and type.",
    sources: [STREAM],
    check: {
      run: { files: { "main.tf": DATA }, steps: [CONNECT, PLAN] },
      found: (steps) => [
        codes(steps),
        last(steps)
          .stdout.trim()
          .split("\n")
          .map(parsed)
          .every((line) => ["@message", "@timestamp", "type"].every((key) => typeof line[key] === "string")),
      ],
      equals: [[0, 0], true],
    },
  },
  {
    id: "plan-no-value",
    fact: `A variable without a value is the diagnostic "No value for required variable", whose detail quotes its name.`,
    sources: ["terraform 1.13.3, internal/backend/backendrun/unparsed_value.go"],
    check: {
      run: { files: { "main.tf": NEEDS }, steps: [CONNECT, PLAN] },
      found: (steps) => {
        const [first] = messages(last(steps), "diagnostic")
        return [
          last(steps).exitCode,
          summaries(last(steps)),
          JSON.stringify(first).includes('variable \\"word\\"'),
        ]
      },
      equals: [1, ["No value for required variable"], true],
    },
  },
  {
    id: "plan-refresh-only",
    fact: "plan takes -refresh-only and -lock=false beside -json and -out, and ends with 0 whether something drifts or not.",
    sources: ["docs, cli/commands/plan"],
    check: {
      run: {
        files: { "main.tf": DATA },
        steps: [CONNECT, PLAN, APPLY, [...PLAN, "-refresh-only", "-lock=false"]],
      },
      found: codes,
      equals: [0, 0, 0, 0],
    },
  },
  {
    id: "drift-of-nothing",
    fact: "resource_drift may list a resource whose provider gives an empty value for null, though nothing changed.",
    sources: ["hashicorp/terraform#36403"],
    byHand: "plan -refresh-only with a provider that does so, such as azurerm with empty tags",
  },
  {
    id: "show-json",
    fact: "show -json of a plan has format_version 1.x, terraform_version, and resource_changes with address, mode, type and change: actions, before, after, after_unknown, before_sensitive and after_sensitive.",
    sources: [JSON_OUTPUT, "terraform 1.13.3, internal/command/jsonplan/plan.go"],
    check: {
      run: { files: { "main.tf": DATA }, steps: [CONNECT, PLAN, ["show", "-json", "{out}/plan"]] },
      found: (steps) => {
        const plan = parsed(last(steps).stdout) as {
          format_version?: string
          terraform_version?: string
          resource_changes?: {
            address: string
            mode: string
            type: string
            change: Record<string, unknown>
          }[]
        }
        const [first] = plan.resource_changes ?? []
        const keys = ["actions", "before", "after", "after_unknown", "before_sensitive", "after_sensitive"]
        return [
          plan.format_version?.split(".")[0],
          typeof plan.terraform_version,
          first?.address,
          first?.mode,
          first?.type,
          keys.filter((key) => !(key in (first?.change ?? {}))),
        ]
      },
      equals: ["1", "string", "terraform_data.a", "managed", "terraform_data", []],
    },
  },
  {
    id: "show-json-replace",
    fact: "A replacement has the actions delete and create, in the order of their doing, and replace_paths.",
    sources: [JSON_OUTPUT],
    check: {
      run: {
        files: {
          "main.tf": `variable "word" { default = "one" }\nresource "terraform_data" "a" { triggers_replace = var.word }\n`,
        },
        steps: [CONNECT, PLAN, APPLY, [...PLAN, "-var=word=two"], ["show", "-json", "{out}/plan"]],
      },
      found: (steps) => {
        const { resource_changes: all = [] } = parsed(last(steps).stdout) as {
          resource_changes?: { change: { actions: string[]; replace_paths?: unknown[] } }[]
        }
        return [all[0]?.change.actions, Array.isArray(all[0]?.change.replace_paths)]
      },
      equals: [["delete", "create"], true],
    },
  },
  {
    id: "show-json-sensitive",
    fact: "show -json has the values of sensitive attributes in plain text, beside true in before_sensitive and after_sensitive.",
    sources: [JSON_OUTPUT],
    check: {
      run: {
        files: {
          "main.tf": `variable "word" {\n  sensitive = true\n  default = "hidden"\n}\nresource "terraform_data" "a" { input = var.word }\n`,
        },
        steps: [CONNECT, PLAN, ["show", "-json", "{out}/plan"]],
      },
      found: (steps) => {
        const { resource_changes: all = [] } = parsed(last(steps).stdout) as {
          resource_changes?: { change: { after: { input: string }; after_sensitive: { input: unknown } } }[]
        }
        return [all[0]?.change.after.input, all[0]?.change.after_sensitive.input]
      },
      equals: ["hidden", true],
    },
  },
  {
    id: "show-json-errored",
    fact: "errored says whether a plan is partial.",
    sources: ["terraform 1.6.0, internal/command/jsonplan/plan.go"],
    since: "1.6.0",
    check: {
      run: { files: { "main.tf": DATA }, steps: [CONNECT, PLAN, ["show", "-json", "{out}/plan"]] },
      found: (steps) => parsed(last(steps).stdout)["errored"],
      equals: false,
    },
  },
  {
    id: "show-json-complete",
    fact: "complete is false where an apply leaves changes for a later plan; OpenTofu, and versions before 1.8, don't say.",
    sources: ["terraform 1.8.0, internal/command/jsonplan/plan.go"],
    since: "1.8.0",
    byHand: "terraform plan, then show -json: complete is true (1.8 and later)",
  },
  {
    id: "show-json-deferred",
    fact: "deferred_changes lists what a later plan is to change, each with its reason and resource_change.",
    sources: ["terraform 1.9.0, internal/command/jsonplan/plan.go"],
    since: "1.9.0",
    byHand: "terraform plan -allow-deferral, of an experimental build",
  },
  {
    id: "show-json-actions",
    fact: "Since 1.14 action_invocations lists actions that an apply carries out beside its changes, with address and lifecycle_action_trigger: action_trigger_event and triggering_resource_address.",
    sources: ["terraform 1.14.0, internal/command/jsonplan/plan.go"],
    since: "1.14.0",
    byHand: "terraform plan of a resource with an action_trigger, then show -json",
  },
]
