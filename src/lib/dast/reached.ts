import { parse } from "yaml"
import type { Config } from "../config/config.js"
import { fields, parseJson } from "../text/json.js"
import { count } from "../text/words.js"
import { scope } from "./scope.js"

/** Responses of a service before the scan: those for some paths, and its OpenAPI document. */
export interface Reached {
  /** The result for each path, in the order of the requests. */
  answers: { path: string; status: number; problem?: string }[]
  /** The text of its OpenAPI document, if it serves one. */
  document?: string
}

/** Starting point of a scan. */
export interface Start {
  /** A path that answers 200, as the spider requires of its first one; undefined if no page is to be read. */
  path?: string
  /** The OpenAPI document to import. */
  document?: string
  /** Note on the parts of the document that are left out. */
  note: string
}

/** Methods of operations that change nothing (RFC 9110, section 9.2.1). */
const SAFE = ["get", "head", "options", "trace"]
const METHODS = [...SAFE, "put", "post", "delete", "patch"]

/** Returns the starting point of a scan, or why there is none. A passive scan sends no request that changes data. */
export function startOf(
  { answers, document }: Reached,
  { active, dast }: { active: boolean; dast: Pick<Config["dast"], "include" | "exclude"> },
): Start | { problem: string } {
  const [first] = answers
  const down = answers.every(({ status }) => status === 0)
  if (down) return { problem: `it can't be reached: ${first?.problem ?? "nothing was asked"}` }
  const path = answers.find(({ status }) => status === 200)?.path
  const imported = document === undefined ? undefined : importable(document, active, scope(dast))
  if (imported !== undefined && "problem" in imported) return imported
  if (path === undefined && imported === undefined) {
    const said = answers.map(({ path: asked, status }) => `${asked} ${status}`).join(", ")
    return {
      problem: `there is nothing to begin with: no path answers 200 (${said}), and it names no OpenAPI document`,
    }
  }
  return {
    ...(path !== undefined && { path }),
    ...(imported !== undefined && { document: imported.document }),
    note: imported?.note ?? "none",
  }
}

function importable(
  text: string,
  active: boolean,
  inScope: (path: string) => boolean,
): { document: string; note: string } | { problem: string } {
  const document = parsed(text)
  const all = Object.entries(fields(document.paths))
  const paths = all.filter(([path]) => inScope(path))
  if (all.length === 0) return { problem: "its OpenAPI document is neither JSON nor YAML with paths" }
  let [left, out] = [0, 0]
  const kept = paths.map(([path, item]) => {
    const operations = Object.entries(fields(item)).filter(([method]) => {
      if (!METHODS.includes(method)) return true
      const fits = active || SAFE.includes(method)
      if (fits) left += 1
      else out += 1
      return fits
    })
    return [path, Object.fromEntries(operations)] as const
  })
  const unchanging = out === 0 ? "" : `, without ${out} that may change data`
  const others = all.length - paths.length
  const note = `${count(left, "operation")}${unchanging}${others === 0 ? "" : `, ${count(others, "path")} left out`}`
  return { document: `${JSON.stringify({ ...document, paths: Object.fromEntries(kept) })}\n`, note }
}

/** Parses a document, as JSON if it can: YAML is much slower. */
function parsed(text: string): Record<string, unknown> {
  const json = fields(parseJson(text))
  if (Object.keys(json).length > 0) return json
  try {
    return fields(parse(text, { logLevel: "error" }))
  } catch {
    return {}
  }
}
