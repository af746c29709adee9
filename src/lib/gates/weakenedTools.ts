import type { SourceFacts } from "./effective.js"
import { type ConfiguredTool, replacesDefaults, toolRule, type ToolRule } from "./toolRules.js"

type Tools = SourceFacts["tools"]
type Value = Tools[string] | undefined

interface WeakenedTool {
  /** The key in the policy: `mypy ignore_errors`. */
  key: string
  what: string
  from: string
  to: string
}

/** Returns the settings by which tools report less than by those of the base. */
export function weakenedTools(base: Tools, head: Tools): WeakenedTool[] {
  const keys = [...new Set([...Object.keys(base), ...Object.keys(head)])].sort()
  return keys.flatMap((key) => {
    const at = key.indexOf(" ")
    const tool = (at < 0 ? key : key.slice(0, at)) as ConfiguredTool
    const [from, to] = [base[key], head[key]]
    if (at < 0) return configured(tool, from, to)
    const rule = toolRule(tool, key.slice(at + 1).replace(/^\[[^\]]*\] /, ""))
    // Said by the line on the tool itself, if all of its settings are new or gone.
    if (
      rule === "fixed" &&
      (base[tool] === undefined) !== (head[tool] === undefined) &&
      replacesDefaults(tool)
    )
      return []
    const change = weakerTool(rule, from, to)
    return change === undefined ? [] : [{ key, what: key, ...change }]
  })
}

/** Settings of the service's own, in the place of Slipway's, or the other way round. */
function configured(tool: ConfiguredTool, from: Value, to: Value): WeakenedTool[] {
  if (!replacesDefaults(tool) || (from === undefined) === (to === undefined)) return []
  const shown = (value: Value) => (value === undefined ? "Slipway's settings" : "settings of its own")
  return [{ key: tool, what: tool, from: shown(from), to: shown(to) }]
}

/** How a setting became weaker; undefined if it didn't. */
function weakerTool(rule: ToolRule, from: Value, to: Value): { from: string; to: string } | undefined {
  const [before, after] = [list(from), list(to)]
  const added = after.filter((item) => !before.includes(item))
  const lost = before.filter((item) => !after.includes(item))
  const both = { from: valueText(from), to: valueText(to) }
  switch (rule) {
    case "ignores":
      if (added.length === 0) return undefined
      return { ...both, to: before.length === 0 ? added.join(", ") : `also ${added.join(", ")}` }
    case "restricts":
      if (to === undefined || (from !== undefined && lost.length === 0)) return undefined
      return { ...both, from: from === undefined ? "all" : both.from }
    case "adds":
      return lost.length === 0 ? undefined : both
    case "strict":
      return (isOn(from) && !isOn(to)) || (isOff(to) && !isOff(from)) ? both : undefined
    case "loose":
      return isOn(to) && !isOn(from) ? both : undefined
    case "most":
      return to !== undefined && !(Number(text(to)) <= Number(text(from))) ? both : undefined
    case "fixed":
      return text(from) === text(to) ? undefined : both
    case "free":
      return undefined
  }
}

const list = (value: Value): readonly string[] =>
  value === undefined ? [] : typeof value === "string" ? [value] : value

const text = (value: Value): string => list(value).join(", ")

const valueText = (value: Value): string => (value === undefined ? "none" : text(value) || "empty")

const isOn = (value: Value): boolean => /^(true|yes|on|1)$/i.test(text(value))
const isOff = (value: Value): boolean => /^(false|no|off|0)$/i.test(text(value))
