import { createHash, randomUUID } from "node:crypto"
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { paths, REPOSITORY } from "../../dagger/lib/home.js"
import { ledgerFaults, readLedger } from "../../src/lib/run/ledger.js"
import { once } from "../../src/lib/run/once.js"
import type { Verdict } from "../../src/lib/run/verdict.js"
import { engineEnvironment } from "./dagger.js"
import { callOn, copyOf, day, type Files, folder, runOn, service, statuses, write } from "./pipeline.js"
import { runScripts } from "./session.js"
import { lockFile, settingsProvider } from "./settingsProvider.js"
import { formsOf, stageOf } from "./supply.js"

beforeAll(engineEnvironment)

const ESTATE = join(REPOSITORY, "test/fixtures/modules/estate")
const FORGE = join(REPOSITORY, "test/fixtures/forge")
const BEGUN = Date.now()
const RUN = randomUUID().slice(0, 8)
const SHA = "0123456789abcdef0123456789abcdef01234567"
const OPENTOFU = "infra: { tool: opentofu }\n"

describe("checks of a configuration", () => {
  it("pass for the sample's root, with the providers of its lock file", async () => {
    const run = await runOn("infra", join(REPOSITORY, "test/app"))
    expect(run.exitCode, run.stdout).toBe(0)
    expect(statuses(run)).toEqual({ format: "passed", validate: "passed" })
    expect(run.stage("validate").reason).toContain("terraform/local")
  })

  it("are skipped without a configuration", async () => {
    const run = await runOn("infra", service({ "app.py": "" }))
    expect(statuses(run)).toEqual({ format: "skipped", validate: "skipped" })
    expect(run.exitCode).toBe(0)
  })

  it.concurrent.each<[string, Files, string, number, string]>([
    [
      "a file in another format",
      { "main.tf": 'resource "terraform_data" "a" {\n    input = 1\n}\n' },
      "format",
      1,
      "main.tf:2: not in the format of `tofu fmt` (1 place); `slipway fix` formats it",
    ],
    [
      "a mistake in the syntax",
      { "main.tf": 'resource "terraform_data" "a" {\n  input =\n}\n' },
      "validate",
      1,
      "main.tf:2:10: Invalid expression: Expected the start of an expression",
    ],
    [
      "an attribute that doesn't exist",
      { "main.tf": 'resource "terraform_data" "a" {\n  inputs = 1\n}\n' },
      "validate",
      1,
      "main.tf:2:3: Unsupported argument",
    ],
    [
      "a lock file that is missing",
      {
        "main.tf": 'terraform {\n  required_providers {\n    time = { source = "hashicorp/time" }\n  }\n}\n',
      },
      "validate",
      1,
      ".terraform.lock.hcl",
    ],
    [
      "a provider that can't be downloaded",
      {
        "main.tf":
          'terraform {\n  required_providers {\n    none = { source = "registry.invalid/team/none" }\n  }\n}\n',
      },
      "validate",
      3,
      "can't be downloaded",
    ],
  ])("fail for %s", async (_, files, stage, exitCode, message) => {
    const run = await runOn("infra", service({ "app.py": "", "slipway.yaml": OPENTOFU, ...files }))
    expect(run.stage(stage).status).not.toBe("passed")
    expect(run.stdout).toContain(message)
    expect(run.exitCode).toBe(exitCode)
  })

  it("say what can be had in place of a Terraform that can't be pulled", async () => {
    const run = await runOn(
      "infra",
      service({
        "app.py": "",
        "main.tf": 'resource "terraform_data" "a" {}\n',
        "slipway.yaml": 'infra: { version: "1.14.0" }\n',
      }),
    )
    expect(statuses(run)).toEqual({ format: "error", validate: "error" })
    expect(run.stdout).toContain("OpenTofu 1.12.6 (infra: { tool: opentofu }) and Terraform 1.5.7")
    expect(run.exitCode).toBe(3)
  })

  it("run as Dagger checks, and `fix` formats the files", async () => {
    const source = service({
      "app.py": "",
      "slipway.yaml": OPENTOFU,
      "main.tf": 'resource "terraform_data" "a" {\n    input = 1\n}\n',
    })
    const { of } = await runScripts({
      module: ESTATE,
      prelude: "",
      env: {},
      scripts: {
        fix: `${REPOSITORY} --source $(host | directory ${source}) | infra | fix | as-patch | contents`,
        format: `${REPOSITORY} --source $(host | directory ${source}) | infra | format`,
      },
    })
    expect(of("fix")).toContain("-    input = 1\n+  input = 1")
    expect(of("format")).toBe("failed")
  })
})

