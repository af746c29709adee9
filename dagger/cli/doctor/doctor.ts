import { findingsJson, findingsText, exitCodeOf } from "./finding.js"
import { machine } from "./machine.js"
import { type DoctorOptions, service } from "./service.js"
import { absoluteSource } from "../commands/source.js"

/** Prints what would stop a run on this machine and for this event, before anything runs. Returns the exit code. */
export async function doctor(options: DoctorOptions): Promise<number> {
  const source = absoluteSource(options.source)
  const findings = [...(await machine()), ...(await service({ ...options, source }))]
  process.stdout.write(options.json ? findingsJson(findings) : findingsText(findings))
  return exitCodeOf(findings)
}
