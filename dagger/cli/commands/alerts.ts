import { callModule, daggerHere } from "../../module/call.js"
import { absoluteSource } from "./sourceFolder.js"

export interface AlertsOptions {
  source: string
  yes?: boolean
}

/** Prints the generated alert rules, or writes them to their file. Returns the exit code. */
export function printAlerts({ source, yes }: AlertsOptions): Promise<number> {
  const folder = absoluteSource(source)
  const end = yes ? ["generate", "export", `--path=${folder}`] : ["rules", "contents"]
  return daggerHere(["--progress=plain", ...callModule(folder), "monitoring", ...end])
}