describe("a plan without credentials", () => {
  const local = (files: Files, slipwayYaml = OPENTOFU) =>
    service({ "app.py": "", "slipway.yaml": slipwayYaml, ...files })
  const plan = (source: string, ...more: string[]) => runOn("infra", source, "plan", ...more)

  it("shows the changes of each environment with its variables, and reports them by its exit code if requested", async () => {
    const source = local({
      "infra/main.tf":
        'variable "size" {\n  type = string\n}\nresource "terraform_data" "a" {\n  input = "<b>`${var.size}`</b>"\n}\n',
      "infra/env/staging.tfvars": 'size = "small"\n',
      "infra/env/production.tfvars": 'size = "large"\n',
      "infra/common.tfvars": "",
    })
    const run = await plan(source, "--detailed-exitcode")
    expect(run.exitCode, run.stdout).toBe(2)
    expect(run.stage("plan")).toMatchObject({
      status: "passed",
      reason: "production infra: 1 to add; staging infra: 1 to add",
    })
    const markdown = run.read("terraform/staging/infra/plan.md")
    expect(markdown).toContain("**1 to add, 0 to change, 0 to replace, 0 to destroy**")
    expect(run.read("summary.md")).toContain(markdown)
    expect(run.read("sarif/plan.sarif")).toContain("infra/common.tfvars isn't used")
    expect(JSON.parse(run.read("terraform/staging/infra/plan.json"))).toHaveProperty("resource_changes")
    const text = run.read("terraform/production/infra/plan.txt")
    expect(text).toContain("terraform_data.a will be created")
    expect(text).toContain("<b>`large`</b>")
    expect((await plan(source)).exitCode).toBe(0)
  })

  it.concurrent.each<[string, Files, number, string]>([
    [
      "a variable without a value",
      { "main.tf": 'variable "size" {\n  type = number\n}\n' },
      4,
      'the variable "size" has no value: set it in a file of variables, or pass a secret such as TF_VAR_size',
    ],
    [
      "a mistake",
      { "main.tf": 'locals {\n  a = b.c\n}\noutput "a" {\n  value = local.a\n}\n' },
      1,
      "main.tf:2",
    ],
    [
      "a backend that can't be reached",
      {
        "main.tf": 'terraform {\n  backend "pg" {}\n}\n',
        "staging.tfbackend": 'conn_str = "postgres://x@nobody.invalid/x"\n',
      },
      3,
      "nobody.invalid",
    ],
  ])("fails for %s", async (_, files, exitCode, reason) => {
    const run = await plan(local(files))
    expect(run.stage("plan").reason).toContain(reason)
    expect(run.exitCode).toBe(exitCode)
    expect(run.stage("plan").repro).toContain("debug --stage=plan terminal")
  })

  it("is skipped for Azure if no credentials are given", async () => {
    const source = local({ "main.tf": 'terraform {\n  backend "azurerm" {}\n}\n', "staging.tfvars": "" })
    const run = await plan(source)
    expect(run.stage("plan")).toMatchObject({ status: "skipped" })
    expect(run.stage("plan").reason).toContain("no Azure credentials")
    expect(run.exitCode).toBe(0)
  })

  it("is skipped for a pull request from a fork, which has no credentials", async () => {
    const source = local({
      "main.tf": 'terraform {\n  backend "pg" {}\n}\n',
      "staging.tfbackend": 'conn_str = "postgres://x@nobody.invalid/x"\n',
    })
    const args = ["ci", "--event=pull_request", "--base-ref=main", "--only=plan"]
    const ended = await callOn(source, ...args, "file", "--path=verdict.json", "contents")
    const verdict = JSON.parse(ended.stdout) as Verdict
    expect(verdict.exitCode).toBe(0)
    expect(stageOf(verdict, "plan")).toMatchObject({ status: "skipped" })
    expect(stageOf(verdict, "plan").reason).toContain("nobody passed credentials")
  })

  it("lists the environments and roots if an unknown one is chosen", async () => {
    const run = await plan(join(REPOSITORY, "test/app"), "--environment=stagin")
    expect(run.stdout).toContain("choose among production terraform/local, staging terraform/local")
    expect(run.exitCode).toBe(4)
  })
})

