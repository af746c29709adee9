import { quote } from "../errors/entry.js"
import { webAddress } from "../image/revision.js"
import { BUILDER_ID, originOfProvenance, type ProvenanceOrigin } from "./provenance.js"
import { versionOfRef } from "./version.js"

/** In a list of what is accepted: provenance that doesn't say it. */
const UNKNOWN = "unknown"

/** The requirements of a verifier on a provenance. */
export interface OriginRequirement {
  /** The service's own repository; empty if unknown. */
  source: string
  /** Further repositories and builders; `unknown` accepts provenance that names none. */
  sources: readonly string[]
  builders: readonly string[]
  /** Commit and reference of the gates that were passed; undefined if there are none to compare with. */
  gates?: { sha: string; ref: string }
  /** The environment that takes versions alone; undefined for any reference. */
  versionsFor?: string
  /** True if it may lack commit and source, as a trial release does. */
  trial: boolean
}

/** Returns a provenance's problems in plain words; empty if it meets the requirements. */
export function originProblems(predicate: unknown, required: OriginRequirement): string[] {
  const origin = originOfProvenance(predicate)
  return [
    ...builderProblems(origin, required),
    ...sourceProblems(origin, required),
    ...commitProblems(origin, required),
    ...referenceProblems(origin, required),
  ]
}

function builderProblems({ builder }: ProvenanceOrigin, { builders }: OriginRequirement): string[] {
  if (builder === "")
    return builders.includes(UNKNOWN)
      ? []
      : ["it names no builder (to accept that: release.builders: [unknown])"]
  const known = [BUILDER_ID, ...builders.filter((name) => name !== UNKNOWN)]
  return known.includes(builder) ? [] : [`its builder is ${quote(builder)}, not ${either(known)}`]
}

function sourceProblems(origin: ProvenanceOrigin, required: OriginRequirement): string[] {
  const { source: own, sources, trial, gates } = required
  const accepted = [own, ...sources].filter((source) => source !== "" && source !== UNKNOWN)
  const named = sourcesOf(origin, gates?.sha)
  if (named.length === 0)
    return trial || sources.includes(UNKNOWN)
      ? []
      : ["it names no source repository (to accept that: release.sources: [unknown])"]
  if (accepted.length === 0)
    return trial
      ? []
      : [`its source is ${quote(named[0] ?? "")}, and the service's own isn't known (set release.source)`]
  const foreign = named.find((source) => !accepted.some((known) => sameSource(source, known)))
  return foreign === undefined
    ? []
    : [`its source is ${quote(foreign)}, not ${either(accepted)} (release.source, release.sources)`]
}

/** The repositories that a provenance names: what the build was asked for, and what it read for the commit. */
function sourcesOf({ source, checkouts }: ProvenanceOrigin, sha: string | undefined): string[] {
  const ofCommit = checkouts.filter(({ commit }) => commit === sha)
  const read = ofCommit.length > 0 ? ofCommit : checkouts
  return [source, ...read.map((checkout) => checkout.source)].filter((name) => name !== "")
}

function commitProblems({ checkouts }: ProvenanceOrigin, { gates, trial }: OriginRequirement): string[] {
  if (gates === undefined || (trial && (checkouts.length === 0 || gates.sha === ""))) return []
  if (checkouts.some(({ commit }) => commit === gates.sha)) return []
  const commits = checkouts.map(({ commit }) => commit)
  return [
    commits.length === 0
      ? "it names no commit, so it can't be compared with the gates"
      : `it is of commit ${commits.map(quote).join(", ")}, the gates are of ${quote(gates.sha)}`,
  ]
}

function referenceProblems(
  { ref }: ProvenanceOrigin,
  { gates, versionsFor, trial }: OriginRequirement,
): string[] {
  const differs = gates !== undefined && ref !== gates.ref && !(trial && ref === "")
  const noVersion = versionsFor !== undefined && versionOfRef(ref) === undefined
  return [
    ...(differs ? [`it is of ${named(ref)}, the gates are of ${named(gates.ref)}`] : []),
    ...(noVersion ? [notAVersion(ref, versionsFor)] : []),
  ]
}

/** Says that an environment doesn't take a reference, and how it would. */
export const notAVersion = (ref: string, environment: string): string =>
  `it is of ${named(ref)}, and ${environment} takes versions alone, such as "refs/tags/v1.2.3" ` +
  `(to accept others: deploy.releases.${environment}: any)`

/** True if two addresses name one repository: git's notations of it are the same. */
const sameSource = (a: string, b: string): boolean =>
  a === b || (webAddress(a) !== "" && webAddress(a) === webAddress(b))

const named = (ref: string): string => (ref === "" ? "no reference" : quote(ref))

const either = (names: readonly string[]): string => names.map(quote).join(" or ")
