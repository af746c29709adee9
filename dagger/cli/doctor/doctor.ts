import { findingsJson, findingsText, doctorExitCode } from "./finding.js"
import { machineFindings } from "./machine.js"
import { type DoctorOptions, serviceFindings } from "./service.js"
import { absoluteSource } from "../commands/sourceFolder.js"

/** Checks this machine and the service for problems that would stop a run. Returns the exit code. */
export async function doctor(options: DoctorOptions): Promise<number> {
  const source = absoluteSource(options.source)
  const findings = [...(await machineFindings()), ...(await serviceFindings({ ...options, source }))]
  process.stdout.write(options.json ? findingsJson(findings) : findingsText(findings))
  return doctorExitCode(findings)
}
