import { type Catalogue, ExitCode, quote } from "./entry.js"

/** Errors of planning, applying and comparing infrastructure. */
export const infraErrors = {
  UNKNOWN_TARGET: (environment: string, root: string, known: readonly string[]) => ({
    message: `there is nothing to plan for ${[
      ...(environment === "" ? [] : [`the environment ${quote(environment)}`]),
      ...(root === "" ? [] : [`the root ${quote(root)}`]),
    ].join(" and ")}`,
    remedy: `choose among ${known.join(", ") || "none: no folder holds a configuration"}`,
    exitCode: ExitCode.badInput,
  }),
  SEVERAL_TARGETS: (known: readonly string[]) => ({
    message: `several targets match: ${known.join(", ")}`,
    remedy: "pass both --environment and --root",
    exitCode: ExitCode.badInput,
  }),
  PULL_REQUEST: (text: string) => ({
    message: `invalid pull request ${quote(text)}`,
    remedy:
      'pass JSON such as {"host":"github","api":"https://api.github.com","project":"team/service","number":12}',
    exitCode: ExitCode.badInput,
  }),
  BASELINE: (reason: string) => ({
    message: reason,
    remedy: "fix .slipway/drift.yaml",
    exitCode: ExitCode.badInput,
  }),
  AZURE_CREDENTIALS: () => ({
    message: "AZURE_CREDENTIALS is not JSON with clientId, clientSecret, subscriptionId and tenantId",
    remedy: "pass what `az ad sp create-for-rbac --sdk-auth` prints, or the four AZURE_ variables",
    exitCode: ExitCode.badInput,
  }),
  PLAN_FAILED: (target: string, reason: string, exitCode: ExitCode) => ({
    message: `${quote(target)} can't be planned: ${reason}`,
    remedy: "fix that; `debug --stage=plan` opens the container of the plan",
    exitCode,
  }),
  NO_PLAN: () => ({
    message: "there is no plan to apply",
    remedy: "pass the plan.sealed that a plan left, such as --plan=out/terraform/staging/plan.sealed",
    exitCode: ExitCode.badInput,
  }),
  NO_PLAN_KEY: () => ({
    message: "there is no key for the plan, or an empty one",
    remedy: "pass the key that it was made with (SLIPWAY_PLAN_KEY)",
    exitCode: ExitCode.badInput,
  }),
  UNUSABLE_PLAN_KEY: (reason: string) => ({
    message: `unusable plan key: ${reason}`,
    remedy:
      "pass a passphrase, or an age identity from age-keygen (AGE-SECRET-KEY-1…); a recipient (age1…) only makes plans",
    exitCode: ExitCode.badInput,
  }),
  PLAN_FILE: (reason: string) => ({
    message: `not a sealed plan: ${reason}`,
    remedy: "pass the plan.sealed that a plan left; plan again if an older Slipway made it",
    exitCode: ExitCode.badInput,
  }),
  PLAN_KEY: () => ({
    message: "the plan can't be opened: it was made with another key, or somebody changed it",
    remedy: "pass the key that it was made with (SLIPWAY_PLAN_KEY), or plan again",
    exitCode: ExitCode.badInput,
  }),
  PLAN_OUTDATED: (target: string, changes: readonly string[]) => ({
    message: `the plan of ${quote(target)} is outdated and not applied; changed since: ${changes.join("; ")}`,
    remedy: "plan again, and have that reviewed",
    exitCode: ExitCode.gateFailed,
  }),
  APPLY_REFUSED: (target: string, reason: string, exitCode: ExitCode) => ({
    message: `${quote(target)} can't be applied: ${reason}`,
    remedy: "nothing was changed; fix that, and apply the same plan again",
    exitCode,
  }),
  NO_BACKEND: (target: string) => ({
    message: `${quote(target)} keeps its state in a file, which would be gone with the container`,
    remedy: 'configure a backend, such as `backend "azurerm" {}` with a staging.tfbackend beside it',
    exitCode: ExitCode.badInput,
  }),
  LEDGER_BUSY: (attempts: number) => ({
    message: `the ledger could not be written: another run was faster ${attempts} times`,
    remedy: "the changes are applied; see `infra ledger`, and run again with the same run id to record them",
    exitCode: ExitCode.infrastructure,
  }),
  LEDGER_UNREADABLE: (line: number, text: string) => ({
    message: `invalid ledger entry on line ${line}: ${quote(text)}`,
    remedy: "the changes are applied; back up the ledger, remove that line, and run again",
    exitCode: ExitCode.infrastructure,
  }),
  STATE_UNREADABLE: (reason: string) => ({
    message: `the state can't be read: ${reason}`,
    remedy: "restore it from a backup of the backend, or fix it with `state push`",
    exitCode: ExitCode.infrastructure,
  }),
  PLAN_NOT_JSON: (bytes: number) => ({
    message: `the plan is not valid JSON, with ${bytes} bytes that may be secret and are not shown`,
    remedy: "look at what `show -json` printed, and plan again",
    exitCode: ExitCode.infrastructure,
  }),
  NOT_A_PLAN: (reason: string) => ({
    message: `the JSON is not a plan: ${reason}`,
    remedy: "pass what `terraform show -json <plan file>` prints",
    exitCode: ExitCode.badInput,
  }),
  TERRAFORM_NOT_PULLED: (
    image: string,
    reason: string,
    built: Readonly<Record<"terraform" | "opentofu", string>>,
  ) => ({
    message: `the image ${quote(image)} can't be pulled here: ${reason}`,
    remedy: `without a registry there are OpenTofu ${built.opentofu} (infra: { tool: opentofu }) and Terraform ${built.terraform} (infra without a version), since the licence of later ones forbids to build them; a machine that reaches docker.io or a mirror of it (images.prefix) pulls the real one`,
    exitCode: ExitCode.infrastructure,
  }),
  PLAN_FORMAT: (version: string, known: string) => ({
    message: `the plan's JSON has the format ${quote(version)}, and only ${known} is known`,
    remedy: "use a version of Terraform or OpenTofu that writes it, or a newer Slipway",
    exitCode: ExitCode.badInput,
  }),
} satisfies Catalogue
