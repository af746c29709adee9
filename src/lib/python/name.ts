import { text } from "../text/json.js"
import { readToml, valueAt } from "../text/toml.js"
import type { ProjectFiles } from "./project.js"

/** Name of a service as a DNS label: the chosen one, else its project's; undefined without either. */
export function serviceName(manifests: ProjectFiles, chosen?: string): string | undefined {
  const { data } = readToml(manifests["pyproject.toml"] ?? "")
  const name = text(valueAt(data, "project", "name")) || text(valueAt(data, "tool", "poetry", "name"))
  const label = dnsLabel(name)
  return chosen ?? (label === "" ? undefined : label)
}

/** A name as a DNS label; empty if it has no letter or digit. */
export const dnsLabel = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 63)
    .replace(/^-+|(?<!-)-+$/g, "")
