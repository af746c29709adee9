import type { Container, Directory } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import { packagePlan } from "../lib/python/plan.js"
import type { ProjectFiles } from "../lib/python/project.js"
import { minorOf, wishedPython } from "../lib/python/versions.js"
import { withoutWheel } from "../lib/python/wheelTags.js"
import { PYTHON_VERSIONS } from "../stage/images.js"
import { imageProblem, pythonBase, requirePythonImage } from "./base.js"
import { serviceManifests } from "./manifests.js"
import { resolvesOn } from "./resolve.js"

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
  source: Directory,
  config: Config,
  known?: ProjectFiles,
): Promise<PythonVersion> {
  const manifests = known ?? (await serviceManifests(source, config))
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
  // A version with wheels of all packages comes before a newer one on which some have to be built.
  for (const wheelsOnly of [true, false]) {
    passed = []
    for (const version of versions) {
      const problem = await unsuitable(version, base, { source, config, manifests, wheelsOnly })
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

/**
 * Why a version won't do; undefined if it will.
 *
 * @param base Python of any version: an image is only pulled for a version on which the packages resolve.
 */
async function unsuitable(
  version: string,
  base: Container,
  {
    wheelsOnly,
    ...project
  }: { source: Directory; config: Config; manifests: ProjectFiles; wheelsOnly: boolean },
): Promise<string | undefined> {
  const { config, manifests } = project
  const lacking = withoutWheel(manifests, minorOf(version))
  if (lacking !== undefined) return `${lacking} is locked without a wheel for it`
  const plan = packagePlan(manifests, config.python.requirements)
  if (!(await resolvesOn(base, { ...project, plan, version }, wheelsOnly)))
    return wheelsOnly ? "not all packages have wheels for it" : "the packages don't resolve"
  return (await imageProblem(version, config)) === undefined ? undefined : "its image can't be had"
}
