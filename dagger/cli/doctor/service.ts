import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { Config } from "../../../src/lib/config/config.js"
import { configWarnings, parseConfig } from "../../../src/lib/config/parse.js"
import { unprovenIn } from "../../../src/lib/pipeline/counterparts.js"
import { environmentFor, isSignedFor } from "../../../src/lib/pipeline/policy.js"
import type { Group } from "../../../src/lib/pipeline/stages.js"
import { fullRef } from "../../../src/lib/release/gitRef.js"
import { whileLoggedIn } from "../commands/acrLogin.js"
import { loginOf } from "../commands/credentials.js"
import { fromFork } from "../hosts/fork.js"
import { withPreview } from "../commands/ci.js"
import { planRun } from "../commands/plan.js"
import type { Variables } from "../../lib/variables.js"
import { gitStateOf, isAddress, refuseDirty, repositoryName, settingsOf } from "../commands/sourceFolder.js"
import { clusterFindings } from "./cluster.js"
import { deliveryFindings } from "./delivery.js"
import { type DoctorFinding, errorFinding, ok, warning } from "./finding.js"
import { registryFindings } from "./registry.js"
import { secretFindings } from "./secrets.js"
import { uploadFinding } from "./upload.js"

export interface DoctorOptions {
  /** Absolute path of the service's sources. */
  source: string
  event?: string
  ref?: string
  baseRef?: string
  fork?: boolean
  embedded?: boolean
  authority?: string
  plainHttp?: boolean
  json?: boolean
}

/** Checks the sources, secrets, registry and cluster for a run of this event. */
export async function serviceFindings(options: DoctorOptions): Promise<DoctorFinding[]> {
  const { source } = options
  if (isAddress(source)) return [ok("source", `${source}: the engine fetches it`)]
  const settings = settingsOf(source)
  let config: Config
  try {
    config = parseConfig(settings)
  } catch (error) {
    return [errorFinding("slipway.yaml", error), uploadFinding(source)]
  }
  return [uploadFinding(source), ...oldNames(settings), ...(await forEvent(options, config))]
}

async function forEvent(options: DoctorOptions, config: Config): Promise<DoctorFinding[]> {
  const { source, event = "local", baseRef = "", embedded = false, fork = fromFork(process.env) } = options
  const registry = config.release.registry ?? (embedded ? "embedded" : undefined)
  const ref = fullRef(event, options.ref ?? (await gitStateOf(source)).ref)
  const happening = withPreview({ event, ref, baseRef, fork, branches: config.branches }, config.deploy)
  const plan = planRun(happening, {
    ...config,
    release: { ...config.release, ...(registry && { registry }) },
  })
  const groups = plan.groups.filter(({ runs }) => runs).map(({ group }) => group)
  const environment = environmentFor(happening, config.deploy)
  const aks = environment !== undefined && config.deploy.aks[environment] !== undefined
  const deploys = groups.includes("deploy") && environment !== undefined && !embedded
  return [
    ok("event", `${plan.what}: ${groups.join(", ")}`),
    ...(event === "local" || embedded ? [] : await commit(source)),
    ...secretFindings({ groups, environment, embedded, aks, signs: isSignedFor(event) }, process.env),
    ...deliveryFindings({ groups, environment }, config, process.env),
    ...(registry !== undefined && !embedded
      ? await publicationFindings(options, config, registry, groups.includes("release"))
      : []),
    ...(deploys ? await clusterFindings(environment, process.env) : []),
    ...contractFindings(config, groups, process.env),
  ]
}

/** Names what the run works with and no test of Slipway ever met, in one line; none for a run without such. */
export function contractFindings(config: Config, groups: readonly Group[], env: Variables): DoctorFinding[] {
  const variables = Object.keys(env).filter((name) => env[name])
  const names = unprovenIn({ config, groups, variables })
  return names.length === 0
    ? []
    : [
        ok(
          "contracts",
          `held to a contract, never tried with the real one: ${names.join(", ")} (docs/contracts.md)`,
        ),
      ]
}

function oldNames(settings: string | undefined): DoctorFinding[] {
  const warnings = configWarnings(settings)
  const remedy = "write the new names; a later release drops the old ones"
  return warnings.length === 0 ? [] : [warning("slipway.yaml", warnings.join("; "), remedy)]
}

async function commit(source: string): Promise<DoctorFinding[]> {
  try {
    await refuseDirty(source, join(source, "out"))
    return [ok("commit", (await gitStateOf(source)).sha || "none is known")]
  } catch (error) {
    return [errorFinding("commit", error)]
  }
}

/** Checks the registry, with the login that a run would have. */
async function publicationFindings(
  options: DoctorOptions,
  config: Config,
  host: string,
  publishes: boolean,
): Promise<DoctorFinding[]> {
  try {
    return await whileLoggedIn({ host }, () =>
      registryFindings({ ...publication(options, config, host), publishes }),
    )
  } catch (error) {
    return [errorFinding("push", error)]
  }
}

function publication({ source, authority, plainHttp = false }: DoctorOptions, config: Config, host: string) {
  const { user = "", password } = loginOf({ host })
  return {
    host,
    username: user,
    password,
    plainHttp,
    repository: repositoryName(source, config),
    ...(authority !== undefined && { authority: readFileSync(authority, "utf8") }),
  }
}
