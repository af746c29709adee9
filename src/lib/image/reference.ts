const DEFAULT_REGISTRY = "docker.io"

/**
 * Replaces the registry of an image reference by a mirror's prefix.
 *
 * Docker Hub's short names are written out, since mirrors don't know them.
 *
 * @example rebase("python:3.11-slim", "mirror.example.com/hub") // "mirror.example.com/hub/library/python:3.11-slim"
 */
export function rebase(reference: string, prefix?: string): string {
  return prefix === undefined ? reference : `${prefix}/${splitImage(reference).path}`
}

/**
 * Returns the registry of an image reference and the path there; Docker Hub's short names are written out.
 *
 * @example splitImage("python") // { host: "docker.io", path: "library/python" }
 */
export function splitImage(reference: string): { host: string; path: string } {
  const [first = "", ...rest] = reference.split("/")
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost")
  const host = hasHost ? first : DEFAULT_REGISTRY
  const path = hasHost ? rest : [first, ...rest]
  const isShort = host === DEFAULT_REGISTRY && path.length === 1
  return { host, path: [...(isShort ? ["library"] : []), ...path].join("/") }
}

/** An image's name and tag; a digest is left out. */
export function splitTag(image: string): [name: string, tag: string] {
  const [whole = ""] = image.split("@")
  const at = whole.indexOf(":", whole.lastIndexOf("/") + 1)
  return at < 0 ? [whole, ""] : [whole.slice(0, at), whole.slice(at + 1)]
}
