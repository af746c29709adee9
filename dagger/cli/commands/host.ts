import { inert } from "../hosts/workflowCommands.js"
import type { CiHost } from "../../../src/lib/config/wrappers.js"
import { askedBy, toldBy, unset } from "../hosts/happening.js"
import { reportTo } from "../hosts/report.js"
import { aliases, keepTokens, tokenRequests } from "../hosts/tokens.js"
import { keepSecretsAt } from "../../module/secretAddress.js"
import { type CiOptions, runPipeline } from "./ci.js"

/**
 * Runs what a CI host's job asks for, and tells the host of it by its own means. What options say goes before what the
 * host says. Returns the exit code.
 */
export async function runCiOn(host: CiHost, options: CiOptions): Promise<number> {
  const { env } = process
  for (const variable of unset(env)) env[variable] = ""
  const told = toldBy(host, env)
  const asked = askedBy(told, env)
  Object.assign(env, aliases(host, env))
  const tokens = await keepTokens(tokenRequests(host, env), (token) => {
    if (host === "github") print([`::add-mask::${token}`])
    if (host === "azure") print([`##vso[task.setsecret]${token}`])
  })
  keepSecretsAt(tokens.addresses)
  try {
    const { only = [], ...answers } = asked ?? {}
    const { code, out, verdict } = await runPipeline({ ...told, ...answers, ...options, inert }, only)
    if (verdict !== undefined) print(await reportTo(host, out, verdict, env))
    return code
  } finally {
    tokens.end()
  }
}

function print(lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`)
}
