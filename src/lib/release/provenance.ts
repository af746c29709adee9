import { splitImage } from "../image/reference.js"
import { fields, objects, text } from "../text/json.js"

/** The build type: a URI under which verifiers find how images are built. */
export const BUILD_TYPE = "https://slipway.dev/build-types/image/v1"

/** The builder that vouches for what this version of Slipway builds. */
export const BUILDER_ID = "https://slipway.dev/builders/dagger/v1"

/** The facts of a finished build. */
export interface ImageBuild {
  /** The web address of the source; empty if unknown. */
  source: string
  ref: string
  /** The commit; empty if unknown. */
  sha: string
  parameters: BuildParameters
  baseImages: readonly BaseImage[]
  /** The URI of the builder that vouches for the build. */
  builder: string
  /** Tool versions by name. */
  versions: Readonly<Record<string, string>>
  run: { id: string; event: string; startedAt: string; finishedAt: string }
}

export interface BuildParameters {
  platforms: readonly string[]
  /** Absent if Slipway built the image without a Dockerfile. */
  dockerfile?: string
  target?: string
  /** Build arguments as `NAME=value`, from `slipway.yaml`. */
  args: readonly string[]
}

/** A base image of the build. */
export interface BaseImage {
  /** The reference in the Dockerfile: `python:3.11-slim`. */
  reference: string
  /** The digest with its algorithm: `sha256:…`. */
  digest: string
  /** Absent if the digest is that of an index. */
  platform?: string
}

/** https://github.com/in-toto/attestation/blob/main/spec/v1/resource_descriptor.md */
interface ResourceDescriptor {
  uri: string
  digest?: Record<string, string>
}

/** The predicate `https://slsa.dev/provenance/v1`, as specified at https://slsa.dev/spec/v1.0/provenance. */
export interface Provenance {
  buildDefinition: {
    buildType: string
    externalParameters: Record<string, unknown>
    internalParameters: Record<string, unknown>
    resolvedDependencies: ResourceDescriptor[]
  }
  runDetails: {
    builder: { id: string; version: Record<string, string> }
    metadata: { invocationId: string; startedOn: string; finishedOn: string }
    byproducts: ResourceDescriptor[]
  }
}

/** Builds the provenance of an image. */
export function provenance(build: ImageBuild): Provenance {
  const { ref, parameters, builder, versions, run } = build
  const source = gitUri(build.source, ref)
  const { args, ...rest } = parameters
  return {
    buildDefinition: {
      buildType: BUILD_TYPE,
      externalParameters: { source, ref, ...rest, args: Object.fromEntries(args.map(nameAndValue)) },
      internalParameters: { event: run.event },
      resolvedDependencies: [...sourceMaterial(source, build.sha), ...build.baseImages.map(baseMaterial)],
    },
    runDetails: {
      builder: { id: builder, version: { ...versions } },
      metadata: { invocationId: run.id, startedOn: run.startedAt, finishedOn: run.finishedAt },
      byproducts: [],
    },
  }
}

/** Returns the run id of a provenance; empty if it names none. */
export const runOfProvenance = (predicate: unknown): string =>
  text(fields(fields(fields(predicate).runDetails).metadata).invocationId)

/** What a provenance says of an image's origin; empty where it says nothing. */
export interface ProvenanceOrigin {
  builder: string
  ref: string
  /** The repository that the build was asked for. */
  source: string
  /** The repositories that it read, with their commits. */
  checkouts: { source: string; commit: string }[]
}

/** Returns what a provenance says of an image's origin. */
export function originOfProvenance(predicate: unknown): ProvenanceOrigin {
  const { buildDefinition, runDetails } = fields(predicate)
  const { externalParameters, resolvedDependencies } = fields(buildDefinition)
  const external = fields(externalParameters)
  const ref = text(external.ref)
  return {
    builder: text(fields(fields(runDetails).builder).id),
    ref,
    source: sourceAddress(text(external.source), ref),
    checkouts: objects(resolvedDependencies)
      .map(({ uri, digest }) => ({
        source: sourceAddress(text(uri), ref),
        commit: text(fields(digest).gitCommit),
      }))
      .filter(({ commit }) => commit !== ""),
  }
}

/** Returns the base images that a provenance names, without their tags; those without a digest have an empty one. */
export const baseImagesOfProvenance = (predicate: unknown): { name: string; digest: string }[] =>
  objects(fields(fields(predicate).buildDefinition).resolvedDependencies).flatMap(({ uri, digest }) => {
    const sha256 = text(fields(digest).sha256)
    const name = nameOfPackage(text(uri))
    return name === undefined ? [] : [{ name, digest: sha256 === "" ? "" : `sha256:${sha256}` }]
  })

/** Returns the whole name of an image by its package URL; undefined for another URL. */
function nameOfPackage(uri: string): string | undefined {
  if (!uri.startsWith("pkg:docker/")) return undefined
  const [named = "", query = ""] = uri.slice("pkg:docker/".length).split("?")
  const registry = new URLSearchParams(query).get("repository_url") ?? "docker.io"
  const { host, path } = splitImage(`${registry}/${named.replace(/@[^@]*$/, "")}`)
  return `${host}/${path}`
}

/** Returns a repository's address without `git+` and the reference, which may itself hold an `@`. */
function sourceAddress(uri: string, ref: string): string {
  const bare = uri.replace(/^git\+/, "")
  return ref !== "" && bare.endsWith(`@${ref}`) ? bare.slice(0, -ref.length - 1) : bare
}

const nameAndValue = (arg: string): [name: string, value: string] => {
  const [name = "", ...value] = arg.split("=")
  return [name, value.join("=")]
}

/** Formats a source's address as SPDX does, without credentials. */
function gitUri(source: string, ref: string): string {
  if (!URL.canParse(source)) return ""
  const { protocol, host, pathname } = new URL(source)
  return `git+${protocol}//${host}${pathname}${ref === "" ? "" : `@${ref}`}`
}

const sourceMaterial = (uri: string, sha: string): ResourceDescriptor[] =>
  uri === "" && sha === "" ? [] : [{ uri, ...(sha === "" ? {} : { digest: { gitCommit: sha } }) }]

const baseMaterial = (image: BaseImage): ResourceDescriptor => {
  const [algorithm = "", hex = ""] = image.digest.split(":")
  return { uri: packageUrl(image), digest: { [algorithm]: hex } }
}

/**
 * Formats a package URL of type docker, as in BuildKit's own provenance:
 * https://github.com/package-url/purl-spec/blob/main/types/docker-definition.json.
 *
 * @example packageUrl({ reference: "quay.io/a/b:1", … }) // "pkg:docker/a/b@1?repository_url=quay.io"
 */
function packageUrl({ reference, digest, platform }: BaseImage): string {
  const [named = ""] = reference.split("@")
  const [, name = named, tag] = /^(.*?)(?::([^:/]+))?$/.exec(named) ?? []
  const [first = "", ...rest] = name.split("/")
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === "localhost")
  const path = hasRegistry ? rest : [first, ...rest]
  const qualifiers = [
    ...(platform === undefined ? [] : [`platform=${encodeURIComponent(platform)}`]),
    ...(hasRegistry && first !== "docker.io" ? [`repository_url=${encodeURIComponent(first)}`] : []),
  ]
  const version = encodeURIComponent(tag ?? digest)
  return `pkg:docker/${path.map(encodeURIComponent).join("/")}@${version}${qualifiers.length > 0 ? `?${qualifiers.join("&")}` : ""}`
}
