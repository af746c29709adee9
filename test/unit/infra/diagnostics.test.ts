import { describe, expect, it, test } from "vitest"
import {
  applied,
  failureCause,
  diagnosticFinding,
  readable,
  streamDiagnostics,
  validateDiagnostics,
} from "../../../src/lib/infra/diagnostics.js"
import { lockHolder } from "../../../src/lib/infra/locks.js"
import { textErrors } from "../../../src/lib/infra/textErrors.js"
import * as outputs from "./outputs.js"
import { cost } from "../cost.js"

const { at, noValue, OWN, refused, unlockable } = outputs

const cause = (log: string, stream = "", root = "infra/azure") =>
  failureCause("terraform", root, { step: "init", log, stream })

const streamed = (...diagnostics: object[]) => cause("", refused(...diagnostics))

describe("failureCause from output for people", () => {
  test.each<[what: string, log: string, exitCode: number, reason: string]>([
    [
      "a mistake in the syntax",
      outputs.SYNTAX,
      1,
      'infra/azure/main.tf:2: Invalid multi-line string: Quoted strings may not be split over multiple lines. To produce a multi-line string, either use the \\n escape to represent a newline character or use the "heredoc" multi-line template syntax.',
    ],
    [
      "no network",
      outputs.NO_NETWORK,
      3,
      "a provider or module can't be downloaded: Could not resolve provider hashicorp/null: could not connect to registry.opentofu.org: failed to request discovery document: proxyconnect tcp: dial tcp 127.0.0.1:9: connect: connection refused",
    ],
    [
      "no network, in Terraform's words",
      outputs.NO_NETWORK_TERRAFORM,
      3,
      "a provider or module can't be downloaded: Could not retrieve the list of available versions for provider hashicorp/null: could not connect to registry.terraform.io: failed to request discovery document: proxyconnect tcp: dial tcp 127.0.0.1:9: connect: connection refused",
    ],
    ...["NO_LOCK_FILE", "OTHER_CHECKSUM", "OTHER_LOCKED_VERSION"].map(
      (name): [string, string, number, string] => [
        name,
        outputs[name as "NO_LOCK_FILE"],
        1,
        "infra/azure: .terraform.lock.hcl is missing or doesn't fit the providers: run `providers lock -platform=linux_amd64 -platform=linux_arm64` there and commit it",
      ],
    ),
    [
      "a module that isn't there",
      outputs.NO_MODULE,
      1,
      'infra/azure/main.tf:1: Unreadable module directory: The directory could not be read for module "m" at main.tf:1.',
    ],
    [
      "a module's registry that can't be reached",
      outputs.NO_MODULE_REGISTRY,
      3,
      'a provider or module can\'t be downloaded: Failed to retrieve available versions for module "m" (main.tf:1) from registry.terraform.io: failed to request discovery document: dial tcp: lookup registry.terraform.io on 10.0.0.53:53: no such host.',
    ],
    [
      "a corrupt state at init",
      outputs.CORRUPT_INIT_TOFU,
      3,
      "the state can't be read: Error refreshing state: 2 problems: - Unsupported state file format: The state file could not be parsed as JSON: syntax error at byte offset 26.",
    ],
    [
      "a corrupt state at pull, in colours",
      outputs.CORRUPT_PULL_TOFU,
      3,
      "the state can't be read: Failed to refresh state: 2 problems: - Unsupported state file format: The state file could not be parsed as JSON: syntax error at byte offset 26.",
    ],
    [
      "a configuration for another Terraform",
      outputs.OTHER_TERRAFORM,
      1,
      'infra/azure/main.tf:2: Unsupported Terraform Core version: This configuration does not support Terraform version 1.5.7. infra: { version: "…" } in slipway.yaml chooses another Terraform, infra: { tool: opentofu } OpenTofu',
    ],
    ...["NO_WORKSPACE", "NO_WORKSPACE_TOFU"].map((name): [string, string, number, string] => [
      name,
      outputs[name as "NO_WORKSPACE"],
      4,
      'the workspace "staging" doesn\'t exist yet: a plan makes it',
    ]),
    [
      "a backend that can't be reached",
      outputs.NO_BACKEND_TOFU,
      3,
      'the state can\'t be read: Error refreshing state: Failed to get state: GET http://127.0.0.1:1/s giving up after 1 attempt(s): Get "http://127.0.0.1:1/s": dial tcp 127.0.0.1:1: connect: connection refused',
    ],
    [
      "a database that can't be reached",
      outputs.NO_DATABASE,
      3,
      "terraform init failed: dial tcp 127.0.0.1:1: connect: connection refused",
    ],
    ["nothing that is an error", "what\nis this?\n\n", 3, "terraform init failed: is this?"],
    ["nothing", "", 3, "terraform init failed: "],
  ])("%s", (_, log, exitCode, reason) => {
    expect(cause(log)).toMatchObject({ exitCode, reason: reason.trim() })
  })

  test.each([outputs.CORRUPT_INIT, outputs.CORRUPT_PULL])(
    "a corrupt state, without the word error",
    (log) => {
      expect(cause(log).reason).toMatch(
        /^the state can't be read: (Error|Failed to) \w+ state: 2 problems: - Unsupported state file format/,
      )
      expect(cause(log)).toMatchObject({ exitCode: 3, findings: [{ tool: "terraform", level: "error" }] })
    },
  )

  it("treats an error as one, whatever its lines begin with", () => {
    expect(cause(outputs.NO_BACKEND_TOFU).findings).toHaveLength(1)
    expect(textErrors(outputs.NO_BACKEND_TOFU)).toHaveLength(1)
  })

  it("returns all mistakes as findings, with their places in the source", () => {
    const { findings } = cause(outputs.SYNTAX)
    expect(findings.map(({ file, line, rule }) => [file, line, rule])).toEqual([
      ["infra/azure/main.tf", 2, "invalid-multi-line-string"],
      ["infra/azure/main.tf", 2, "unterminated-template-string"],
    ])
    expect(findings[1]?.message).toBe(
      "Unterminated template string: No closing marker was found for the string.",
    )
  })
})

