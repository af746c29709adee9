import { DEPLOYMENT, type DeploymentObject, type KubeObject, type ServiceObject } from "../kube/objects.js"
import { fail } from "../errors/catalogue.js"
import { without } from "../text/json.js"
import { templateOf } from "./change.js"

import { type Context, observe } from "./context.js"
import { type Facts, newest } from "./facts.js"
import { followerWithDigest } from "./followers.js"
import { ANNOTATIONS, HASH, type Manifests, bareImageName, withVersion } from "./manifests.js"
import { claimRollout } from "./record.js"
import { rollbackTarget } from "./goodVersions.js"
import { type DeployResult, doneBefore, recover, repeatedRun, whileLocked } from "./run.js"

/** The version that a rollback restores. */
export type RollbackTarget = ReturnType<typeof rollbackTarget>

/**
 * Finds the version to roll back to; undefined if the rollback only abandons a rollout on hold or interrupted.
 *
 * Without a version it is the last good one that isn't `current`, by default what runs.
 */
export async function findRollbackTarget(
  context: Context,
  wanted: string,
  current?: string,
): Promise<RollbackTarget | undefined> {
  const facts = await observe(context)
  if (facts.deployment === undefined)
    throw fail("NOTHING_DEPLOYED", [context.names.deployment, context.namespace])
  if (facts.rollout !== undefined && wanted === "") return undefined
  return rollbackTarget((await context.ledger.read()).entries, facts, wanted, current)
}

/** The outcome of a rollback without a version that this run has made already; repeated, it must not go back further. */
export async function earlierRollback(context: Context): Promise<DeployResult | undefined> {
  const { entries } = await context.ledger.read()
  const abandoned = entries.find(({ facts }) => facts[ABANDONED] === context.run)
  const done = doneBefore(context, entries, { kind: "rollback" })
  if (abandoned === undefined) return done && repeatedRun(done)
  const recovered = `this run has abandoned ${abandoned.facts["version"] ?? "a rollout"} already`
  return { status: "unchanged", steps: [], alerts: [], facts: {}, entry: undefined, recovered }
}

/** The fact that names the run that abandoned a rollout. */
const ABANDONED = "abandonedBy"

/** Abandons a rollout that is on hold or was interrupted. */
export function abandonRollout(context: Context): Promise<string> {
  return whileLocked(context, async (held) => {
    const { rollout } = await observe(held)
    if (rollout?.phase === "held")
      await claimRollout(held, (found) => ({ ...found, phase: "undo", reason: "rolled back by hand" }))
    return recover(held, undefined, { [ABANDONED]: held.run })
  })
}

/** Accepts a version that is on hold, and updates its followers by these manifests. */
export const acceptVersion = (context: Context, manifests?: Manifests): Promise<string> =>
  whileLocked(context, (held) =>
    recover(held, ({ version, digest, commit }, facts) => {
      const repository = bareImageName(newest(facts)?.image ?? "")
      return manifests === undefined
        ? []
        : withVersion(manifests, { name: version, repository, digest, commit }).last
    }),
  )

/** Returns the live objects with the template that ran a version; undefined if the cluster no longer has it. */
export async function manifestsOf(
  context: Context,
  facts: Facts,
  target: RollbackTarget,
): Promise<Manifests | undefined> {
  const { deployment, service } = facts
  const revision = facts.revisions.find(({ digest }) => digest === target.digest)
  if (deployment === undefined || service === undefined || revision === undefined) return undefined
  const others = (await followerNames(context)).filter((name) => name !== context.names.deployment)
  const last = await Promise.all(others.map((name) => followerWithDigest(context, name, target.digest)))
  return {
    namespace: context.namespace,
    deployment: {
      ...cleaned(deployment),
      spec: { ...deployment.spec, template: templateOf(revision.template) },
    },
    service: { ...cleaned(service), spec: plainService(service) },
    first: [],
    last: last
      .filter((found): found is DeploymentObject => found !== undefined)
      .map((found) => ({ ...cleaned(found), spec: found.spec })),
  }
}

/** Returns the names of all Deployments with Slipway's annotations. */
async function followerNames({ kube, namespace }: Context): Promise<string[]> {
  const all = await kube.list<DeploymentObject>(DEPLOYMENT, { namespace })
  return all
    .filter(({ spec }) => spec.template.metadata?.annotations?.[ANNOTATIONS.digest] !== undefined)
    .map(({ metadata }) => metadata.name)
}

/** Annotations that the server or `kubectl` sets. */
const SERVER_ANNOTATIONS = [
  "kubectl.kubernetes.io/last-applied-configuration",
  "deployment.kubernetes.io/revision",
] as const

/** Returns an object as a manifest: without fields that the server sets. */
const cleaned = <T extends KubeObject>({ apiVersion, kind, metadata, ...rest }: T): T => {
  const { name, namespace, labels, annotations } = metadata
  const own = without(rest as Record<string, unknown>, "status")
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      namespace,
      ...(labels !== undefined && { labels }),
      // Server-side apply removes annotations that it set before and that are missing now, such as a load balancer's.
      ...(annotations !== undefined && { annotations: without(annotations, ...SERVER_ANNOTATIONS) }),
    },
    ...own,
  } as unknown as T
}

function plainService({ spec }: ServiceObject): ServiceObject["spec"] {
  return { ...spec, selector: without(spec.selector ?? {}, HASH) }
}
