import type { DeploymentObject, KubeObject, PodTemplate } from "../kube/objects.js"
import { fail, SlipwayError } from "../errors/catalogue.js"
import { count } from "../text/words.js"
import { type Context, endpointPods } from "./context.js"
import type { Facts } from "./facts.js"
import type { DeployedVersion, Manifests } from "./manifests.js"

interface Planned {
  version: DeployedVersion
  manifests: Manifests
}

/** True if this version with these settings is the newest revision. */
export const isCurrent = (facts: Facts, { manifests, version }: Planned): boolean => {
  const [current] = facts.revisions
  if (current === undefined || facts.deployment === undefined) return false
  const image = (template: PodTemplate) => template.spec.containers.map((container) => container.image).join()
  const same = image(current.template) === image(manifests.deployment.spec.template)
  return same && current.digest === version.digest && sameSettings(facts.deployment, manifests.deployment)
}

/** True if the live template has every field of the wanted one; the server's defaults don't count. */
function sameSettings(live: DeploymentObject, wanted: DeploymentObject): boolean {
  const within = (part: unknown, whole: unknown): boolean => {
    if (typeof part !== "object" || part === null) return part === whole || String(part) === String(whole)
    if (Array.isArray(part))
      return (
        Array.isArray(whole) &&
        part.length === whole.length &&
        part.every((item, index) => within(item, whole[index]))
      )
    return Object.entries(part).every(([key, value]) =>
      within(value, (whole as Record<string, unknown> | undefined)?.[key]),
    )
  }
  return within(wanted.spec.template, live.spec.template)
}

/** Validates every object by a server-side dry run before any is applied. */
export async function prepare(
  context: Context,
  { manifests }: Planned,
  { deployment }: Facts,
  log: string[],
): Promise<string> {
  const { names } = context
  if (deployment?.spec.paused) throw fail("PAUSED", [names.deployment])
  if (deployment === undefined && (await endpointPods(context)).length > 0)
    throw fail("SERVICE_TAKEN", [names.service, names.deployment])
  if ((manifests.deployment.spec.replicas ?? deployment?.spec.replicas) === 0)
    throw fail("NO_REPLICAS", [names.deployment])
  const objects = [...manifests.first, manifests.service, manifests.deployment, ...manifests.last]
  const problems = await Promise.all(objects.map((object) => dryRunProblem(context, object)))
  const found = problems.filter((problem) => problem !== undefined)
  if (found.length > 0) throw fail("DRY_RUN", [found])
  log.push(...objects.map(({ kind, metadata }) => `${kind} ${metadata.name}: accepted by a dry run`))
  return `${count(objects.length, "object")} validated in ${context.namespace}`
}

async function dryRunProblem({ kube }: Context, object: KubeObject): Promise<string | undefined> {
  try {
    await kube.apply(object, { dryRun: true })
    return undefined
  } catch (error) {
    // A connection error isn't the object's fault.
    if (!(error instanceof SlipwayError) || error.code === "KUBE_UNREACHABLE") throw error
    return `${object.kind} ${object.metadata.name}: ${error.message.split("\n→")[0] ?? ""}`
  }
}
