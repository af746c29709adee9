import { findingsJson, findingsText, doctorExitCode } from "./finding.js"
import { machineFindings } from "./machine.js"
import { type DoctorOptions, serviceFindings } from "./service.js"
import { absoluteSource } from "../commands/sourceFolder.js"

/** Prints what would stop a run on this machine and for this event, before anything runs. Returns the exit code. */
export async function doctor(options: DoctorOptions): Promise<number> {
  const source = absoluteSource(options.source)
  const findings = [...(await machineFindings()), ...(await serviceFindings({ ...options, source }))]
  process.stdout.write(options.json ? findingsJson(findings) : findingsText(findings))
  return doctorExitCode(findings)
}
