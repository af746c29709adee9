import { randomUUID } from "node:crypto"
import { shellQuote } from "../../../src/lib/text/shellQuote.js"
import { callModule } from "../../module/call.js"
import { optionalArgument } from "../../module/arguments.js"
import {
  configuredRecipient,
  loginRecipient,
  registryArguments,
  type RegistryOptions,
} from "./credentials.js"
import { clusterArguments, type DeployOptions } from "./deploy.js"
import { deploySettings } from "./environment.js"
import { whileLoggedIn } from "./acrLogin.js"
import { openReport } from "./openReport.js"
import { prepareOut } from "./outFolder.js"
import { beginRun, runWithVerdict } from "./runWithVerdict.js"
import { absoluteSource } from "./sourceFolder.js"

export interface CleanupOptions extends RegistryOptions, DeployOptions {
  source: string
  out: string
  now?: string
  json?: boolean
  open?: boolean
  runId?: string
  /** Delete instead of only listing. */
  yes?: boolean
}

/** Lists or deletes stale resources. Returns the exit code. */
export async function runCleanup(options: CleanupOptions): Promise<number> {
  const source = absoluteSource(options.source)
  const { runId = randomUUID() } = options
  const begun = beginRun({ id: runId, event: "manual", ref: "", sha: "" }, callModule(source, options.now))
  const run = await whileLoggedIn(loginRecipient(options, source), () => {
    const args = cleanupArguments({ ...options, source, runId })
    return runWithVerdict(prepareOut(options.out), begun, options, () => Promise.resolve(args))
  })
  if (options.open && run.verdict !== undefined) await openReport(run.out)
  return run.code
}

/** The arguments of `dagger` for a cleanup; `source` is an absolute path. */
export function cleanupArguments(options: CleanupOptions): string[] {
  const { source, now, environment, yes, runId = randomUUID() } = options
  const call = callModule(source, now)
  return [
    ...call,
    `--invocation=${shellQuote(["dagger", ...call])}`,
    ...registryArguments(options, configuredRecipient(source)),
    "cleanup",
    ...optionalArgument("environment", environment),
    ...clusterArguments(options, deploySettings(source)),
    yes ? "run" : "report",
    `--run-id=${runId}`,
  ]
}
