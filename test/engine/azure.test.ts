import { randomUUID } from "node:crypto"
import { copyFileSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { armor, Decrypter } from "age-encryption"
import { beforeAll, describe, expect, it } from "vitest"
import { REPOSITORY } from "../../dagger/lib/home.js"
import { once } from "../../src/lib/run/once.js"
import type { Verdict } from "../../src/lib/run/verdict.js"
import { azureStorage } from "./azurite.js"
import { engineEnvironment } from "./dagger.js"
import { folder, service } from "./pipeline.js"
import { runScripts } from "./session.js"
import { stageOf } from "./supply.js"

const ESTATE = join(REPOSITORY, "test/fixtures/modules/estate")
const SHA = "0123456789abcdef0123456789abcdef01234567"
const PLAN_KEY = `key-${randomUUID()}`
const HOST = "slipway.blob.storage.test"
const ACCESS = ["ARM_ACCESS_KEY", "STAGING_SSL_CERT_FILE"].map((name) => `--secrets env://${name}`).join(" ")

/** A resource whose step runs while the run holds the state's lock. */
const MAIN = `terraform {
  backend "azurerm" {}
}

variable "step" {
  type = string
}

resource "terraform_data" "step" {
  triggers_replace = var.step
  provisioner "local-exec" {
    command = var.step
  }
}
`

/** Frees the lock of the run that it is a step of, as somebody does who takes it for dead. */
const FREE = `refused=$("$1" plan -no-color -input=false -lock-timeout=0s -var-file=staging.tfvars 2>&1)
"$1" force-unlock -force "$(echo "$refused" | sed -n 's/^[^A-Z]*ID: *//p')"
`

interface Tool {
  command: "tofu" | "terraform"
  settings: string
  /** Backend settings by which the tool asks the metadata's host for the cloud. */
  cloud: string
}

const TOOLS: [string, Tool][] = [
  ["OpenTofu", { command: "tofu", settings: "tool: opentofu", cloud: "" }],
  // Terraform asks only for a cloud that it doesn't know.
  ["Terraform", { command: "terraform", settings: 'version: "1.5.7"', cloud: 'environment = "Test"\n' }],
]

const storage = once(azureStorage)

/** A service whose step is a command. */
async function stepping({ command, settings, cloud }: Tool, step: string): Promise<string> {
  const source = service({
    "app.py": "",
    "slipway.yaml": `infra: { ${settings}, lockTimeout: 1s }\n`,
    "infra/main.tf": MAIN,
    "infra/free.sh": FREE,
    "infra/staging.tfvars": `step = "${step}"\n`,
    "infra/staging.tfbackend": `metadata_host = "${HOST}:8443"
${cloud}storage_account_name = "slipway"
container_name = "states"
key = "${command}.tfstate"
`,
  })
  copyFileSync((await storage()).certificate, join(source, "infra/cert.pem"))
  return source
}

const on = (source: string): string => `${REPOSITORY} --source $(host | directory ${source})`
const sealing = (source: string, file: string): string =>
  `${on(source)} | infra ${ACCESS} | plan --environment staging --sha ${SHA} | sealed env://SLIPWAY_PLAN_KEY | export ${file}`
const running = (what: string): string =>
  `with-commit --sha=${SHA} | ci --event=manual --run-id=${randomUUID()} --only=${what}`
const planning = (source: string): string =>
  `${on(source)} | with-infra ${ACCESS} | ${running("plan")} | file verdict.json | contents`
const applying = (source: string, file: string): string =>
  `${on(source)} | with-infra ${ACCESS} --plan $(host | file ${file}) --plan-key env://SLIPWAY_PLAN_KEY | ${running("apply")}`
const applied = (source: string, file: string): string =>
  `${applying(source, file)} | file verdict.json | contents`

/** What a person types in the shell of `debug --stage=plan`. */
const freeing = (source: string, command: string): string => {
  const id = "$(grep -o 'ID: *[0-9a-f-]*' /slipway/out/stdout | sed 's/.* //')"
  const script = `again; ${command} force-unlock -force "${id}"`.replaceAll("'", "'\\''")
  return `${on(source)} | with-infra ${ACCESS} | debug --stage=plan | with-exec -- sh -c '${script}' | stdout`
}

interface Blob {
  status: number
  lease: string
  body: string
}

interface State {
  serial: number
  resources: { instances: { attributes: { triggers_replace: { value: string } } }[] }[]
}

const stepOf = ({ resources }: State): string | undefined =>
  resources[0]?.instances[0]?.attributes.triggers_replace.value

async function opened(sealed: string): Promise<State> {
  const decrypter = new Decrypter()
  decrypter.addPassphrase(PLAN_KEY)
  return JSON.parse(await decrypter.decrypt(armor.decode(sealed), "text")) as State
}

const life = once(async () => {
  const { files, account, key } = await storage()
  const parts = await Promise.all(TOOLS.map(([, tool]) => partOf(tool)))
  const ran = await runScripts({
    module: ESTATE,
    prelude: `storage $(host | directory ${files}) env://AZURITE_ACCOUNTS | with-hostname ${HOST} | start\n`,
    env: {
      AZURITE_ACCOUNTS: `${account}:${key}`,
      ARM_ACCESS_KEY: key,
      STAGING_SSL_CERT_FILE: "cert.pem",
      SLIPWAY_PLAN_KEY: PLAN_KEY,
    },
    scripts: Object.fromEntries(parts.flatMap(({ scripts }) => Object.entries(scripts))),
  })
  return { ...ran, key, outs: new Map(parts.map(({ command, out }) => [command, out])) }
})

/** A tool's part of the session, and the folder with the reports of its last apply. */
async function partOf(tool: Tool) {
  const { command } = tool
  const [killed, first, freed] = [
    await stepping(tool, "kill -9 $PPID"),
    await stepping(tool, "true"),
    await stepping(tool, `sh free.sh ${command}`),
  ] as const
  const plan = (name: string) => join(plans, name)
  const [plans, out] = [folder(), folder()]
  const blob = `ask http://${HOST}:8080/states/${command}.tfstate`
  const scripts = {
    "seal killed": sealing(killed, plan("killed")),
    killed: applied(killed, plan("killed")),
    locked: planning(first),
    free: freeing(first, command),
    "seal first": sealing(first, plan("first")),
    first: applied(first, plan("first")),
    written: blob,
    "seal freed": sealing(freed, plan("freed")),
    freed: `${applying(freed, plan("freed"))} | export ${out}`,
    left: blob,
  }
  return {
    command,
    out,
    scripts: Object.fromEntries(
      Object.entries(scripts).map(([name, script]) => [`${command} ${name}`, script]),
    ),
  }
}

// Both tools take minutes, more than one test may.
beforeAll(async () => {
  await engineEnvironment()
  await life()
})

describe.each(TOOLS)("a state in Azure's storage, by %s", (_, { command }) => {
  const blob = async (name: string) => (await life()).json(`${command} ${name}`) as Blob
  const state = async (name: string) => JSON.parse((await blob(name)).body) as State
  const stage = async (name: string, stage: string) =>
    stageOf((await life()).json(`${command} ${name}`) as Verdict, stage)
  const report = async (path: string) =>
    readFileSync(join((await life()).outs.get(command) ?? "", path), "utf8")

  it("stays locked by a run that was killed: the next one says by whom, and how to free it", async () => {
    expect((await stage("killed", "apply")).status).toBe("error")
    const { reason, exitCode } = await stage("locked", "plan")
    expect(reason).toMatch(
      new RegExp(
        String.raw`^staging infra: the state is locked by \S+@\S+ \(apply\) since 20\S+Z; if that run was killed, .${command} force-unlock [0-9a-f-]{36}. in the shell of .debug --stage=plan. frees it$`,
      ),
    )
    expect(exitCode).toBe(3)
  })

  it("is freed by that command, then written by an apply, and free afterwards", async () => {
    expect((await life()).of(`${command} free`)).toContain("has been successfully unlocked")
    expect((await stage("first", "apply")).reason).toBe("staging infra: 1 change applied (1 create)")
    expect(await blob("written")).toMatchObject({ status: 200, lease: "available" })
    expect(stepOf(await state("written"))).toBe("true")
  })

  it("isn't overwritten by a run that lost its lock, whose state is kept for its owner", async () => {
    const { reason } = stageOf(JSON.parse(await report("verdict.json")) as Verdict, "apply")
    expect(reason).toMatch(
      new RegExp(
        String.raw`^the state can't be saved: somebody else freed its lock or took it while this run held it \((?:LeaseNotPresentWithBlobOperation|StatusCode=412)\); errored.tfstate.age has it: .age -d. it, then .${command} state push. \(staging infra: 2 changes applied \(1 create, 1 delete\)\)$`,
      ),
    )
    const [left, kept] = [
      await state("left"),
      await opened(await report("terraform/staging/infra/errored.tfstate.age")),
    ]
    expect((await blob("left")).lease).toBe("available")
    expect(left).toEqual(await state("written"))
    expect(stepOf(kept)).toBe(`sh free.sh ${command}`)
    expect(kept.serial).toBeGreaterThan(left.serial)
  })
})

it("the storage's key is in no output", async () => {
  const { stdout, stderr, key } = await life()
  expect(stdout.length).toBeGreaterThan(1000)
  expect(stdout + stderr).not.toContain(key)
})
