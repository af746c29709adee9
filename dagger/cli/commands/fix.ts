import { callModule, daggerHere, serviceArguments } from "../../module/call.js"
import { indexArguments, type IndexOptions } from "./indexes.js"
import { absoluteSource, servicesIn } from "./sourceFolder.js"
import { trackedArguments } from "./tracked.js"

export interface FixOptions extends IndexOptions {
  source: string
  /** A service of the source, by its name or folder. */
  service?: string
  yes?: boolean
}

/** Prints fixes as a patch, of each service of the source, or applies them. Returns the exit code. */
export async function printFixes({ source, service, yes, ...options }: FixOptions): Promise<number> {
  const folder = absoluteSource(source)
  const all = servicesIn(folder).map(({ name }) => name)
  const given = [...indexArguments(options, ["quality"]), ...trackedArguments(folder)]
  const call = ["--progress=plain", ...callModule(folder), ...given]
  const end = yes ? ["export", `--path=${folder}`] : ["as-patch", "contents"]
  const codes: number[] = []
  for (const each of service === undefined && all.length > 0 ? all : [service])
    codes.push(await daggerHere([...call, ...serviceArguments(each), "fix", ...end]))
  return Math.max(...codes)
}
