import { findingsJson, findingsText, exitCodeOf } from "../doctor/finding.js"
import { machine } from "../doctor/machine.js"
import { type DoctorOptions, service } from "../doctor/service.js"
import { absoluteSource } from "./source.js"

/** Prints what would stop a run on this machine and for this event, before anything runs. Returns the exit code. */
export async function doctor(options: DoctorOptions): Promise<number> {
  const source = absoluteSource(options.source)
  const findings = [...(await machine()), ...(await service({ ...options, source }))]
  process.stdout.write(options.json ? findingsJson(findings) : findingsText(findings))
  return exitCodeOf(findings)
}