/** Secrets, by the environment variables that the sessions read them from. */
const secrets = {
  DATABASE_PASSWORD: `state-${randomUUID()}`,
  TF_VAR_password: `p&ss "w/rd" +${RUN}é`,
  STAGING_TF_VAR_password: `st&ging "w/rd" ${RUN}`,
  ARM_CLIENT_SECRET: `azure-${randomUUID()}`,
  SLIPWAY_PLAN_KEY: `key-${randomUUID()}`,
}
const address = (database: string) =>
  `postgres://slipway:${secrets.DATABASE_PASSWORD}@database.test:5432/${database}?sslmode=disable`
const env = {
  ...secrets,
  TF_VAR_database: address("settings"),
  TF_BACKEND: `conn_str = "${address("state")}"\n`,
  OTHER_PLAN_KEY: `other-${randomUUID()}`,
  COMMENT_TOKEN: "ghs_slipway",
  READONLY_TOKEN: "ghs_readonly",
}

/** All output and error output of the sessions. */
const said: string[] = []

/** Runs scripts in one session with a database and mock hosts of pull requests. */
async function session(scripts: Record<string, string>) {
  const prelude = `
database env://DATABASE_PASSWORD | with-hostname database.test | start
forge $(host | directory ${FORGE}) | with-hostname forge.test | start
`
  const ran = await runScripts({ module: ESTATE, prelude, scripts, env })
  said.push(ran.stdout, ran.stderr)
  const stage = (name: string, stage: string) => stageOf(ran.json(name) as Verdict, stage)
  return { ...ran, stage, verdict: (name: string) => ran.json(name) as Verdict }
}

const ACCESS = [
  "TF_BACKEND",
  "TF_VAR_database",
  "TF_VAR_password",
  "STAGING_TF_VAR_password",
  "ARM_CLIENT_SECRET",
]
  .map((name) => `--secrets env://${name}`)
  .join(" ")

/** A service whose infrastructure is rows in a database, so that others can change them. */
const settings = once(async () => {
  const binary = await settingsProvider()
  const source = folder()
  const place = join(source, "infra/terraform.d/plugins/providers.test/slipway/settings/1.0.0/linux_amd64")
  mkdirSync(place, { recursive: true })
  const program = join(place, "terraform-provider-settings_v1.0.0")
  copyFileSync(binary, program)
  chmodSync(program, 0o755)
  const fixture = (name: string) =>
    readFileSync(join(REPOSITORY, "test/fixtures/infra/settings", name), "utf8")
  return write(source, {
    "app.py": "",
    "slipway.yaml": "infra: { tool: opentofu, lockTimeout: 30s }\n",
    "infra/.terraform.lock.hcl": lockFile("settings", readFileSync(binary)),
    "infra/main.tf": fixture("main.tf"),
    ...Object.fromEntries(
      ["staging", "production"].flatMap((environment) => [
        [`infra/${environment}.tfvars`, fixture(`${environment}.tfvars`)],
        [`infra/${environment}.tfbackend`, `schema_name = "${environment}"\n`],
      ]),
    ),
  })
})

const changed = async (files: Files): Promise<string> => write(copyOf(await settings()), files)

/** Returns the part of a script that calls the module on a source. */
const on = (source: string): string => `${REPOSITORY} --source $(host | directory ${source})`
const withInfra = (source: string, more = ""): string => `${on(source)} | with-infra ${ACCESS} ${more}`
const running = (what: string, id: string = randomUUID(), sha = SHA): string =>
  `with-commit --sha=${sha} | ci --event=manual --run-id=${id} --only=${what}`
const verdict = "file verdict.json | contents"
const planning = (source: string, environment = "staging"): string =>
  `${on(source)} | infra ${ACCESS} | plan --environment ${environment} --sha ${SHA}`
/** Exports a sealed plan to a file: a variable in these scripts would be evaluated at every use. */
const sealing = (source: string, file: string): string =>
  `${planning(source)} | sealed env://SLIPWAY_PLAN_KEY | export ${file}`
const applying = (
  source: string,
  file: string,
  { id = "", sha = SHA, key = "SLIPWAY_PLAN_KEY" } = {},
): string =>
  `${withInfra(source, `--plan $(host | file ${file}) ${key && `--plan-key env://${key}`}`)} | ${running("apply", id || undefined, sha)} | ${verdict}`
