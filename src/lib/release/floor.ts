import { SEVERITIES } from "../config/config.js"
import { quote } from "../errors/entry.js"
import { splitImage } from "../image/reference.js"
import { webAddress } from "../image/revision.js"
import { fields, objects, text } from "../text/json.js"
import type { Floor } from "./floorSpec.js"
import { judgeGates } from "./gates.js"
import { baseImagesOfProvenance, originOfProvenance } from "./provenance.js"

/** Returns what the attested gates of a release lack of the floor, in plain words; empty if nothing. */
export function gatesBelowFloor(predicate: unknown, floor: Floor | undefined): string[] {
  if (floor === undefined) return []
  return [
    ...judgeGates(predicate, { stages: floor.stages }),
    ...coverageProblems(predicate, floor),
    ...severityProblems(predicate, floor),
    ...suppressionProblems(predicate, floor),
    ...imageProblems(toolImages(predicate), floor),
  ].map(ofFloor(floor))
}

/** Returns what the provenance of a release lacks of the floor, in plain words; empty if nothing. */
export function provenanceBelowFloor(predicate: unknown, floor: Floor | undefined): string[] {
  if (floor === undefined) return []
  const { builder, source, checkouts, ref } = originOfProvenance(predicate)
  const sources = [...new Set([source, ...checkouts.map((checkout) => checkout.source)])].map(
    (address) => webAddress(address) || address,
  )
  return [
    ...(floor.builders === undefined || floor.builders.includes(builder) ? [] : [other("builder", builder)]),
    ...sources.flatMap((address) => unmatched("source", address, floor.sources)),
    ...unmatched("reference", ref, floor.refs),
    ...imageProblems(baseImagesOfProvenance(predicate), floor),
  ].map(ofFloor(floor))
}

/** Names the floor that a problem is about, by the beginning of its digest. */
const ofFloor =
  ({ digest }: Floor) =>
  (problem: string): string =>
    `below the floor ${digest.slice(0, 19)}: ${problem}`

function coverageProblems(predicate: unknown, { coverage: least }: Floor): string[] {
  if (least === undefined) return []
  const { coverage } = fields(predicate)
  if (typeof coverage !== "number") return [`it says nothing of coverage, which must be at least ${least} %`]
  return coverage >= least ? [] : [`its coverage is ${coverage} %, it must be at least ${least} %`]
}

function severityProblems(predicate: unknown, { severity: highest }: Floor): string[] {
  if (highest === undefined) return []
  const own = text(fields(fields(fields(predicate).policy).settings)["security.severity"])
  const rank = SEVERITIES.findIndex((severity) => severity === own)
  if (rank < 0) return [`it says nothing of the severity that it refuses, which must be ${highest} or lower`]
  return rank <= SEVERITIES.indexOf(highest)
    ? []
    : [`it refuses vulnerabilities from ${quote(own)} on, it must do so from ${quote(highest)} on`]
}

function suppressionProblems(predicate: unknown, { suppressions: most }: Floor): string[] {
  if (most === undefined) return []
  const { suppressions, known = [] } = fields(predicate)
  if (!Array.isArray(suppressions))
    return [`it says nothing of suppressed findings, of which there may be ${most}`]
  // What isn't a number counts as without end.
  const used = [...objects(suppressions), ...objects(known)].reduce(
    (all, { count }) => all + (typeof count === "number" && count >= 0 ? count : Infinity),
    0,
  )
  return used <= most ? [] : [`${used} findings are suppressed or in a baseline, at most ${most} may be`]
}

interface UsedImage {
  name: string
  digest: string
}

/** The images of the tools that a release was tested with; undefined if it doesn't say. */
function toolImages(predicate: unknown): UsedImage[] | undefined {
  const { images } = fields(predicate)
  if (!Array.isArray(images)) return undefined
  return objects(images).map(({ reference, digest }) => ({
    name: imageName(text(reference)),
    digest: text(digest),
  }))
}

function imageProblems(used: readonly UsedImage[] | undefined, { images: allowed }: Floor): string[] {
  if (allowed === undefined) return []
  if (used === undefined) return ["it says nothing of the images that it was tested with"]
  return used.flatMap(({ name, digest }) => [
    ...unmatched("image", name, allowed),
    ...(/^sha256:[0-9a-f]{64}$/.test(digest) ? [] : [`the digest of its image ${quote(name)} isn't known`]),
  ])
}

function unmatched(noun: string, name: string, allowed: readonly string[] | undefined): string[] {
  if (allowed === undefined || allowed.some((pattern) => matches(pattern, name))) return []
  return [other(noun, name)]
}

const other = (noun: string, name: string): string =>
  name === "" ? `it names no ${noun}` : `its ${noun} ${quote(name)} isn't among those allowed`

/** True if a name is that of a pattern, in which `*` stands for any text without a slash. */
export function matches(pattern: string, name: string): boolean {
  const [patternParts, parts] = [pattern.split("/"), name.split("/")]
  return patternParts.length === parts.length && patternParts.every((part, at) => fits(part, parts[at] ?? ""))
}

/** Compares from the left, with as little as possible for each `*`: linear, unlike an expression. */
function fits(pattern: string, text: string): boolean {
  const [first = "", ...rest] = pattern.split("*")
  const last = rest.pop()
  if (last === undefined) return pattern === text
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false
  const end = text.length - last.length
  let at = first.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found < 0 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}

/**
 * Returns an image's whole name, without tag and digest.
 *
 * @example imageName("python:3.11-slim") // "docker.io/library/python"
 */
export function imageName(reference: string): string {
  const [named = ""] = reference.split("@")
  const { host, path } = splitImage(named.replace(/:[^:/]*$/, ""))
  return `${host}/${path}`
}
