import type { Container } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import { packagePlan } from "../lib/python/plan.js"
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

/**
 * Chooses the version of Python: the one that the service names, else the newest that it supports, for which its
 * packages have wheels or resolve, and of which there is an image.
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
  let passed: string[] = []
  // A version with wheels of all packages that have any comes before a newer one on which some have to be built.
  for (const wheels of [{ versions, built: new Set<string>(), available: new Map() }, undefined]) {
    passed = []
    for (const version of versions) {
      const problem = await unsuitable(version, base, { ...declared, config }, wheels)
      if (problem === undefined) return { version, reason: [reason, ...passed].join("; ") }
      passed.push(`not ${version}: ${problem}`)
    }
  }
  return { version: newest, reason: [reason, ...passed].join("; ") }
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
 * Why a version won't do; undefined if it will.
 *
 * @param base Python of any version: an image is only pulled for a version on which the packages resolve.
 * @param wheels What is known of wheels, if packages that have some are to have one for the version.
 */
async function unsuitable(
  version: string,
  base: Container,
  project: DeclaredPackages & { config: Config },
  wheels: Wheels | undefined,
): Promise<string | undefined> {
  const { config, manifests } = project
  const lacking = withoutWheel(manifests, minorOf(version))
  if (lacking !== undefined) return `${lacking} is locked without a wheel for it`
  const plan = packagePlan(manifests, config.python.requirements)
  const problem = await unresolved(base, { ...project, plan, version }, wheels)
  if (problem !== undefined) return problem
  return (await imageProblem(version, config)) === undefined ? undefined : "its image can't be had"
}

/** Why packages don't resolve; undefined if they do. */
async function unresolved(
  base: Container,
  inputs: PackageInputs,
  wheels: Wheels | undefined,
): Promise<string | undefined> {
  const found = await resolutionOn(base, inputs, wheels?.built)
  if (found === "resolves") return undefined
  if (found === "contradicts" || wheels === undefined) return "the packages don't resolve"
  const { name, requirement, isDirect } = found
  const hasOther = !isDirect && (await isAvailable(base, requirement, wheels, inputs.config))
  if (hasOther || wheels.built.has(name)) return `${requirement} has no wheel for it`
  wheels.built.add(name)
  return unresolved(base, inputs, wheels)
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
