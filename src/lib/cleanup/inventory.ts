import { createHash } from "node:crypto"
import { fields, objects, parseJson, text } from "../text/json.js"

/** References of a manifest to others. */
export interface Manifest {
  /** The images of an index. */
  children: readonly Child[]
  /** The digest it refers to, as a signature does. */
  subject?: string
  /** Milliseconds since 1970, where an annotation says so. */
  created?: number
}

export interface Child {
  digest: string
  /** True for an index. */
  nested: boolean
}

/** A referrer of an image: a signature, an attestation or another artifact. */
export interface Referrer {
  digest: string
  created?: number
}

/** Known content of a repository. Untagged manifests are known only if a tagged one leads to them. */
export interface Inventory {
  tags: ReadonlyMap<string, string>
  /** By digest; undefined for one that is referenced but missing in the registry. */
  manifests: ReadonlyMap<string, Manifest | undefined>
  /** By subject digest; absent until read. */
  referrers: ReadonlyMap<string, readonly Referrer[]>
}

const DIGEST = /^sha256:[0-9a-f]{64}$/

export const isDigest = (value: string): boolean => DIGEST.test(value)

/** Digest of a manifest. */
export const digestOfText = (body: string): string =>
  `sha256:${createHash("sha256").update(body).digest("hex")}`

/** Parses a manifest or an index. Untrusted: invalid digests are skipped. */
export function readNode(body: string): Manifest {
  const { manifests, subject, annotations } = fields(parseJson(body))
  const of = text(fields(subject).digest)
  return {
    children: objects(manifests)
      .map(({ digest, mediaType }) => ({ digest: text(digest), nested: isIndex(text(mediaType)) }))
      .filter(({ digest }) => isDigest(digest)),
    ...(isDigest(of) && { subject: of }),
    ...createdOf(annotations),
  }
}

const isIndex = (mediaType: string): boolean =>
  mediaType.includes("image.index") || mediaType.includes("manifest.list")

/** Parses the index that a registry returns for referrers. */
export const readReferrers = (body: string): Referrer[] =>
  objects(fields(parseJson(body)).manifests)
    .map(({ digest, annotations }) => ({ digest: text(digest), ...createdOf(annotations) }))
    .filter(({ digest }) => isDigest(digest))

/** The creation annotation: cosign sets the time of signing, Slipway the commit's date. */
function createdOf(annotations: unknown): { created?: number } {
  const created = Date.parse(text(fields(annotations)["org.opencontainers.image.created"]))
  return Number.isNaN(created) ? {} : { created }
}

/** The subject that a tag is attached to by its name. */
export interface Attachment {
  subject: string
  /** True for the list of referrers that clients keep if the registry lacks the referrers API. */
  list: boolean
}

/**
 * Parses tags of referrers: `sha256-…` for their list, by the OCI's distribution specification
 * (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema), and `sha256-….sig`, `.att`
 * and the like by cosign's older scheme.
 */
export function attachmentOf(tag: string): Attachment | undefined {
  const [, hex, kind] = /^sha256-([0-9a-f]{64})(?:\.([a-z0-9]+))?$/.exec(tag) ?? []
  return hex === undefined ? undefined : { subject: `sha256:${hex}`, list: kind === undefined }
}
