/** Which environments must be asked before anything is deleted, and whether an answer is that of the right one. */
import type { Config } from "../config/config.js"
import { type Environment, environmentsOf } from "../config/environments.js"
import type { LedgerEntry } from "../run/ledger.js"
import { type EnvironmentState, deploymentsIn } from "./use.js"
import { previewNumber } from "../text/previews.js"
import { ownVariable } from "../text/variables.js"

/** An environment to ask. */
export interface WantedEnvironment {
  environment: Environment
  /** The reason to ask it. */
  why: string
  /** False if `cleanup.environments` leaves it out: nothing may be deployed there yet. */
  listed: boolean
}

/** What a checkout and a call say of an environment. */
export interface Traces {
  /** The folder of its kustomization, or its chart, if there is one. */
  overlay: string | undefined
  /** True if a kubeconfig of its own was passed. */
  kubeconfig: boolean
}

/**
 * The environments to ask: all of them, or those in `cleanup.environments` and whichever is configured besides.
 *
 * An overlay that is missing in this checkout proves nothing: another branch may have it.
 */
export function environmentsToAsk(
  { cleanup, deploy }: Pick<Config, "cleanup" | "deploy">,
  traces: Readonly<Record<Environment, Traces>>,
): WantedEnvironment[] {
  return environmentsOf(deploy).flatMap((environment) => {
    const { overlay, kubeconfig = false } = traces[environment] ?? {}
    const keys = (["namespace", "aks", "url"] as const).filter(
      (key) => deploy[key][environment] !== undefined,
    )
    const configured = [
      ...(overlay === undefined ? [] : [`it has manifests in ${overlay}`]),
      ...keys.map((key) => `deploy.${key}.${environment} is set in slipway.yaml`),
      ...(kubeconfig ? [`${ownVariable(environment, "KUBECONFIG")} was passed`] : []),
    ]
    const listed = cleanup.environments?.includes(environment) ?? true
    const [
      why = cleanup.environments === undefined
        ? "slipway.yaml doesn't leave it out (cleanup.environments)"
        : "slipway.yaml lists it (cleanup.environments)",
    ] = configured
    return listed || configured.length > 0 ? [{ environment, why, listed }] : []
  })
}

/**
 * The reason why a cluster isn't known to be that of its environment; undefined if it is.
 *
 * The ledger in its namespace names the service and the environment.
 */
export function clusterMismatch({
  environment,
  namespace,
  service,
  entries,
}: Pick<EnvironmentState, "environment" | "namespace" | "service" | "entries">): string | undefined {
  const last = entries.at(-1)
  const where = `namespace "${namespace}"`
  if (last === undefined) return `its ${where} has no ledger of ${service}`
  if (last.environment !== environment)
    return `the ledger of ${service} in its ${where} is that of ${last.environment}`
  if (last.subject !== service)
    return `the ledger in its ${where} is that of ${last.subject}, not of ${service}`
  return undefined
}

/** The reason why an environment's ledger isn't that of a repository's service; undefined if it is. */
export function repositoryMismatch(
  { service, namespace, entries }: Pick<EnvironmentState, "service" | "namespace" | "entries">,
  repository: string,
): string | undefined {
  const names = new Set(entries.flatMap(repositoryOf))
  if (names.has(repository)) return undefined
  const others = names.size === 0 ? "no image" : `images of ${[...names].slice(-3).join(", ")}`
  return `the ledger of ${service} in namespace "${namespace}" names ${others}, none of ${repository}`
}

const repositoryOf = ({ facts }: LedgerEntry): string[] => {
  const { image = "" } = facts
  return image.includes("@") ? [image.slice(0, image.indexOf("@"))] : []
}

/** A deployment of a repository to an environment that isn't asked, as a ledger of another one's cluster shows it. */
export function unaskedDeployment(
  states: readonly EnvironmentState[],
  repository: string,
  asked: readonly Environment[],
): { environment: string; why: string } | undefined {
  for (const { environment: of, ledgers } of states)
    for (const ledger of ledgers)
      for (const { environment, repository: name } of deploymentsIn(ledger))
        // The ledger of a preview lies in the preview itself, so that what it needs is known by now.
        if (name === repository && !asked.includes(environment) && previewNumber(environment) === undefined)
          return {
            environment,
            why: `the ledger of ${ledger.service} in namespace "${ledger.namespace}" of the cluster of ${of} has deployments to it`,
          }
  return undefined
}
