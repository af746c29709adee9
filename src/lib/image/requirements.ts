import { findRequirements, type ProjectFiles, type Requirements } from "../python/project.js"

import { fields, parseJson } from "../text/json.js"
import { readToml, valueAt } from "../text/toml.js"

/** Names of requirement files for development. */
const DEVELOPMENT =
  /(^|[-_./])(dev|develop|development|tests?|testing|lint|qa|quality|style|types?|typing|mypy)([-_./]|$)/

const forRunning = (name: string): boolean => !DEVELOPMENT.test(name)

/** Returns the requirements for running a service: those of `findRequirements` without the ones for development. */
export function runtimeRequirements(manifests: ProjectFiles, chosen?: readonly string[]): Requirements {
  const picked = chosen?.filter(forRunning) ?? []
  const found = findRequirements(manifests, picked.length > 0 ? picked : undefined)
  const files = found.files.filter(forRunning)
  const locked = files.length === 0 ? pipenvPackages(manifests["Pipfile.lock"] ?? "") : []
  return {
    ...found,
    files: locked.length > 0 ? ["Pipfile.lock"] : files,
    inputs: files,
    locked,
    needsSource: found.needsSource || namesFolder(manifests),
  }
}

/** True if any table of pyproject.toml has a `path` or `workspace`, which may be a package in the source. */
function namesFolder(manifests: ProjectFiles): boolean {
  const { data } = readToml(manifests["pyproject.toml"] ?? "")
  for (const tables: unknown[] = [data]; tables.length > 0;) {
    const table = tables.pop()
    const entries = Array.isArray(table)
      ? table.map((value: unknown) => ["", value] as const)
      : Object.entries(fields(table))
    if (entries.some(([key, value]) => /^(path|workspace)$/.test(key) && typeof value !== "object"))
      return true
    for (const [, value] of entries) tables.push(value)
  }
  return false
}

const pipenvPackages = (lock: string): string[] => Object.keys(fields(fields(parseJson(lock)).default))

/** True for a project whose code is installed as a package; Poetry and uv can switch that off. */
export function isPackage(manifests: ProjectFiles): boolean {
  const { data } = readToml(manifests["pyproject.toml"] ?? "")
  if (valueAt(data, "tool", "poetry", "package-mode") === false) return false
  if (valueAt(data, "tool", "uv", "package") === false) return false
  return data["build-system"] !== undefined || manifests["setup.py"] !== undefined
}

/** True for a build system's complaint about a project without a package, or with several: it runs from its folder. */
export const findsNoPackage = (complaint: string): boolean =>
  [
    /Multiple top-level (packages|modules) discovered/, // setuptools
    /No file\/folder found for (package|module)/, // Poetry, Flit
    /Unable to determine which files to ship/, // Hatch
    /Expected a Python module at/, // uv
  ].some((said) => said.test(complaint))
