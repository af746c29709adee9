/**
 * What Slipway relies on of Terraform from 1.6 on, and of OpenTofu.
 *
 * Sources: "docs" is https://developer.hashicorp.com/terraform, "terraform" the repository hashicorp/terraform at a version.
 */
import type { Step, TerraformFact } from "./terraformRuns.js"

const INIT = ["init", "-backend=false", "-input=false", "-no-color", "-lockfile=readonly"]
const CONNECT = ["init", "-input=false", "-no-color", "-lockfile=readonly"]
const PLAN = ["plan", "-json", "-input=false", "-out={out}/plan"]
const APPLY = ["apply", "-json", "-input=false", "{out}/plan"]

const DATA = `resource "terraform_data" "a" { input = "one" }\n`
const NEEDS = `variable "word" { type = string }\n${DATA}`

const parsed = (text: string): Record<string, unknown> => {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}

const last = (steps: Step[]): Step => steps.at(-1) ?? { exitCode: -1, stdout: "", stderr: "" }

/** The messages of a `-json` stream, of one type. */
const messages = ({ stdout }: Step, type: string): Record<string, unknown>[] =>
  stdout
    .split("\n")
    .map(parsed)
    .filter((line) => line["type"] === type)

const summaries = (step: Step): unknown[] =>
  messages(step, "diagnostic").map(({ diagnostic }) => (diagnostic as { summary: string }).summary)

const codes = (steps: Step[]): number[] => steps.map(({ exitCode }) => exitCode)

const JSON_OUTPUT = "docs, internals/json-format"
const STREAM = "docs, internals/machine-readable-ui"

const COMMANDS: readonly TerraformFact[] = [
  {
    id: "init",
    fact: "init takes -backend=false, -input=false, -no-color and -lockfile=readonly together.",
    sources: ["docs, cli/commands/init"],
    check: { run: { files: { "main.tf": DATA }, steps: [INIT] }, found: codes, equals: [0] },
  },
  {
    id: "lockfile-readonly",
    fact: "With -lockfile=readonly init fails for a provider that the lock file doesn't name: Provider dependency changes detected.",
    sources: ["docs, cli/commands/init", "terraform 1.13.3, internal/command/init.go"],
    byHand:
      "init in a root with a provider from the registry and no .terraform.lock.hcl: it needs the registry",
  },
  {
    id: "plugin-cache",
    fact: "Providers are taken from TF_PLUGIN_CACHE_DIR if the lock file has their checksum; the folder must be there; parallel inits may break it.",
    sources: ["docs, cli/config/config-file: provider plugin cache"],
    byHand: "init twice with a provider: the second one, without a network, installs it from the cache",
  },
  {
    id: "validate-json",
    fact: "validate -json prints valid and diagnostics with severity, summary, detail and range, also where it ends with 1.",
    sources: ["docs, cli/commands/validate", "terraform 1.13.3, internal/command/views/validate.go"],
    check: {
      run: {
        files: { "main.tf": `${DATA}output "b" { value = terraform_data.none.id }\n` },
        steps: [INIT, ["validate", "-json"]],
      },
      found: (steps) => {
        const { valid, diagnostics } = parsed(last(steps).stdout) as {
          valid?: boolean
          diagnostics?: { severity: string; range: { filename: string; start: { line: number } } }[]
        }
        const [first] = diagnostics ?? []
        return [last(steps).exitCode, valid, first?.severity, first?.range.filename, first?.range.start.line]
      },
      equals: [1, false, "error", "main.tf", 2],
    },
  },
  {
    id: "fmt",
    fact: "fmt -check -diff -recursive ends with 3 and prints a difference for a file that isn't formatted.",
    sources: ["docs, cli/commands/fmt", "terraform 1.13.3, internal/command/fmt.go"],
    check: {
      run: {
        files: { "a/main.tf": 'variable   "x" {}\n' },
        steps: [["fmt", "-check", "-diff", "-recursive", "-no-color"]],
      },
      found: (steps) => [last(steps).exitCode, last(steps).stdout.includes('+variable "x" {}')],
      equals: [3, true],
    },
  },
  {
    id: "fmt-tests",
    fact: "fmt formats .tftest.hcl files.",
    sources: ["terraform 1.6.0, internal/command/fmt.go"],
    since: "1.6.0",
    check: {
      run: {
        files: { "a.tftest.hcl": 'run   "x" {}\n' },
        steps: [["fmt", "-check", "-recursive", "-no-color"]],
      },
      found: codes,
      equals: [3],
    },
  },
  {
    id: "workspace-missing",
    fact: `workspace select ends with 1 for a workspace that isn't there: Workspace "NAME" doesn't exist.`,
    sources: ["terraform 1.13.3, internal/command/workspace_command.go"],
    check: {
      run: { files: { "main.tf": DATA }, steps: [CONNECT, ["workspace", "select", "-no-color", "staging"]] },
      found: (steps) => [
        last(steps).exitCode,
        `${last(steps).stdout}${last(steps).stderr}`.includes(`Workspace "staging" doesn't exist`),
      ],
      equals: [1, true],
    },
  },
  {
    id: "workspace-or-create",
    fact: "workspace select -or-create makes it.",
    sources: ["docs, cli/commands/workspace/select"],
    since: "1.4.0",
    check: {
      run: {
        files: { "main.tf": DATA },
        steps: [CONNECT, ["workspace", "select", "-no-color", "-or-create", "staging"]],
      },
      found: codes,
      equals: [0, 0],
    },
  },
  {
    id: "state-pull",
    fact: "state pull prints the state as JSON with its serial and lineage, and nothing where there is none yet.",
    sources: ["docs, cli/commands/state/pull", "terraform 1.13.3, internal/command/state_pull.go"],
    check: {
      run: {
        files: { "main.tf": DATA },
        steps: [CONNECT, ["state", "pull"], PLAN, APPLY, ["state", "pull"]],
      },
      found: (steps) => {
        const { serial, lineage } = parsed(last(steps).stdout)
        return [codes(steps), steps[1]?.stdout.trim(), typeof serial, typeof lineage]
      },
      equals: [[0, 0, 0, 0, 0], "", "number", "string"],
    },
  },
  {
    id: "shell",
    fact: "The images have sh, base64, cp and cat; the tool is terraform, or tofu.",
    sources: ["terraform 1.13.3, Dockerfile: Alpine"],
    byHand:
      "docker run --rm --entrypoint sh hashicorp/terraform:1.13.3 -c 'command -v terraform base64 cp cat'",
  },
]

