import type { EffectivePolicy, PolicySetting } from "./effective.js"
import { type KeyRule, ruleOf } from "./keys.js"

type Settings = EffectivePolicy["settings"]

/** A key of `slipway.yaml` with a weaker value than before. */
export interface WeakenedSetting {
  what: string
  from: string
  to: string
}

/** Returns the keys whose values let more pass than those of the base. */
export function weakenedSettings(base: Settings, head: Settings): WeakenedSetting[] {
  const keys = [...new Set([...Object.keys(base), ...Object.keys(head)])]
  return keys.flatMap((key) => {
    const rule = ruleOf(key)
    const [from, to] = [base[key], head[key]]
    if (rule === undefined || !weaker(rule, from, to)) return []
    const none = rule.kind === "covers" ? "all" : rule.kind === "replaces" ? "Slipway's own" : "none"
    const shown = (value: PolicySetting | undefined) => settingText(value, rule, none)
    return [{ what: key, from: shown(from), to: shown(to) }]
  })
}

/** True if a value lets more pass than another one, by the rule of its key. Absent values are undefined. */
export function weaker(
  rule: KeyRule,
  from: PolicySetting | undefined,
  to: PolicySetting | undefined,
): boolean {
  switch (rule.kind) {
    case "least":
      return from !== undefined && (to === undefined || Number(to) < Number(from))
    case "most":
      return from !== undefined && (to === undefined || Number(to) > Number(from))
    case "order":
      return rank(rule.order, to ?? rule.absent) < rank(rule.order, from ?? rule.absent)
    case "covers":
      return !coversAll(items(to), items(from), rule.empty === true)
    case "excludes":
      return (items(to) ?? []).some((item) => !(items(from) ?? []).includes(item))
    case "ramps":
      return work(to) < work(from) || peak(to) < peak(from)
    case "replaces":
      return to !== undefined && to !== from
    case "fixed":
      return to !== from
  }
}

const rank = (order: readonly (string | boolean)[], value: PolicySetting | undefined): number =>
  order.findIndex((each) => each === value)

const items = (value: PolicySetting | undefined): string[] | undefined =>
  value === undefined ? undefined : Array.isArray(value) ? value.map(String) : [String(value)]

/** True if a list has everything of another one, which paths do below them too. */
function coversAll(
  list: readonly string[] | undefined,
  wanted: readonly string[] | undefined,
  empty: boolean,
): boolean {
  const all = (some: readonly string[] | undefined) => some === undefined || (empty && some.length === 0)
  if (all(list)) return true
  if (all(wanted)) return false
  return (wanted ?? []).every((item) => (list ?? []).some((other) => within(item, other)))
}

function within(item: string, folder: string): boolean {
  const trimmed = folder.replace(/^\.\//, "").replace(/\/$/, "")
  const path = item.replace(/^\.\//, "").replace(/\/$/, "")
  return trimmed === "." || path === trimmed || path.startsWith(`${trimmed}/`)
}

/** Ramps as they are in a policy: `60s:10`. */
const ramps = (value: PolicySetting | undefined): { seconds: number; users: number }[] =>
  (items(value) ?? []).map((text) => {
    const [seconds = "", users = ""] = text.split("s:")
    return { seconds: Number(seconds), users: Number(users) }
  })

const peak = (value: PolicySetting | undefined): number =>
  Math.max(0, ...ramps(value).map(({ users }) => users))

/** User seconds of a profile: the area below its line. */
function work(value: PolicySetting | undefined): number {
  let before = 0
  let all = 0
  for (const { seconds, users } of ramps(value)) {
    all += (seconds * (before + users)) / 2
    before = users
  }
  return all
}

function settingText(value: PolicySetting | undefined, rule: KeyRule, none: string): string {
  if (value === undefined) return none
  if (Array.isArray(value))
    return value.length === 0 ? (rule.kind === "covers" ? "all" : "none") : value.join(", ")
  const unit =
    (rule.kind === "least" || rule.kind === "most") && rule.unit !== undefined ? ` ${rule.unit}` : ""
  return `${String(value)}${unit}`
}
