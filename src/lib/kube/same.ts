/** Checks whether a change took effect although its answer was lost. */
import type { KubeObject } from "./objects.js"
import { quantity } from "./quantity.js"

export interface PatchOperation {
  op: string
  path: string
  value?: unknown
}

/** Fields that the server sets itself, so that they differ from the sent ones. */
const OWN: readonly string[] = ["resourceVersion", "generation", "managedFields", "creationTimestamp", "uid"]

/** True if an object has everything that was sent. In a merge patch null stands for an absent value. */
export function holds(actual: unknown, sent: unknown, path: readonly string[] = []): boolean {
  if (actual === undefined || actual === null) return isEmpty(sent)
  if (sent === null || sent === undefined) return sent === undefined
  if (typeof sent !== "object") return actual === sent || isSameAmount(actual, sent)
  if (typeof actual !== "object") return false
  if (Array.isArray(sent))
    return (
      Array.isArray(actual) &&
      actual.length === sent.length &&
      sent.every((each, index) => holds(actual[index], each, [...path, String(index)]))
    )
  return Object.entries(sent).every(
    ([key, value]) =>
      isServers(path, key) || holds((actual as Record<string, unknown>)[key], value, [...path, key]),
  )
}

/** True for empty values, which a server leaves out. */
const isEmpty = (sent: unknown): boolean =>
  sent === null || (typeof sent === "object" ? Object.keys(sent).length === 0 : !sent)

/** True for equal amounts: a server normalises them, such as 1000m to 1. */
function isSameAmount(actual: unknown, sent: unknown): boolean {
  const [one, other] = [actual, sent].map((each) => (typeof each === "string" ? quantity(each) : undefined))
  return one !== undefined && one === other
}

/** Fields that the server sets itself, or never shows. */
const isServers = (path: readonly string[], key: string): boolean =>
  path.length === 0
    ? key === "status" || key === "stringData"
    : path.length === 1 && path[0] === "metadata" && OWN.includes(key)

/** True if an object is in the state that the operations of a JSON patch result in. */
export const patched = (actual: KubeObject, operations: readonly PatchOperation[]): boolean =>
  operations.every(({ op, path, value }) => {
    if (op === "test") return true
    const found = at(actual, path)
    if (op === "remove") return found === undefined
    return (op === "add" || op === "replace") && found !== undefined && holds(found, value, ["", ""])
  })

function at(value: unknown, path: string): unknown {
  const keys = path.split("/").slice(1)
  return keys
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce<unknown>(
      (found, key) =>
        typeof found === "object" && found !== null ? (found as Record<string, unknown>)[key] : undefined,
      value,
    )
}
