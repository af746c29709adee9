/** A request that the mirror answers. */
export type MirrorRequest =
  | { kind: "ping" }
  | { kind: "manifest" | "blob"; name: string; digest: string }
  | { kind: "tag"; name: string; tag: string }

// The grammar of the distribution specification, without the percent signs, dots and empty parts that a server could
// read as another path: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
const PART = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
const RESOURCE = new RegExp(
  `^/v2/(?<name>${PART}(?:/${PART})*)/(?<part>manifests|blobs)/(?:(?<digest>sha256:[0-9a-f]{64})|(?<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))$`,
)

/** Longest target that is looked at: names have at most 255 characters. */
const LONGEST = 1024

/**
 * Reads a request to the mirror; undefined for all that it refuses.
 *
 * Containers reach the mirror, and what it serves becomes everybody's base image. So this lists what is allowed:
 * reading manifests and blobs, by a target in origin form, with no query but containerd's name of the registry.
 */
export function mirrorRequest(method = "", target = ""): MirrorRequest | undefined {
  if (!["GET", "HEAD"].includes(method) || target.length > LONGEST) return undefined
  const [path = "", query, ...rest] = target.split("?")
  if (rest.length > 0 || (query !== undefined && !/^ns=[A-Za-z0-9.:-]+$/.test(query))) return undefined
  if (path === "/v2/") return { kind: "ping" }
  const { name, part, digest, tag } = RESOURCE.exec(path)?.groups ?? {}
  if (name === undefined) return undefined
  if (digest !== undefined) return { kind: part === "blobs" ? "blob" : "manifest", name, digest }
  return part === "manifests" && tag !== undefined ? { kind: "tag", name, tag } : undefined
}
