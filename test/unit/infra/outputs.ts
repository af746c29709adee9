/** Real output of Terraform 1.5 and OpenTofu 1.12, shortened. */

const line = (more: object): string =>
  JSON.stringify({ "@level": "info", "@module": "terraform.ui", ...more })

/** First line of a run that began at this second of 20:55. */
const version = (second = "57.100000"): string =>
  line({
    "@message": "Terraform 1.5.7",
    "@timestamp": `2026-11-23T20:55:${second}Z`,
    terraform: "1.5.7",
    type: "version",
    ui: "1.1",
  })

/** Of `init` by Terraform 1.5.7. */
export const OTHER_TERRAFORM = `
Error: Unsupported Terraform Core version

  on main.tf line 2, in terraform:
   2:   required_version = ">= 1.6"

This configuration does not support Terraform version 1.5.7. To proceed,
either choose another supported Terraform version or update this version
constraint. Version constraints are normally set for good reason, so updating
the constraint may lead to other errors or unexpected behavior.

`

/** Output of a run with `-json` that fails at once. */
export const refused = (...diagnostics: object[]): string =>
  [
    version(),
    ...diagnostics.map((diagnostic) => {
      const { summary } = diagnostic as { summary: string }
      return line({
        "@message": `Error: ${summary}`,
        diagnostic: { severity: "error", detail: "", ...diagnostic },
        type: "diagnostic",
      })
    }),
    "",
  ].join("\n")

export const at = (filename: string, start: number, column = 1): object => ({
  range: { filename, start: { line: start, column, byte: 0 }, end: { line: start, column: 20, byte: 19 } },
})

export const noValue = (name: string, start: number): object => ({
  summary: "No value for required variable",
  detail: `The root module input variable "${name}" is not set, and has no default value. Use a -var or -var-file command line argument to provide a value for this variable.`,
  ...at("main.tf", start),
})

const ADVICE =
  'Terraform acquires a state lock to protect the state from being written\nby multiple users at the same time. Please resolve the issue above and try\nagain. For most commands, you can disable locking with the "-lock=false"\nflag, but this is not recommended.'

interface Info {
  id?: string
  operation?: string
  who?: string
  created?: string
}

const info = ({
  id = "fa110d72-3e2f-97aa-526c-647dd1f873de",
  operation = "OperationTypeApply",
  who = "runner@ci-17",
  created = "2026-11-23 20:55:24.708176325 +0000 UTC",
}: Info): string =>
  `Lock Info:\n  ID:        ${id}\n  Path:      \n  Operation: ${operation}\n  Who:       ${who}\n  Version:   1.5.7\n  Created:   ${created}\n  Info:      \n\n`

/** Error for a lock. Its info is that of the refused run itself with `pg`, and with `http` in Terraform. */
export const unlockable = (message: string, of?: Info): object => ({
  summary: "Error acquiring the state lock",
  detail: `Error message: ${message}\n${of === undefined ? "" : info(of)}\n${ADVICE}`,
})

/** Info that the refused run would have written after its start. */
export const OWN: Info = {
  id: "f5df6d38-2589-6e61-d98c-0c24020b6829",
  operation: "OperationTypePlan",
  who: "root@plan",
  created: "2026-11-23 20:55:57.990374798 +0000 UTC",
}

export const SYNTAX = `
Initializing the backend...
Terraform encountered problems during initialisation, including problems
with the configuration, described below.

The Terraform configuration must be valid before initialization so that
Terraform can determine which modules and providers need to be installed.

Error: Invalid multi-line string

  on main.tf line 2, in resource "terraform_data" "a":
   2:   input = "x
   3: }

Quoted strings may not be split over multiple lines. To produce a multi-line
string, either use the \\n escape to represent a newline character or use the
"heredoc" multi-line template syntax.


Error: Unterminated template string

  on main.tf line 2, in resource "terraform_data" "a":
   2:   input = "x
   3: }

No closing marker was found for the string.

`

export const NO_NETWORK = `
Initializing provider plugins...
- Finding hashicorp/null versions matching "3.2.0"...

Error: Failed to resolve provider packages

Could not resolve provider hashicorp/null: could not connect to
registry.opentofu.org: failed to request discovery document: Get
"https://registry.opentofu.org/.well-known/terraform.json": proxyconnect tcp:
dial tcp 127.0.0.1:9: connect: connection refused
`

export const NO_NETWORK_TERRAFORM = `
Error: Failed to query available provider packages

Could not retrieve the list of available versions for provider
hashicorp/null: could not connect to registry.terraform.io: failed to request
discovery document: Get
"https://registry.terraform.io/.well-known/terraform.json": proxyconnect tcp:
dial tcp 127.0.0.1:9: connect: connection refused
`

export const NO_LOCK_FILE = `
- Installed hashicorp/null v3.2.0 (unauthenticated)

Error: Provider dependency changes detected

Changes to the required provider dependencies were detected, but the lock
file is read-only. To use and record these requirements, run "terraform init"
without the "-lockfile=readonly" flag.
`

export const OTHER_CHECKSUM = `
Error: Failed to install provider

Error while installing hashicorp/null v3.2.0: the local package for
registry.terraform.io/hashicorp/null 3.2.0 doesn't match any of the checksums
previously recorded in the dependency lock file (this might be because the
available checksums are for packages targeting different platforms); for more
information: https://www.terraform.io/language/provider-checksum-verification
`

