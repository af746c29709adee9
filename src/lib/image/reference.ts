const DEFAULT_REGISTRY = "docker.io"

/**
 * Replaces the registry of an image reference by a mirror's prefix.
 *
 * Docker Hub's short names are written out, since mirrors don't know them.
 *
 * @example rebase("python:3.11-slim", "mirror.example.com/hub") // "mirror.example.com/hub/library/python:3.11-slim"
 */
export function rebase(reference: string, prefix?: string): string {
  if (prefix === undefined) return reference
  const [first = "", ...rest] = reference.split("/")
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === "localhost")
  if (hasRegistry && first !== DEFAULT_REGISTRY) return `${prefix}/${rest.join("/")}`
  const path = hasRegistry ? rest : [first, ...rest]
  return [prefix, ...(path.length === 1 ? ["library"] : []), ...path].join("/")
}
