import { join, relative } from "node:path"
import { REPOSITORY } from "../lib/home.js"
import { say, seconds } from "../lib/progress.js"
import { runCi } from "./ci.js"

/** The version that the sample service says it has. */
const VERSION = "1.0.0"

/** The pipeline on the sample service as for a version's tag, with an engine and a registry of its own. */
export async function demo(): Promise<number> {
  const begun = Date.now()
  const source = join(REPOSITORY, "test/app")
  const out = join(REPOSITORY, "out")
  say(`the pipeline on ${relative(process.cwd(), source) || "."}`)
  const code = await runCi({ source, out, event: "push", ref: `refs/tags/v${VERSION}`, embedded: true })
  say(`read out/report.html; in a hurry: out/summary.md (${seconds(begun)} in all)`)
  return code
}
