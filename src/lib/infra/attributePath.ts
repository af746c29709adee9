/** Paths inside an attribute's value, as a person would write them: `tags.env`, `rules[0].ports`, `tags["a.b"]`. */
const NAME = /^[A-Za-z_][\w-]*$/

/** Returns a path one step longer. Plans don't distinguish map keys from attribute names, so both have a dot. */
export function below(path: string, step: unknown): string {
  if (typeof step === "string" && NAME.test(step)) return path === "" ? step : `${path}.${step}`
  return `${path}[${JSON.stringify(step) ?? "null"}]`
}

/** Returns the path of steps as a plan has them: names, keys, indexes. */
export const pathText = (steps: readonly unknown[]): string => steps.reduce<string>(below, "")

const STEP = /\.?([A-Za-z_][\w-]*)|\[(?:([0-9]+)|("(?:[^"\\]|\\.)*"))\]/y

/** Normalises the spelling of a path; undefined for an invalid one. */
export function normalPath(text: string): string | undefined {
  let path = ""
  let at = 0
  while (at < text.length) {
    STEP.lastIndex = at
    const match = STEP.exec(text)
    const step = match && stepOf(match)
    const dotted = text[at] === "."
    if (match === null || step === undefined || (match[1] !== undefined && dotted !== at > 0))
      return undefined
    path = below(path, step)
    at = STEP.lastIndex
  }
  return path === "" ? undefined : path
}

function stepOf([, name, index, key]: RegExpExecArray): string | number | undefined {
  if (name !== undefined) return name
  if (index !== undefined) return Number(index)
  try {
    return JSON.parse(key ?? "") as string
  } catch {
    return undefined
  }
}

/** True if `other` is the path itself or below it. */
export const isSameOrBelow = (path: string, other: string): boolean =>
  other === path || (other.startsWith(path) && (other[path.length] === "." || other[path.length] === "["))
