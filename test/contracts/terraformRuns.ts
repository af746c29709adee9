/** Runs Terraform or OpenTofu for the checks of their contract. */
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import type { Fact } from "./contract.js"

export interface TerraformSettings {
  /** Files of the root, by their names. Only the built-in provider is there: the checks download nothing. */
  files: Readonly<Record<string, string>>
  /** Commands, one after another; `{out}` is a folder beside the root. */
  steps: readonly (readonly string[])[]
  environment?: Readonly<Record<string, string>>
}

/** What each command came to. */
export interface Step {
  exitCode: number
  stdout: string
  stderr: string
}

export type TerraformFact = Fact<Step[], TerraformSettings>

/** The environment that Slipway runs it in. */
const ENVIRONMENT = {
  TF_IN_AUTOMATION: "1",
  TF_INPUT: "0",
  CHECKPOINT_DISABLE: "1",
  TF_CLI_CONFIG_FILE: "/dev/null",
}

/** Runs a check's commands in a folder of its own. */
export function runTerraform(path: string): (settings: TerraformSettings) => Promise<Step[]> {
  return ({ files, steps, environment = {} }) => {
    const folder = mkdtempSync(join(tmpdir(), "slipway-terraform-"))
    const [root, out] = [join(folder, "root"), join(folder, "out")]
    try {
      for (const name of [root, out]) mkdirSync(name)
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(root, name)), { recursive: true })
        writeFileSync(join(root, name), text)
      }
      const env = { ...process.env, ...ENVIRONMENT, ...environment }
      const ran = steps.map((step) => {
        const words = step.map((word) => word.replaceAll("{out}", out))
        const run = spawnSync(path, words, { cwd: root, env, encoding: "utf8", timeout: 60_000 })
        return { exitCode: run.status ?? -1, stdout: run.stdout, stderr: run.stderr }
      })
      return Promise.resolve(ran)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

/** The version that a program says it has. */
export function terraformVersion(path: string): { text: string; number: string } {
  const run = spawnSync(path, ["version"], { encoding: "utf8", env: { ...process.env, ...ENVIRONMENT } })
  const [text = ""] = run.stdout.trim().split("\n")
  return { text, number: /\bv(\d+\.\d+\.\d+)/.exec(text)?.[1] ?? "0.0.0" }
}