const drifting = (source: string): string =>
  `${withInfra(source, "--environment staging")} | ${running("drift")} | ${verdict}`
const sql = (statement: string, database = "settings"): string =>
  `sql ${database} "${statement}" env://DATABASE_PASSWORD`

const baseline = (expires: string): Files => ({
  ".slipway/drift.yaml": `drift:
  - address: settings_entry.greeting
    attribute: value
    reason: the night shift greets in its own way
    owner: platform
    expires: ${expires}
`,
})

describe.each([
  ["OpenTofu", "infra: { tool: opentofu, lockTimeout: 30s }\n"],
  ["Terraform, the default", "infra: { lockTimeout: 30s }\n"],
])("infrastructure by %s", (_, slipwayYaml) => {
  const life = once(async () => {
    const source = await changed({ "slipway.yaml": slipwayYaml })
    const known = await changed({ "slipway.yaml": slipwayYaml, ...baseline(day(10)) })
    const expired = await changed({ "slipway.yaml": slipwayYaml, ...baseline(day(-1)) })
    const plan = join(folder(), "plan.sealed")
    return session({
      plans: `${withInfra(source, "--plan-key env://SLIPWAY_PLAN_KEY")} | ${running("plan")} | ${verdict}`,
      markdown: `${planning(source)} | markdown`,
      json: `${planning(source)} | files | file terraform/staging/infra/plan.json | contents`,
      count: `${planning(source)} | add`,
      seal: sealing(source, plan),
      apply: applying(source, plan, { id: `first-${RUN}` }),
      rows: sql("SELECT name, value, secret IS NOT NULL FROM settings ORDER BY name"),
      again: `${planning(source)} | markdown`,
      clean: drifting(source),
      change: sql("UPDATE settings SET value = 'bye' WHERE name = 'staging-greeting'"),
      drifted: drifting(source),
      text: `${on(source)} | infra ${ACCESS} | drift --environment staging --sha ${SHA} | markdown`,
      known: drifting(known),
      expired: drifting(expired),
      remove: sql("DELETE FROM settings WHERE name = 'staging-greeting'"),
      removed: drifting(known),
      ledger: `${on(source)} | infra | ledger | contents`,
    })
  })

  it("is planned in every environment", async () => {
    const run = await life()
    expect(run.stage("plans", "plan").reason).toBe("production infra: 2 to add; staging infra: 2 to add")
    expect(run.verdict("plans").exitCode).toBe(0)
    expect(run.of("markdown")).toContain(
      "**2 to add, 0 to change, 0 to replace, 0 to destroy, 2 outputs to change**",
    )
    expect(run.of("markdown")).toContain('+ value: "hello"')
    expect(run.of("markdown")).toContain("+ secret: (sensitive)")
    expect(run.of("count")).toBe("2")
    expect(run.json("json")).toMatchObject({ variables: { password: { value: "(sensitive)" } } })
  })

  it("receives its credentials under the names that its provider expects", async () => {
    expect((await life()).of("markdown")).toContain('"ARM_CLIENT_SECRET"')
  })

  it("is applied as planned, and recorded", async () => {
    const run = await life()
    expect(run.stage("apply", "apply").reason).toBe("staging infra: 2 changes applied (2 create)")
    expect(run.of("rows").split("\n")).toEqual(["staging-greeting|hello|f", "staging-login|service|t"])
    expect(run.of("again")).toContain("No changes.")
    const entries = readLedger(run.of("ledger"))
    expect(ledgerFaults(entries)).toEqual([])
    expect(entries.at(-1)).toMatchObject({ kind: "apply", status: "succeeded", subject: "infra", sha: SHA })
  })

  it("reports drift, accepts it while a baseline covers it, and reports it again once the baseline expires", async () => {
    const run = await life()
    const judged = (name: string) => [run.stage(name, "drift").reason, run.verdict(name).exitCode]
    expect(judged("clean")).toEqual(["staging infra: CLEAN", 0])
    expect(judged("drifted")).toEqual(["staging infra: DRIFT, 1 difference", 2])
    expect(run.of("text")).toContain('~ value: "hello" → "bye"')
    expect(judged("known")).toEqual(["staging infra: KNOWN, 1 known", 0])
    expect(judged("expired")).toEqual(["staging infra: DRIFT, 1 difference", 2])
    expect(judged("removed")).toEqual(["staging infra: DRIFT, 1 difference", 2])
  })
})

