import type { Container } from "@dagger.io/dagger"
import type { Config } from "../lib/config/config.js"
import { fail, SlipwayError } from "../lib/errors/catalogue.js"
import { isExecError } from "../lib/run/execError.js"
import { once } from "../lib/run/once.js"
import { packageFailure } from "../lib/python/buildFailure.js"
import { packagePlan } from "../lib/python/plan.js"
import type { ToolName } from "../lib/quality/index.js"
import { withTestPackages } from "./additions.js"
import { pythonBase, pythonToolchain } from "./base.js"
import { installedPackages, type Packages } from "./install.js"
import { type DeclaredPackages, declaredPackages } from "./manifests.js"
import type { PackageInputs } from "./resolve.js"
import { type ToolEnvironment, toolEnvironment } from "./tools.js"
import { type PythonVersion, servicePython } from "./version.js"
import type { PlacedSource } from "../stage/place.js"

export type { Packages } from "./install.js"

/**
 * What a service's stages run in. Each part is made when it is first needed, and fails by itself, with an error of the
 * catalogue.
 */
export interface PythonEnvironment {
  /** What declares the service's packages. */
  declared: () => Promise<DeclaredPackages>
  /** The chosen version of Python, and why. Fails with NO_PYTHON_IMAGE. */
  python: () => Promise<PythonVersion>
  /** Python and uv, without packages. */
  base: () => Promise<Container>
  /** The service's own packages, in `/venv`. Fails with PACKAGES_NOT_INSTALLED or NO_TOOLCHAIN. */
  service: () => Promise<Packages>
  /**
   * A tool: the service's own, with its plug-ins, else one of ours, apart from the service's packages. mypy sees these,
   * and fails without them; for the others TOOLS_NOT_INSTALLED is the only failure.
   */
  tool: (name: ToolName) => Promise<ToolEnvironment>
  /** The service's packages with those that run and measure tests. Fails as `service` does. */
  tests: () => Promise<Packages>
}

/** The environment of a service. Nothing is made before it is needed. */
export function pythonEnvironment(placed: PlacedSource, config: Config): PythonEnvironment {
  const declared = once(() => declaredPackages(placed, config))
  const manifests = async () => (await declared()).manifests
  const python = once(async () => servicePython(placed, config, await declared()))
  const base = once(async () => pythonBase((await python()).version, config))
  const service = once(async () => {
    const plan = packagePlan(await manifests(), config.python.requirements)
    const { version } = await python()
    return servicePackages({ ...(await declared()), config, plan, version }, await base())
  })
  return {
    declared,
    python,
    base,
    service,
    tool: async (name) =>
      toolEnvironment(name, {
        config,
        manifests: await manifests(),
        python: (await python()).version,
        base: await base(),
        service: await (name === "mypy" ? service() : orUndefined(service())),
      }),
    tests: once(async () => {
      const { files } = packagePlan(await manifests(), config.python.requirements)
      const packages = await service()
      return explained(["the tests", ...files], () => withTestPackages(packages, config))
    }),
  }
}

/** A service's packages; undefined if they can't be installed, which the stages that need them report. */
async function orUndefined(packages: Promise<Packages>): Promise<Packages | undefined> {
  try {
    return await packages
  } catch (error) {
    if (error instanceof SlipwayError) return undefined
    throw error
  }
}

/** Installs a service's packages; with git and compilers if they need them. */
async function servicePackages(inputs: PackageInputs, base: Container): Promise<Packages> {
  const { plan, version, config } = inputs
  if (plan.problem !== undefined)
    throw fail("PACKAGES_NOT_INSTALLED", [plan.files, plan.problem, "fix that file", false])
  const withToolchain = async () => installedPackages(await pythonToolchain(version, config), inputs)
  return explained(plan.files, async () => {
    if (plan.needsGit) return withToolchain()
    try {
      return await installedPackages(base, inputs)
    } catch (error) {
      if (!isExecError(error) || !packageFailure(error.stderr).needsToolchain) throw error
      // Without a toolchain, the first failure says more.
      return withToolchain().catch((second: unknown) => {
        throw isExecError(second) ? second : error
      })
    }
  })
}

/** Turns the failure of a command that installs packages into an error that says what to do. */
async function explained<T>(files: readonly string[], work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isExecError(error)) throw error
    const { reason, remedy, network } = packageFailure(error.stderr.trim() || error.stdout)
    throw fail("PACKAGES_NOT_INSTALLED", [files, reason, remedy, network], { cause: error })
  }
}
