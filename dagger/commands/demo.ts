import { join, relative } from "node:path"
import { REPOSITORY } from "../lib/home.js"
import { say, seconds } from "../lib/progress.js"
import { runCi } from "./ci.js"

/** The pipeline on the sample service, with an engine of its own where there is none. */
export async function demo(): Promise<number> {
  const begun = Date.now()
  const source = join(REPOSITORY, "test/app")
  const out = join(REPOSITORY, "out")
  say(`the pipeline on ${relative(process.cwd(), source) || "."}`)
  const code = await runCi({ source, out })
  say(`read out/report.html; in a hurry: out/summary.md (${seconds(begun)} in all)`)
  return code
}
