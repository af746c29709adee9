import { createHash } from "node:crypto"
import { fields, objects, parseJson, text } from "../text/json.js"

/** What a manifest says of others. */
export interface Manifest {
  /** The images of an index. */
  children: readonly Child[]
  /** What it refers to, as a signature does. */
  subject?: string
  /** Milliseconds since 1970, where an annotation says so. */
  created?: number
}

export interface Child {
  digest: string
  /** Whether it is an index itself. */
  nested: boolean
}

/** What refers to an image: a signature, an attestation, or what nobody here knows. */
export interface Referrer {
  digest: string
  created?: number
}

/** What is known of a repository. Of what isn't tagged it knows only what something tagged leads to. */
export interface Inventory {
  tags: ReadonlyMap<string, string>
  /** By digest. What a registry hasn't got, though something names it, is undefined. */
  manifests: ReadonlyMap<string, Manifest | undefined>
  /** By the digest of what they refer to; absent where nobody has asked yet. */
  referrers: ReadonlyMap<string, readonly Referrer[]>
}

const DIGEST = /^sha256:[0-9a-f]{64}$/

export const isDigest = (value: string): boolean => DIGEST.test(value)

/** The digest of a manifest's text. */
export const digestOfText = (body: string): string =>
  `sha256:${createHash("sha256").update(body).digest("hex")}`

/** Reads a manifest or an index. It may be anybody's: what is no digest is passed over. */
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

/** Reads the answer to a question for referrers, which is an index of them. */
export const readReferrers = (body: string): Referrer[] =>
  objects(fields(parseJson(body)).manifests)
    .map(({ digest, annotations }) => ({ digest: text(digest), ...createdOf(annotations) }))
    .filter(({ digest }) => isDigest(digest))

/** cosign notes here when it signed, and Slipway the commit's date. */
function createdOf(annotations: unknown): { created?: number } {
  const created = Date.parse(text(fields(annotations)["org.opencontainers.image.created"]))
  return Number.isNaN(created) ? {} : { created }
}

/** What a tag is attached to by its name. */
export interface Attachment {
  subject: string
  /** The list of referrers that clients keep where a registry has no API for it, and not a referrer itself. */
  list: boolean
}

/**
 * Reads the names under which referrers are kept: `sha256-…` for their list, by the OCI's distribution specification
 * (https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema), and `sha256-….sig`, `.att`
 * and the like by cosign's older scheme.
 */
export function attachmentOf(tag: string): Attachment | undefined {
  const [, hex, kind] = /^sha256-([0-9a-f]{64})(?:\.([a-z0-9]+))?$/.exec(tag) ?? []
  return hex === undefined ? undefined : { subject: `sha256:${hex}`, list: kind === undefined }
}
