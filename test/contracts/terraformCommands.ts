/**
 * Facts of the commands of Terraform and OpenTofu that change nothing: init, validate, fmt, workspaces and states.
 *
 * Sources: "docs" is https://developer.hashicorp.com/terraform, "terraform" the repository hashicorp/terraform at a version.
 */
import type { TerraformFact } from "./terraformRuns.js"
import { APPLY, CONNECT, DATA, INIT, PLAN, codes, last, parsed } from "./terraformSteps.js"

export const TERRAFORM_COMMANDS: readonly TerraformFact[] = [
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
