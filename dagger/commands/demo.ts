import { join, relative } from "node:path"
import { REPOSITORY } from "../lib/home.js"
import { say, seconds } from "../lib/progress.js"
import { runCi } from "./ci.js"

/**
 * The pipeline on the sample service as for a push to develop, with an engine and a registry of its own. That registry
 * lasts, and a version in it stands for good: of two commits, the second couldn't be published as the same one.
 */
export async function demo(): Promise<number> {
  const begun = Date.now()
  const source = join(REPOSITORY, "test/app")
  const out = join(REPOSITORY, "out")
  say(`the pipeline on ${relative(process.cwd(), source) || "."}`)
  const code = await runCi({ source, out, event: "push", ref: "refs/heads/develop", embedded: true })
  say(`read out/report.html; in a hurry: out/summary.md (${seconds(begun)} in all)`)
  return code
}
