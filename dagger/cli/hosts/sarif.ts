import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { askForge, type ForgeAccess } from "../../../src/lib/forge/host.js"
import { type Http, httpClient } from "../../../src/lib/http/client.js"
import { sarifOfService } from "../../../src/lib/report/sarifOfService.js"
import { type ServicePlace, WHOLE } from "../../../src/lib/services/places.js"
import { pool } from "../../../src/lib/run/pool.js"
import type { StageResult, Verdict } from "../../../src/lib/run/verdict.js"
import { fromFork } from "./fork.js"
import type { Variables } from "../../lib/variables.js"
import { CODE_SCANNING } from "../../../src/lib/pipeline/stages.js"

const AT_ONCE = 3

/**
 * Uploads the findings of each completed tool to GitHub code scanning. Returns the messages to print.
 *
 * Each tool has its own category, since an upload replaces the previous one of its category.
 */
export async function uploadSarif(
  out: string,
  { stages }: Verdict,
  env: Variables,
  http: Http = httpClient(),
  place: ServicePlace = WHOLE,
): Promise<string[]> {
  const { GITHUB_TOKEN: token, GITHUB_REPOSITORY: repository, GITHUB_API_URL: api } = env
  const { GITHUB_SHA: sha, GITHUB_REF: ref } = env
  if (!token || !repository || !api || !sha || !ref) return []
  if (fromFork(env)) return ["code scanning: a pull request from a fork may not write to it; see the summary"]
  const access: ForgeAccess = {
    name: "GitHub",
    needs: "the permission `security-events: write`, and the repository code scanning",
    headers: { accept: "application/vnd.github+json", authorization: `Bearer ${token}` },
    token,
  }
  const url = `${api}/repos/${repository}/code-scanning/sarifs`
  const uploads = stages.filter(scanned).flatMap(({ name }) => {
    const file = join(out, `sarif/${name}.sarif`)
    if (!existsSync(file)) return []
    const text = sarifOfService(readFileSync(file, "utf8"), place)
    const sarif = gzipSync(text).toString("base64")
    return [() => askForge(http, access, { method: "POST", url, json: { commit_sha: sha, ref, sarif } })]
  })
  const replies = await pool(AT_ONCE, uploads)
  const reasons = replies.flatMap((reply) => (reply.kind === "done" ? [] : [reply.reason]))
  return [...new Set(reasons)].map((reason) => `code scanning: ${reason}`)
}

/** True if the tool completed: the results of another would close alerts that still apply. */
const scanned = ({ group, status }: StageResult): boolean =>
  CODE_SCANNING.some((known) => known === group) && (status === "passed" || status === "failed")
