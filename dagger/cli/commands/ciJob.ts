import { neutralizeCommands } from "../hosts/workflowCommands.js"
import type { CiHost } from "../../../src/lib/config/wrappers.js"
import { manualRequest, hostEvent, unresolvedVariables } from "../hosts/event.js"
import { reportToHost } from "../hosts/report.js"
import { aliases, keepTokens, tokenRequests } from "../hosts/tokens.js"
import { registerSecretAddresses } from "../../module/secretAddress.js"
import { type CiOptions, runPipeline } from "./ci.js"

/**
 * Runs the pipeline for a CI host's job and reports to the host by its own means.
 *
 * Options take precedence over the host's variables. Returns the exit code.
 */
export async function runCiJob(host: CiHost, options: CiOptions): Promise<number> {
  const { env } = process
  for (const variable of unresolvedVariables(env)) env[variable] = ""
  const event = hostEvent(host, env)
  const request = manualRequest(event, env)
  Object.assign(env, aliases(host, env))
  const tokens = await keepTokens(tokenRequests(host, env), (token) => {
    if (host === "github") print([`::add-mask::${token}`])
    if (host === "azure") print([`##vso[task.setsecret]${token}`])
  })
  registerSecretAddresses(tokens.addresses)
  try {
    const { only = [], ...answers } = request ?? {}
    const { code, out, verdict } = await runPipeline(
      { ...event, ...answers, ...options, neutralize: neutralizeCommands },
      only,
    )
    if (verdict !== undefined) print(await reportToHost(host, out, verdict, env))
    return code
  } finally {
    tokens.end()
  }
}

function print(lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`)
}