describe("failureCause from output for machines", () => {
  const load = (detail: string) => ({ summary: "Failed to read plan from plan file", detail })

  test.each<[what: string, diagnostic: object, exitCode: number, reason: string]>([
    [
      "a variable without a value",
      noValue("password", 1),
      4,
      'infra/azure: the variable "password" has no value: set it in a file of variables, or pass a secret such as TF_VAR_password',
    ],
    [
      "a stale plan",
      {
        summary: "Saved plan is stale",
        detail:
          "The given plan file can no longer be applied because the state was changed by another operation after the plan was created.",
      },
      1,
      "the plan is not applied: the state has changed since",
    ],
    [
      "a plan of another version",
      load(
        "Cannot read the plan from the given plan file: plan file was created by Terraform 1.12.6, but this is 1.5.7; plan files cannot be transferred between different Terraform versions.",
      ),
      4,
      "Failed to read plan from plan file: Cannot read the plan from the given plan file: plan file was created by Terraform 1.12.6, but this is 1.5.7; plan files cannot be transferred between different Terraform versions.",
    ],
    [
      "a plan of Terraform in OpenTofu",
      load("plan file was created by OpenTofu or Terraform 1.5.7, but this is 1.12.6"),
      4,
      "Failed to read plan from plan file: plan file was created by OpenTofu or Terraform 1.5.7, but this is 1.12.6",
    ],
    [
      "an invalid plan file",
      { summary: 'Failed to load "bad" as a plan file', detail: "Error: zip: not a valid zip file" },
      4,
      'Failed to load "bad" as a plan file: Error: zip: not a valid zip file',
    ],
    [
      "a backend that can't be reached",
      {
        summary:
          "error loading state: Failed to get state: dial tcp 127.0.0.1:1: connect: connection refused",
      },
      3,
      "the state can't be read: error loading state: Failed to get state: dial tcp 127.0.0.1:1: connect: connection refused",
    ],
    [
      "a state of a newer version",
      outputs.NEWER_STATE,
      4,
      "Unsupported state file format: The state file uses format version 99, which is not supported by Terraform 1.5.7. This state file may have been created by a newer version of Terraform.",
    ],
    [
      "a mistake in a module outside of the root",
      { summary: "Reference to undeclared input variable", ...at("../modules/m/main.tf", 1) },
      1,
      "infra/modules/m/main.tf:1: Reference to undeclared input variable",
    ],
    [
      "a mistake in variables that were handed in",
      { summary: "Invalid expression", detail: "Expected more.", ...at("/slipway/secrets/x.tfvars", 1) },
      4,
      "/slipway/secrets/x.tfvars:1: Invalid expression: Expected more.",
    ],
    [
      "a provider's error for a resource",
      {
        summary: "could not retrieve state data: module not found in a newer version",
        address: "azurerm_storage_account.a",
        ...at("main.tf", 4),
      },
      3,
      "infra/azure/main.tf:4: could not retrieve state data: module not found in a newer version",
    ],
    [
      "a rule of the service's own, whatever it says",
      { summary: "Invalid value for variable", detail: "created by a newer state file", ...at("main.tf", 4) },
      1,
      "infra/azure/main.tf:4: Invalid value for variable: created by a newer state file",
    ],
  ])("%s", (_, diagnostic, exitCode, reason) => {
    expect(streamed(diagnostic)).toMatchObject({ exitCode, reason })
  })

  test.each([outputs.CORRUPT_PG, outputs.CORRUPT_LOCAL])(
    "doesn't report a corrupt state as locked",
    (state) => {
      const { reason, exitCode } = streamed(state)
      expect(reason).toMatch(/^the state can't be read: .*could not be parsed as JSON/)
      expect(reason).not.toContain("acquires")
      expect(exitCode).toBe(3)
    },
  )

  it("names all variables without a value", () => {
    expect(streamed(noValue("password", 1), noValue("other", 2)).reason).toBe(
      'infra/azure: these variables have no values: "password", "other": set them in a file of variables, or pass a secret such as TF_VAR_password',
    )
    expect(cause("", refused(noValue("x", 1)), ".").reason).toMatch(/^the variable "x"/)
  })

  it("skips warnings, and takes the first specific error", () => {
    const warning = { severity: "warning", summary: "Deprecated", ...at("main.tf", 1) }
    const { reason, findings } = streamed(warning, { summary: "Oh no" }, { summary: "Bad", ...at("a.tf", 7) })
    expect(reason).toBe("infra/azure/a.tf:7: Bad")
    expect(findings).toHaveLength(2)
  })

  it("limits a reason to one line of moderate length", () => {
    const { reason, findings } = streamed({
      summary: "x\n::error::y ",
      detail: "z".repeat(1e6),
      ...at("a.tf", 7),
    })
    expect(reason).toMatch(/^infra\/azure\/a.tf:7: x ::error::y : z+…$/)
    expect(reason).toHaveLength(300)
    expect(findings[0]?.message).toHaveLength(1000)
    expect(findings[0]?.rule).toBe("x-error-y")
  })
})

describe("failureCause of a locked state", () => {
  it("names the holder and the time", () => {
    expect(streamed(unlockable("resource temporarily unavailable", {}))).toMatchObject({
      reason:
        "the state is locked by runner@ci-17 (apply) since 2026-11-23T20:55:24Z; if that run was killed, `terraform force-unlock fa110d72-3e2f-97aa-526c-647dd1f873de` in the shell of `debug --stage=plan` frees it",
      exitCode: 3,
    })
  })

  it("names no holder if the backend returns the refused run's own info, as pg does", () => {
    for (const message of [
      "Already locked for workspace creation: default",
      "Workspace is already locked: default",
    ])
      expect(streamed(unlockable(message, OWN))).toMatchObject({
        reason: "the state is locked by another run; the holder is unknown",
        exitCode: 3,
      })
  })

  it("names the lock's id if that is all, as with http", () => {
    const message = "HTTP remote state already locked: ID=0b0c2c1e-1111-2222-3333-444455556666"
    expect(streamed(unlockable(message, OWN)).reason).toBe(
      "the state is locked by another run; if that run was killed, `terraform force-unlock 0b0c2c1e-1111-2222-3333-444455556666` in the shell of `debug --stage=plan` frees it",
    )
  })

  it.each([
    'blobs.Client#AcquireLease: Failure responding to request: StatusCode=409 -- Original Error: autorest/azure: Service returned an error. Status=409 Code="LeaseAlreadyPresent" Message="There is already a lease present."\nblob metadata "terraformlockid" was empty',
    'executing request: unexpected status 409 (409 There is already a lease present.) received with no body\nblob metadata "terraformlockid" was empty',
  ])("is a lock if Azure's storage refuses the lease that another run took just then", (message) => {
    expect(streamed(unlockable(message, OWN))).toMatchObject({
      reason: "the state is locked by another run; the holder is unknown",
      exitCode: 3,
    })
  })

  it("isn't a lock for other failures to lock", () => {
    expect(streamed(unlockable("pq: permission denied for schema x", OWN))).toMatchObject({
      reason: "the state can't be locked: pq: permission denied for schema x",
      exitCode: 3,
    })
  })

  it("names no holder without a valid time", () => {
    const { detail } = unlockable("already locked", {}) as { detail: string }
    const begun = Date.parse("2026-11-23T20:55:57Z")
    expect(lockHolder(detail, begun)?.who).toBe("runner@ci-17")
    expect(lockHolder(detail, undefined)).toBeUndefined()
    expect(lockHolder(detail.replace("+0000 UTC", "+0200 CEST"), begun)).toBeUndefined()
    expect(lockHolder(detail, Date.parse("2026-11-23T20:55:24.708Z"))).toBeUndefined()
    // An empty field doesn't take the text of the next line.
    expect(lockHolder(detail.replace("runner@ci-17", ""), begun)).toBeUndefined()
    expect(lockHolder("", begun)).toBeUndefined()
  })
})

describe("failureCause of a state that can't be saved", () => {
  const failed = (detail: string) => ({
    summary: "Failed to save state",
    detail: `Error saving state: ${detail}`,
  })

  it.each([
    [
      "OpenTofu",
      "LeaseNotPresentWithBlobOperation",
      "error getting blob properties while doing Put: HEAD https://acme.blob.core.windows.net/states/a\n-----\nRESPONSE 412: 412 A lease ID was specified, but the lease for the blob has expired.\nERROR CODE: LeaseNotPresentWithBlobOperation\n-----\nResponse contained no body\n-----\n",
    ],
    [
      "Terraform",
      "StatusCode=412",
      "blobs.Client#GetProperties: Failure responding to request: StatusCode=412 -- Original Error: autorest/azure: error response cannot be parsed: {\"\" '\\x00' '\\x00'} error: EOF",
    ],
    [
      "Terraform from 1.11 on",
      "unexpected status 412",
      "executing request: unexpected status 412 (412 There is currently no lease on the blob.) received with no body",
    ],
  ])("says that the lock was lost, from what %s makes of Azure's answer", (_, code, detail) => {
    expect(streamed(failed(detail))).toMatchObject({
      reason: `the state can't be saved: somebody else freed its lock or took it while this run held it (${code})`,
      exitCode: 3,
    })
  })

  it("gives the backend's words for anything else", () => {
    expect(streamed(failed("pq: disk full")).reason).toBe(
      "the state can't be saved: Error saving state: pq: disk full",
    )
  })

  it("comes before the error of a resource", () => {
    const reason = "the state can't be saved: Error saving state: pq: disk full"
    expect(streamed({ summary: "Bad", ...at("a.tf", 7) }, failed("pq: disk full")).reason).toBe(reason)
  })
})

describe("readable", () => {
  it("returns messages, with place and detail of errors", () => {
    expect(readable(`$ terraform apply\n${outputs.APPLY_FAILED}`)).toBe(`$ terraform apply
Terraform 1.5.7
terraform_data.ok: Creation complete after 0s [id=7a81b9b3]
terraform_data.a: Creation errored after 0s
Error: local-exec provisioner error
  with terraform_data.a, on main.tf line 4
  Error running command 'echo hi; exit 7': exit status 7. Output: hi
  
`)
  })

  it("keeps lines that aren't messages", () => {
    for (const text of ["", "{", "{}", '{"a":1}', "null", "[]", '{"@message":1}', "plain {text}"])
      expect(readable(text)).toBe(text)
  })
})

describe("applied", () => {
  it("counts changes, and no reads", () => {
    expect(applied(outputs.APPLY)).toEqual({ create: 2, delete: 2, update: 1 })
    expect(applied(outputs.APPLY_FAILED)).toEqual({ create: 1 })
    expect(applied("")).toEqual({})
  })

  it("ignores output of providers", () => {
    const odd = [
      "{}",
      "null",
      '{"type":"apply_complete","hook":null}',
      '{"type":"apply_complete","hook":{"action":7}}',
    ]
    expect(applied(odd.join("\n"))).toEqual({ change: 2 })
    const proto = applied('{"type":"apply_complete","hook":{"action":"__proto__"}}')
    expect(Object.entries(proto)).toEqual([["__proto__", 1]])
  })
})

describe("diagnostics", () => {
  it("are parsed from validate", () => {
    const warning = { severity: "warning", summary: "Old", detail: "", range: { filename: "", start: {} } }
    const error = {
      severity: "error",
      summary: "Bad",
      detail: "d",
      ...at("m/main.tf", 1, 22),
      address: "a.b",
    }
    expect(validateDiagnostics(JSON.stringify({ valid: false, diagnostics: [error, warning] }))).toEqual([
      {
        severity: "error",
        summary: "Bad",
        detail: "d",
        file: "m/main.tf",
        line: 1,
        column: 22,
        address: "a.b",
      },
      { severity: "warning", summary: "Old", detail: "" },
    ])
    expect(validateDiagnostics('{"valid":true}')).toEqual([])
    for (const text of ["", "null", "[]", "{}", '{"valid":"yes"}', "Error: x"])
      expect(validateDiagnostics(text)).toBeUndefined()
    expect(validateDiagnostics('{"valid":false,"diagnostics":"x"}')).toEqual([])
    expect(validateDiagnostics('{"valid":false,"diagnostics":[null,7]}')).toHaveLength(2)
  })

  it("are parsed from a stream with other content", () => {
    const text = ['{"type":"diagnostic","diagnostic":null}', "{", "::error::x", '{"type":"diagnostic"}'].join(
      "\n",
    )
    expect(streamDiagnostics(text)).toHaveLength(2)
    expect(streamDiagnostics(refused({ summary: "x" }))).toEqual([
      { severity: "error", summary: "x", detail: "" },
    ])
  })

  it("become findings, of which warnings block nothing", () => {
    const said = { severity: "warning", summary: "???", detail: "", file: "a.tf", line: 3 } as const
    expect(diagnosticFinding("tofu", ".", said)).toEqual({
      tool: "tofu",
      rule: "error",
      level: "warning",
      file: "a.tf",
      line: 3,
      message: "???",
      advisory: true,
    })
    const handed = { ...said, severity: "error", file: "/slipway/secrets/x.tfvars", address: "a.b" } as const
    expect(diagnosticFinding("tofu", "infra", handed)).toEqual({
      tool: "tofu",
      rule: "error",
      level: "error",
      message: "/slipway/secrets/x.tfvars: a.b: ???",
    })
  })

  it("take linear time", () => {
    const long = 5e5
    for (const unit of [
      "\n",
      " ",
      "Error: ",
      "Error: \n",
      "│ ",
      " on ",
      "on a line 1",
      "Lock Info:\n",
      "\u001b[",
    ])
      expect(cost(() => textErrors(`Error: x\n${unit.repeat(long / unit.length)}`))).toBeLessThan(4000)
    for (const unit of ["\n", " ", "Who: ", "Created:\n", "2026-"]) {
      const detail = unit.repeat(long / unit.length)
      expect(cost(() => streamed({ summary: "Error acquiring the state lock", detail }))).toBeLessThan(4000)
    }
  }, 60_000)
})
