import { createHash } from "node:crypto"
import { ExitCode, fail } from "../errors/catalogue.js"
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
  /** True unless it is said to be an image, which contains no others. */
  nested: boolean
}

/** A referrer of an image: a signature, an attestation or another artifact. */
export interface Referrer extends Child {
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

/**
 * Parses a manifest or an index. Untrusted: invalid digests are skipped.
 *
 * Fails with REGISTRY for anything else, since what it refers to would be unknown.
 */
export function readNode(body: string, reference: string): Manifest {
  const { schemaVersion, manifests, subject, annotations } = fields(parseJson(body))
  if (typeof schemaVersion !== "number" || body.includes("\uFFFD")) throw unreadable(reference, "a manifest")
  const of = text(fields(subject).digest)
  return {
    children: objects(manifests)
      .map(childOf)
      .filter(({ digest }) => isDigest(digest)),
    ...(isDigest(of) && { subject: of }),
    ...createdOf(annotations),
  }
}

const childOf = ({ digest, mediaType }: Record<string, unknown>): Child => ({
  digest: text(digest),
  nested: !IMAGES.includes(text(mediaType)),
})

const unreadable = (reference: string, wanted: string) =>
  fail("REGISTRY", [
    reference,
    `the registry returned something other than ${wanted}`,
    "see whether a proxy or login page answers in the registry's place, then run it again",
    ExitCode.infrastructure,
  ])

/** The media types of images; all others are read, since they may be indexes. */
const IMAGES = [
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
]

/** Parses the index that a registry returns for referrers; empty for none. Fails with REGISTRY for anything else. */
export function readReferrers(body: string, reference: string): Referrer[] {
  const index = body.trim() === "" ? {} : parseJson(body)
  if (typeof index !== "object") throw unreadable(reference, "a list of referrers")
  return objects(fields(index).manifests)
    .map((each) => ({ ...childOf(each), ...createdOf(each["annotations"]) }))
    .filter(({ digest }) => isDigest(digest))
}

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
