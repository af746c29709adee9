import { fail } from "../errors/catalogue.js"

/** An image in a registry. */
export interface Reference {
  /** The registry's host, with the port if there is one. */
  host: string
  /** The path on the host. */
  repository: string
  tag?: string
  digest?: string
}

/** Names by distribution's grammar: https://pkg.go.dev/github.com/distribution/reference. */
const LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
const HOST = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[0-9A-Fa-f:]+\\])(?::([0-9]{1,5}))?$`)
const PART = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*$/
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/
const DIGEST = /^sha256:[0-9a-f]{64}$/

/** Maximum length of host and repository together, and of the whole reference. */
const LONGEST = { name: 255, reference: 255 + 129 + 72 }

/**
 * Parses `host[:port]/repository[:tag][@digest]`.
 *
 * The registry is required: a signed name must not depend on a tool's default. Fails with INVALID_REFERENCE.
 */
export function parseReference(text: string): Reference {
  const problem = (what: string) => fail("INVALID_REFERENCE", [text, what])
  if (text.length > LONGEST.reference) throw problem(`it has at most ${LONGEST.reference} characters`)
  if (text.includes("://")) throw problem("it has no scheme")
  const [name = "", ...digests] = text.split("@")
  const [digest] = digests
  if (digests.length > 1 || (digest !== undefined && !DIGEST.test(digest)))
    throw problem("its digest is sha256: and 64 of 0-9 and a-f")
  const slash = name.indexOf("/")
  const host = name.slice(0, Math.max(slash, 0))
  const badHost = hostProblem(host)
  if (badHost !== undefined) throw problem(badHost)
  const [repository = "", ...tags] = name.slice(slash + 1).split(":")
  if (
    !repository.split("/").every((part) => PART.test(part)) ||
    host.length + repository.length >= LONGEST.name
  )
    throw problem("its repository is of a-z, 0-9, and single . _ - / between them")
  const [tag] = tags
  if (tags.length > 1 || (tag !== undefined && !TAG.test(tag)))
    throw problem("its tag is of up to 128 of A-Z, a-z, 0-9, _ . and -, the first no . or -")
  return {
    host,
    repository,
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
  }
}

/** Refuses a first part that tools take for a path on Docker Hub: a host has a dot or port, or is localhost. */
function hostProblem(host: string): string | undefined {
  const port = HOST.exec(host)?.[1]
  if (!HOST.test(host) || Number(port ?? 1) < 1 || Number(port ?? 1) > 65_535)
    return "it begins with a registry's host, such as team.azurecr.io/"
  if (host !== "localhost" && !/[.:]/.test(host))
    return "the host of its registry has a dot or a port, such as registry:5000/"
  return undefined
}

/** True if two hosts are one registry, ports included; Docker Hub has several names. */
export const isSameHost = (a: string, b: string | undefined): boolean =>
  b !== undefined && oneName(a) === oneName(b)

const oneName = (host: string): string => {
  const name = host.toLowerCase()
  return DOCKER_HUB.includes(name) ? "docker.io" : name
}

/** The names of Docker Hub. */
export const DOCKER_HUB: readonly string[] = ["docker.io", "index.docker.io", "registry-1.docker.io"]

/** Formats the reference for tools. */
export const printReference = ({ host, repository, tag, digest }: Reference): string =>
  [
    `${host}/${repository}`,
    ...(tag === undefined ? [] : [`:${tag}`]),
    ...(digest === undefined ? [] : [`@${digest}`]),
  ].join("")
