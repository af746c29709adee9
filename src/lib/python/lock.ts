import { normaliseName } from "./pins.js"

/**
 * Tells which packages of a lock the service needs itself, directly or not: the lock holds our tools and what these need
 * as well. Each line of it must say what needs the package, as `uv pip compile --annotation-style=line` writes it.
 *
 * @param tools The file that asks for our tools.
 */
export function servicePackages(lock: string, tools: string): Set<string> {
  const needs = new Map<string, string[]>()
  const roots: string[] = []
  for (const [, name = "", via = ""] of lock.matchAll(/^([A-Za-z0-9][\w.-]*).*?\s# via (.+)$/gm)) {
    const package_ = normaliseName(name)
    for (const parent of via.split(", ")) {
      // A constraint asks for nothing.
      if (parent.startsWith("-c ") || parent === `-r ${tools}`) continue
      if (parent.startsWith("-r ") || parent.includes(" (")) roots.push(package_)
      else needs.set(normaliseName(parent), [...(needs.get(normaliseName(parent)) ?? []), package_])
    }
  }
  const found = new Set<string>()
  for (const queue = roots; queue.length > 0;) {
    const name = queue.pop() ?? ""
    if (found.has(name)) continue
    found.add(name)
    queue.push(...(needs.get(name) ?? []))
  }
  return found
}
