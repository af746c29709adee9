import { isMap, isScalar, type ParsedNode, type Scalar, type YAMLMap } from "yaml"
import { type Problems, quoteValue } from "./problem.js"

type Node = ParsedNode | null

/** A key, or the values of one, under a name that `slipway.yaml` no longer has. */
interface Renaming {
  /** The section with the key, or the map whose every value is meant. */
  readonly at: string
  /** The old and the new name of a key; absent where only its values changed. */
  readonly key?: readonly [old: string, current: string]
  /** The current value for each old one. */
  readonly values?: Readonly<Record<string, string | boolean>>
}

const YES_NO = { yes: true, no: false } as const

/** Everything that was renamed. The old spelling still works, with a warning. */
const RENAMED: readonly Renaming[] = [
  { at: "load.stress", key: ["bears", "minimumUsers"] },
  { at: "image.unfixed", values: { named: "report", fails: "fail" } },
  { at: "release.log", values: { on: true, off: false } },
  { at: "deploy", key: ["slow", "latencyP95"] },
  { at: "deploy.errors", key: ["above", "maxPercent"] },
  { at: "deploy.verify.*", values: { name: "warn", refuse: "enforce" } },
  { at: "deploy.proof.required.*", values: YES_NO },
  { at: "dast.active.*", values: YES_NO },
  { at: "cleanup.apply", values: YES_NO },
]

/**
 * Brings a parsed `slipway.yaml` to the current names, in place.
 *
 * Each old name found goes to `warnings`, with its place; an old name next to its successor is a problem.
 */
export function applyRenamed(contents: Node, problems: Problems, warnings: Problems): void {
  for (const { at, key, values } of RENAMED)
    for (const [path, node] of nodesAt(contents, at.split("."))) {
      if (key !== undefined && isMap(node)) renameKey(node, path, key, { problems, warnings })
      if (values !== undefined && isScalar(node)) renameValue(node, path, values, warnings)
    }
}

function renameKey(
  map: YAMLMap,
  path: string,
  [old, current]: readonly [string, string],
  { problems, warnings }: { problems: Problems; warnings: Problems },
): void {
  const keys = map.items.map(({ key }) => key).filter(isScalar)
  for (const key of keys.filter(({ value }) => value === old)) {
    const place = [offsetOf(key), `${path}.${old}`] as const
    if (keys.some(({ value }) => value === current))
      problems.add(...place, `renamed to ${quoteValue(current)}, which is set as well; remove one of them`)
    else warnings.add(...place, `renamed; write ${quoteValue(current)}`)
  }
  // Only now: where both stand, the checker must not report one of them as unknown.
  if (keys.some(({ value }) => value === current))
    map.items = map.items.filter(({ key }) => !(isScalar(key) && key.value === old))
  else for (const key of keys) if (key.value === old) key.value = current
}

function renameValue(
  scalar: Scalar,
  path: string,
  values: Readonly<Record<string, string | boolean>>,
  warnings: Problems,
): void {
  const old = scalar.value
  if (typeof old !== "string" || !Object.hasOwn(values, old)) return
  const current = values[old]
  warnings.add(offsetOf(scalar), path, `${quoteValue(old)} was renamed; write ${String(current)}`)
  scalar.value = current
}

/** The nodes at a path, in which `*` stands for every key. */
function nodesAt(node: Node, keys: readonly string[], path = ""): [path: string, node: Node][] {
  const [first, ...rest] = keys
  if (first === undefined) return [[path, node]]
  if (!isMap(node)) return []
  return node.items.flatMap(({ key, value }) => {
    const name = isScalar(key) && typeof key.value === "string" ? key.value : undefined
    if (name === undefined || (first !== "*" && name !== first)) return []
    return nodesAt(value, rest, path ? `${path}.${name}` : name)
  })
}

const offsetOf = (node: Scalar): number => node.range?.[0] ?? 0