const PLANS: readonly TerraformFact[] = [
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

const APPLIES: readonly TerraformFact[] = [
  {
    id: "apply-complete",
    fact: "apply -json prints apply_complete for each change, with hook.action.",
    sources: [STREAM],
    check: {
      run: { files: { "main.tf": DATA }, steps: [CONNECT, PLAN, APPLY] },
      found: (steps) =>
        messages(last(steps), "apply_complete").map(({ hook }) => (hook as { action: string }).action),
      equals: ["create"],
    },
  },
  {
    id: "apply-stale",
    fact: `A plan whose state has changed since is refused: "Saved plan is stale".`,
    sources: ["terraform 1.13.3, internal/backend/local/backend_local.go"],
    check: {
      run: {
        files: { "main.tf": DATA },
        steps: [CONNECT, PLAN, APPLY, [...PLAN, "-replace=terraform_data.a"], APPLY, APPLY],
      },
      found: (steps) => [last(steps).exitCode, summaries(last(steps))],
      equals: [1, ["Saved plan is stale"]],
    },
  },
  {
    id: "apply-no-plan",
    fact: `A file that is no plan is refused: Failed to load "PATH" as a plan file.`,
    sources: ["terraform 1.13.3, internal/command/apply.go"],
    check: {
      run: {
        files: { "main.tf": DATA, "plan.txt": "no" },
        steps: [CONNECT, ["apply", "-json", "-input=false", "plan.txt"]],
      },
      found: (steps) => [
        last(steps).exitCode,
        summaries(last(steps)).map((text) =>
          String(text).startsWith('Failed to load "plan.txt" as a plan file'),
        ),
      ],
      equals: [1, [true]],
    },
  },
  {
    id: "apply-other-version",
    fact: "A plan of another version is refused: plan files cannot be transferred between different Terraform versions.",
    sources: ["terraform 1.13.3, internal/plans/planfile/tfplan.go"],
    byHand: "plan with one version, apply with another",
  },
  {
    id: "state-lock",
    fact: `A state that is locked is refused: "Error acquiring the state lock"; the detail begins with "Error message: " and ends with advice that begins "Terraform acquires a state lock", or "OpenTofu …".`,
    sources: ["terraform 1.13.3, internal/command/clistate/state.go"],
    byHand: "plan while another plan waits, with any backend that locks",
  },
  {
    id: "state-newer",
    fact: "A state of a newer format is refused with the words: created by a newer version of Terraform.",
    sources: ["terraform 1.13.3, internal/states/statefile/read.go"],
    check: {
      run: {
        files: { "main.tf": DATA, "terraform.tfstate": '{"version":99,"serial":1,"lineage":"a"}' },
        steps: [CONNECT, PLAN],
      },
      found: (steps) => [
        last(steps).exitCode,
        /created by a newer version/.test(`${last(steps).stdout}${last(steps).stderr}`.replace(/\s+/g, " ")),
      ],
      equals: [1, true],
    },
  },
]

export const TERRAFORM_FACTS: readonly TerraformFact[] = [...COMMANDS, ...PLANS, ...APPLIES]