describe("an apply", () => {
  const refusals = once(async () => {
    const source = await changed({ "slipway.yaml": "infra: { tool: opentofu, lockTimeout: 1s }\n" })
    const otherLock = await changed({
      "infra/.terraform.lock.hcl": `# changed\n${readFileSync(join(source, "infra/.terraform.lock.hcl"), "utf8")}`,
    })
    const otherTool = await changed({ "slipway.yaml": "infra: { tool: terraform }\n" })
    const greeting = await changed({ "infra/staging.tfvars": 'environment = "staging"\ngreeting = "hi"\n' })
    const [plan, greetingPlan, slowPlan] = [1, 2, 3].map((n) => join(folder(), `plan-${n}.sealed`)) as [
      ...[string, string, string],
    ]
    const again = { id: `twice-${RUN}` }
    const pause = (seconds: number) => sql(`SELECT pg_sleep(${seconds})`)
    return session({
      seal: sealing(source, plan),
      "no key": applying(source, plan, { key: "" }),
      "another key": applying(source, plan, { key: "OTHER_PLAN_KEY" }),
      "another commit": applying(source, plan, { sha: SHA.replaceAll("0", "f") }),
      "another lock file": applying(otherLock, plan),
      "another tool": applying(otherTool, plan),
      apply: applying(source, plan),
      "another state": applying(source, plan),
      "seal anew": sealing(greeting, greetingPlan),
      once: applying(greeting, greetingPlan, again),
      twice: applying(greeting, greetingPlan, again),
      rows: sql("SELECT value FROM settings WHERE name = 'staging-greeting'"),
      ledger: `${on(source)} | infra | ledger | contents`,
      "seal again": sealing(source, slowPlan),
      // The first apply holds the state's lock while it waits for the locked table.
      "two at once": `${sql("BEGIN; LOCK TABLE settings; SELECT pg_sleep(25)")} & ${pause(2)}
(${applying(source, slowPlan, { id: `slow-${RUN}` })}) & ${pause(5)}
${applying(source, slowPlan)}
.wait`,
      after: sql("SELECT value FROM settings WHERE name = 'staging-greeting'"),
      whole: `${planning(source)} | markdown`,
    })
  })

  it.each([
    ["no key", 4, "there is no key for the plan"],
    ["another key", 4, "the plan can't be opened"],
    ["another commit", 1, "the commit: planned on 0123456789abcdef"],
    ["another lock file", 1, "the lock file .terraform.lock.hcl"],
    ["another tool", 1, "the tool: planned by OpenTofu 1.12.6"],
  ])("is refused with %s", async (name, exitCode, reason) => {
    const run = await refusals()
    expect(run.stage(name, "apply").reason).toContain(reason)
    expect(run.verdict(name).exitCode).toBe(exitCode)
  })

  it("is refused if the state has changed since the plan", async () => {
    const run = await refusals()
    expect(run.stage("another state", "apply").reason).toContain("the state: planned on")
    expect(run.verdict("another state").exitCode).toBe(1)
  })

  it("is carried out once per run id", async () => {
    const run = await refusals()
    for (const name of ["once", "twice"])
      expect(run.stage(name, "apply").reason).toBe("staging infra: 1 change applied (1 update)")
    expect(run.of("rows")).toBe("hi")
    const entries = readLedger(run.of("ledger")).filter(({ run: id }) => id === `twice-${RUN}`)
    expect(entries).toHaveLength(1)
  })

  it("is refused while another one runs, and the state stays valid", async () => {
    const run = await refusals()
    const reasons = run
      .of("two at once")
      .match(/"reason": "[^"]*/g)
      ?.map((line) => line.slice(11))
    expect(reasons?.sort()).toEqual([
      "staging infra: 1 change applied (1 update)",
      "the state is locked by another run; the holder is unknown (staging infra: 0 changes applied)",
    ])
    expect(run.of("after")).toBe("hello")
    expect(run.of("whole")).toContain("No changes.")
  })
})

