import type { Container } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import type { Pins } from "../lib/python/pins.js"
import { packagePlan } from "../lib/python/plan.js"
import { bestCandidate, type Candidate, passedOver, toolMisfits } from "../lib/python/toolLimits.js"
import { pinnedTools, type PinnedTools } from "../lib/python/preCommit.js"
import { minorOf, wishedPython } from "../lib/python/versions.js"
import { withoutWheel } from "../lib/python/wheelTags.js"
import { PYTHON_VERSIONS } from "../stage/images.js"
import { imageProblem, pythonBase, requirePythonImage } from "./base.js"
import { type DeclaredPackages, declaredPackages } from "./manifests.js"
import { hasWheel, type PackageInputs, resolutionOn } from "./resolve.js"
import type { PlacedSource } from "../stage/place.js"

/** A minor version of Python, and what asks for it. */
export interface PythonVersion {
  version: string
  reason: string
}

/** A version of Python and why it was chosen, for reports. */
export const pythonFact = ({ version, reason }: PythonVersion): string => `${version} (${reason})`

/**
 * Chooses the version of Python: the one that the service names, else the newest that it supports, for which its
 * packages have wheels or resolve, on which the tools that it pins work, and of which there is an image.
 *
 * Fails with NO_PYTHON_IMAGE.
 */
export async function servicePython(
  placed: PlacedSource,
  config: Config,
  known?: DeclaredPackages,
): Promise<PythonVersion> {
  const declared = known ?? (await declaredPackages(placed, config))
  const { manifests } = declared
  const { versions, reason, exact } = wishedPython(manifests, PYTHON_VERSIONS, config.python.version)
  const [first = ""] = versions
  if (exact) {
    await requirePythonImage(first, reason, config)
    return { version: first, reason }
  }
  const newest = await newestWithImage(versions, config)
  if (newest === undefined) {
    await requirePythonImage(first, reason, config)
    return { version: first, reason }
  }
  const base = await pythonBase(newest, config)
  const project = { ...declared, config, pinned: pinnedTools(declared.manifests) }
  let tried: Candidate[] = []
  // A version with wheels of all packages that have any comes before a newer one on which some have to be built.
  for (const wheels of [{ versions, built: new Set<string>(), available: new Map() }, undefined]) {
    tried = await candidates(versions, base, project, wheels)
    const best = bestCandidate(tried)
    if (best !== undefined) return { version: best.version, reason: [reason, ...best.passed].join("; ") }
  }
  return { version: newest, reason: [reason, ...passedOver(tried)].join("; ") }
}

/** A project, with the tools that it pins, which are read once for all versions of Python. */
type PinnedProject = DeclaredPackages & { config: Config; pinned: PinnedTools }

/** What is known of each version, up to the first on which all is well. */
async function candidates(
  versions: readonly string[],
  base: Container,
  project: PinnedProject,
  wheels: Wheels | undefined,
): Promise<Candidate[]> {
  const tried: Candidate[] = []
  for (const version of versions) {
    const found = await candidate(version, base, project, wheels)
    tried.push(found)
    if (found.problem === undefined && found.misfits.length === 0) break
  }
  return tried
}

async function newestWithImage(versions: readonly string[], config: Config): Promise<string | undefined> {
  for (const version of versions) if ((await imageProblem(version, config)) === undefined) return version
  return undefined
}

/** The versions of Python to choose from, and the packages that have a wheel for none of them. */
interface Wheels {
  versions: readonly string[]
  built: Set<string>
  /** The requirements that were asked for, and whether a version has a wheel: no engine keeps a failed resolution. */
  available: Map<string, boolean>
}

/**
 * Finds out whether the packages do on a version, and which of the tools that the service pins don't.
 *
 * @param base Python of any version: an image is only pulled for a version on which the packages resolve.
 * @param wheels What is known of wheels, if packages that have some are to have one for the version.
 */
async function candidate(
  version: string,
  base: Container,
  project: PinnedProject,
  wheels: Wheels | undefined,
): Promise<Candidate> {
  const { config, manifests, pinned } = project
  const unsuitable = (problem: string): Candidate => ({ version, problem, misfits: [] })
  const lacking = withoutWheel(manifests, minorOf(version))
  if (lacking !== undefined) return unsuitable(`${lacking} is locked without a wheel for it`)
  const plan = packagePlan(manifests, config.python.requirements)
  const packages = await resolved(base, { ...project, plan, version }, wheels)
  if (typeof packages === "string") return unsuitable(packages)
  if ((await imageProblem(version, config)) !== undefined) return unsuitable("its image can't be had")
  return { version, misfits: toolMisfits(config.quality.checks, packages, pinned, version) }
}

/** The versions of the packages, or why they don't resolve. */
async function resolved(
  base: Container,
  inputs: PackageInputs,
  wheels: Wheels | undefined,
): Promise<Pins | string> {
  const { found, pins } = await resolutionOn(base, inputs, wheels?.built)
  if (found === "resolves") return pins
  if (found === "contradicts" || wheels === undefined) return "the packages don't resolve"
  const { name, requirement, isDirect } = found
  const hasOther = !isDirect && (await isAvailable(base, requirement, wheels, inputs.config))
  if (hasOther || wheels.built.has(name)) return `${requirement} has no wheel for it`
  wheels.built.add(name)
  return resolved(base, inputs, wheels)
}

/** True if a version has a wheel of a requirement; asked once. */
async function isAvailable(
  base: Container,
  requirement: string,
  { versions, available }: Wheels,
  config: Config,
): Promise<boolean> {
  const found = available.get(requirement) ?? (await hasWheel(base, requirement, versions, config))
  available.set(requirement, found)
  return found
}
