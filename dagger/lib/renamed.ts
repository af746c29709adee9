import { GROUPS } from "../../src/lib/pipeline/stages.js"
import { say } from "./progress.js"

/** Groups of stages that were renamed: former name → current name. */
const RENAMED_GROUPS: Readonly<Record<string, string>> = { tell: "notify" }

/** Returns the current name of a group or stage; warns on stderr about a former name. */
export function currentName(name: string, warn: (line: string) => void = say): string {
  const current = RENAMED_GROUPS[name]
  if (current === undefined || GROUPS.some((group) => group === name)) return name
  warn(`! the group "${name}" was renamed; write "${current}"`)
  return current
}
