import { normaliseName } from "./pins.js"

/**
 * Returns the packages of a lock that the service depends on, directly or not.
 *
 * The lock holds our tools and their dependencies as well. Each line must name what requires the package, as
 * `uv pip compile --annotation-style=line` writes it.
 *
 * @param tools The requirement file of our tools.
 */
export function servicePackages(lock: string, tools: string): Set<string> {
  const needs = new Map<string, string[]>()
  const roots: string[] = []
  for (const line of lock.split("\n")) {
    const [requirement = "", via] = line.split(/\s# via /)
    const name = /^[A-Za-z0-9][\w.-]*/.exec(requirement)?.[0]
    if (name === undefined || via === undefined) continue
    const package_ = normaliseName(name)
    for (const parent of via.split(", ")) {
      // A constraint requires nothing.
      if (parent.startsWith("-c ") || parent === `-r ${tools}`) continue
      if (parent.startsWith("-r ") || parent.includes(" (")) roots.push(package_)
      else add(needs, normaliseName(parent), package_)
    }
  }
  const found = new Set<string>()
  for (const queue = roots; queue.length > 0;) {
    const name = queue.pop() ?? ""
    if (found.has(name)) continue
    found.add(name)
    for (const needed of needs.get(name) ?? []) queue.push(needed)
  }
  return found
}

function add(needs: Map<string, string[]>, parent: string, package_: string): void {
  const known = needs.get(parent)
  if (known === undefined) needs.set(parent, [package_])
  else known.push(package_)
}
