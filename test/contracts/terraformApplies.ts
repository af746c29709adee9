/**
 * Facts of how Terraform and OpenTofu apply a plan, and lock and save the state.
 *
 * Sources: "docs" is https://developer.hashicorp.com/terraform, "terraform" the repository hashicorp/terraform at a version.
 */
import type { TerraformFact } from "./terraformRuns.js"
import { APPLY, CONNECT, DATA, PLAN, last, messages, summaries } from "./terraformSteps.js"

const STREAM = "docs, internals/machine-readable-ui"

export const TERRAFORM_APPLIES: readonly TerraformFact[] = [
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
