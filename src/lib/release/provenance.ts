import { fields, objects, text } from "../text/json.js"

/** How an image was built, in terms that a verifier can look up. */
export const BUILD_TYPE = "https://slipway.dev/build-types/image/v1"

/** What is known of a build when it is over. */
export interface ImageBuild {
  /** The sources' web address; empty where it isn't known. */
  source: string
  ref: string
  /** The commit; empty where it isn't known. */
  sha: string
  parameters: BuildParameters
  baseImages: readonly BaseImage[]
  /** Who vouches for the build: a URI. */
  builder: string
  /** The tools' versions by their names. */
  versions: Readonly<Record<string, string>>
  run: { id: string; event: string; startedAt: string; finishedAt: string }
}

export interface BuildParameters {
  platforms: readonly string[]
  /** Absent where Slipway made an image of its own. */
  dockerfile?: string
  target?: string
  /** `NAME=value`, as `slipway.yaml` has them. */
  args: readonly string[]
}

/** An image that the build began with. */
export interface BaseImage {
  /** As the Dockerfile names it: `python:3.11-slim`. */
  reference: string
  /** With its algorithm: `sha256:…`. */
  digest: string
  /** Absent where the digest is of an index. */
  platform?: string
}

/** https://github.com/in-toto/attestation/blob/main/spec/v1/resource_descriptor.md */
interface ResourceDescriptor {
  uri: string
  digest?: Record<string, string>
}

/** The predicate `https://slsa.dev/provenance/v1`, field by field as https://slsa.dev/spec/v1.0/provenance has it. */
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

/** Makes the provenance of an image. */
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

/** Which run a provenance is of; empty where it doesn't say. */
export const runOfProvenance = (predicate: unknown): string =>
  text(fields(fields(fields(predicate).runDetails).metadata).invocationId)

/** The commits that a provenance names as sources. */
export const commitsOfProvenance = (predicate: unknown): string[] =>
  objects(fields(fields(predicate).buildDefinition).resolvedDependencies)
    .map(({ digest }) => text(fields(digest).gitCommit))
    .filter((commit) => commit !== "")

const nameAndValue = (arg: string): [name: string, value: string] => {
  const [name = "", ...value] = arg.split("=")
  return [name, value.join("=")]
}

/** A source's address as SPDX writes it, without what only its owner should know. */
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
 * A package URL of type docker, as BuildKit's own provenance has them:
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