describe("a state", () => {
  const states = once(async () => {
    const source = await settings()
    const plan = `${withInfra(source, "--environment staging")} | ${running("plan")} | ${verdict}`
    const file = join(folder(), "plan.sealed")
    return session({
      seal: sealing(source, file),
      first: applying(source, file),
      damage: sql("UPDATE staging.states SET data = '{' || data", "state"),
      corrupt: plan,
      "corrupt drift": drifting(source),
    })
  })

  it("that can't be read is reported as such", async () => {
    const run = await states()
    for (const [name, stage] of [
      ["corrupt", "plan"],
      ["corrupt drift", "drift"],
    ] as const) {
      expect(run.stage(name, stage).reason).toContain("the state can't be read")
      expect(run.verdict(name).exitCode).toBe(3)
    }
  })
})

describe("a pull request", () => {
  const request = JSON.stringify({
    host: "github",
    api: "http://forge.test:8000/github",
    project: "acme/shop",
    number: 7,
  })
  const commenting = (source: string, token: string, pullRequest = request): string =>
    `${withInfra(source, `--pull-request '${pullRequest}' --comment-token env://${token}`)} | ${running("plan")} | file summary.md | contents`
  const comments = "ask http://forge.test:8000/__comments"

  const commented = once(async () => {
    const source = await settings()
    const file = join(folder(), "plan.sealed")
    const greeting = await changed({ "infra/staging.tfvars": 'environment = "staging"\ngreeting = "hi"\n' })
    return session({
      refused: commenting(source, "READONLY_TOKEN"),
      first: commenting(source, "COMMENT_TOKEN"),
      created: comments,
      second: commenting(greeting, "COMMENT_TOKEN"),
      updated: comments,
      seal: sealing(greeting, file),
      apply: applying(greeting, file),
      third: commenting(greeting, "COMMENT_TOKEN"),
      settled: comments,
      unreachable: commenting(source, "COMMENT_TOKEN", request.replace("forge.test", "nobody.invalid")),
    })
  })
  const bodies = async (name: string) =>
    ((await commented()).json(name) as { github: { body: string }[] }).github.map(({ body }) => body)

  it("has a comment for each environment and root, which is updated in place", async () => {
    const created = await bodies("created")
    expect(created).toHaveLength(2)
    expect(created.join()).toContain('+ value: "hello"')
    expect(created.join()).toContain(SHA.slice(0, 12))
    const updated = await bodies("updated")
    expect(updated).toHaveLength(2)
    expect(updated.join()).toContain('+ value: "hi"')
    expect((await commented()).of("second")).toMatch(/comment staging infra \| updated/)
  })

  it("has a short comment if nothing would change", async () => {
    const settled = await bodies("settled")
    expect(settled.filter((body) => body.includes("No changes."))).toHaveLength(1)
  })

  it("stays as it is if the token may not write, and the summary has the plan", async () => {
    const run = await commented()
    expect(run.of("refused")).toMatch(/comment staging infra \| refused: .*pull-requests: write/)
    expect(run.of("refused")).toContain('+ value: "hello"')
    expect(run.of("unreachable")).toMatch(/comment \w+ infra \| unreachable: /)
  })
})

/** What only states and plans hold, by the variable that it is computed from: no masking of known secrets finds it. */
const fingerprints = Object.fromEntries(
  (["TF_VAR_password", "STAGING_TF_VAR_password"] as const).map((name) => [
    `fingerprint of ${name}`,
    createHash("sha256").update(secrets[name]).digest("hex"),
  ]),
)

/** Fails if one of the texts has a secret or a fingerprint, in any form. */
function expectNone(texts: readonly string[]): void {
  for (const [name, secret] of Object.entries({ ...secrets, ...fingerprints }))
    for (const form of formsOf(secret))
      expect(
        texts.findIndex((text) => text.includes(form)),
        `${name} as ${form.slice(0, 8)}…`,
      ).toBe(-1)
}

it("no secret is in the output", () => {
  expect(said.join("").length).toBeGreaterThan(10_000)
  expectNone(said)
})

it("nothing of a state, a plan or a secret is in the engine's telemetry, which may be sent elsewhere", () => {
  const folder = join(paths.engineState, "worker/clientdbs")
  let known = 0
  for (const name of readdirSync(folder)) {
    const file = join(folder, name)
    if ((statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) < BEGUN) continue
    const text = readFileSync(file, "latin1")
    // Results of the API are there, such as the text by which a plan is reviewed.
    if (text.includes("2 outputs to change")) known += 1
    expectNone([text])
  }
  expect(known).toBeGreaterThan(0)
})