export const OTHER_LOCKED_VERSION = `
Error: Failed to resolve provider packages

Could not resolve provider hashicorp/null: locked provider
registry.opentofu.org/hashicorp/null 3.1.0 does not match configured version
constraint 3.2.0; must use tofu init -upgrade to allow selection of new
versions
`

export const NO_MODULE = `
Initializing modules...
- m in 

Error: Unreadable module directory

Unable to evaluate directory symlink: lstat none: no such file or directory


Error: Unreadable module directory

The directory  could not be read for module "m" at main.tf:1.

`

export const NO_MODULE_REGISTRY = `
Error: Error accessing remote module registry

  on main.tf line 1:
   1: module "m" {

Failed to retrieve available versions for module "m" (main.tf:1) from
registry.terraform.io: failed to request discovery document: Get
"https://registry.terraform.io/.well-known/terraform.json": dial tcp: lookup
registry.terraform.io on 10.0.0.53:53: no such host.
`

const PROBLEMS = `2 problems:

- Unsupported state file format: The state file could not be parsed as JSON: syntax error at byte offset 26.
- Unsupported state file format: The state file does not have a "version" attribute, which is required to identify the format version.`

export const CORRUPT_INIT = `
Initializing the backend...
Error refreshing state: ${PROBLEMS}
`

export const CORRUPT_INIT_TOFU = `
Initializing the backend...

Error: Error refreshing state

2 problems:
- Unsupported state file format: The state file could not be parsed as JSON:
syntax error at byte offset 26.
`

export const CORRUPT_PULL = `\u001b[31mFailed to refresh state: ${PROBLEMS}\u001b[0m\u001b[0m
`

/** In colours, as without -no-color. */
export const CORRUPT_PULL_TOFU = `\u001b[31m╷\u001b[0m\u001b[0m
\u001b[31m│\u001b[0m \u001b[0m\u001b[1m\u001b[31mError: \u001b[0m\u001b[0m\u001b[1mFailed to refresh state: 2 problems:
\u001b[31m│\u001b[0m \u001b[0m
\u001b[31m│\u001b[0m \u001b[0m- Unsupported state file format: The state file could not be parsed as JSON: syntax error at byte offset 26.
\u001b[31m│\u001b[0m \u001b[0m
\u001b[31m╵\u001b[0m\u001b[0m
`

export const CORRUPT_PG = { summary: `error loading state: ${PROBLEMS}` }
export const CORRUPT_LOCAL = unlockable(PROBLEMS)

export const NEWER_STATE = unlockable(
  "Unsupported state file format: The state file uses format version 99, which is not supported by Terraform 1.5.7. This state file may have been created by a newer version of Terraform.",
)

export const NO_WORKSPACE = `
Workspace "staging" doesn't exist.

You can create this workspace with the "new" subcommand 
or include the "-or-create" flag with the "select" subcommand.
`

export const NO_WORKSPACE_TOFU = `
Error: Workspace "staging" doesn't exist

You can create this workspace with the "new" subcommand 
or include the "-or-create" flag with the "select" subcommand.
`

export const NO_BACKEND_TOFU = `
Initializing the backend...

Error: Error refreshing state

Failed to get state: GET http://127.0.0.1:1/s giving up after 1 attempt(s):
Get "http://127.0.0.1:1/s": dial tcp 127.0.0.1:1: connect: connection refused
`

export const NO_DATABASE = `
Initializing the backend...

Error: dial tcp 127.0.0.1:1: connect: connection refused


`

const action = (addr: string, kind: string, type: string, message: string): string =>
  line({ "@message": `${addr}: ${message}`, hook: { resource: { addr }, action: kind }, type })

/** Output of an apply with each kind of change, and data that it reads. */
export const APPLY = [
  version(),
  line({
    "@message": "terraform_data.rep: Plan to replace",
    change: { action: "replace" },
    type: "planned_change",
  }),
  action("terraform_data.gone", "delete", "apply_start", "Destroying... [id=86931071]"),
  action("terraform_data.gone", "delete", "apply_complete", "Destruction complete after 0s"),
  action("terraform_data.rep", "delete", "apply_complete", "Destruction complete after 0s"),
  action("terraform_data.rep", "create", "apply_complete", "Creation complete after 0s [id=65c79ac5]"),
  action("terraform_data.up", "update", "apply_complete", "Modifications complete after 0s [id=4ecaebea]"),
  action("terraform_data.new", "create", "apply_complete", "Creation complete after 0s [id=b3e228e7]"),
  action("data.terraform_remote_state.s", "read", "apply_complete", "Refresh complete after 0s"),
  line({
    "@message": "Apply complete! Resources: 2 added, 1 changed, 2 destroyed.",
    changes: { add: 2, change: 1, import: 0, remove: 2, operation: "apply" },
    type: "change_summary",
  }),
  "",
].join("\n")

export const APPLY_FAILED = [
  version(),
  action("terraform_data.ok", "create", "apply_complete", "Creation complete after 0s [id=7a81b9b3]"),
  action("terraform_data.a", "create", "apply_errored", "Creation errored after 0s"),
  line({
    "@level": "error",
    "@message": "Error: local-exec provisioner error",
    diagnostic: {
      severity: "error",
      summary: "local-exec provisioner error",
      detail: "Error running command 'echo hi; exit 7': exit status 7. Output: hi\n",
      address: "terraform_data.a",
      ...at("main.tf", 4, 30),
    },
    type: "diagnostic",
  }),
  "",
].join("\n")
