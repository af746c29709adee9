import { DEPLOYMENT, type Deployment, type KubeObject, type Service } from "../kube/objects.js"
import { fail } from "../errors/catalogue.js"
import { without } from "../text/json.js"
import { templateOf } from "./change.js"

import { type Context, note, observe } from "./context.js"
import { type Facts, newest } from "./facts.js"
import { revisionWith } from "./followers.js"
import { HASH, type Manifests, nameOf, withVersion } from "./manifests.js"
import { locked, recover, rollbackTarget } from "./run.js"

/** What a rollback goes back to. */
export type Target = ReturnType<typeof rollbackTarget>

/** Says what a rollback would go back to; nothing where it only gives up a rollout that is held or was interrupted. */
export async function targetOf(context: Context, wanted: string): Promise<Target | undefined> {
  const facts = await observe(context)
  if (facts.deployment === undefined)
    throw fail("NOTHING_DEPLOYED", [context.names.deployment, context.namespace])
  if (facts.rollout !== undefined && wanted === "") return undefined
  return rollbackTarget(await context.ledger.entries(), facts, wanted)
}

/** Gives up a rollout that is held or was interrupted. */
export function giveUp(context: Context): Promise<string> {
  return locked(context, async (held) => {
    const { rollout } = await observe(held)
    if (rollout?.phase === "held")
      await note(held, { ...rollout, phase: "undo", reason: "rolled back by hand" })
    return recover(held)
  })
}

/** Accepts a version that is held; what comes along with it follows, by these manifests. */
export const accept = (context: Context, manifests?: Manifests): Promise<string> =>
  locked(context, (held) =>
    recover(held, ({ version, digest, commit }, facts) => {
      const repository = nameOf(newest(facts)?.image ?? "")
      return manifests === undefined
        ? []
        : withVersion(manifests, { name: version, repository, digest, commit }).last
    }),
  )

/** The live objects with the template that ran a version; undefined where the cluster no longer has it. */
export async function manifestsOf(
  context: Context,
  facts: Facts,
  target: Target,
): Promise<Manifests | undefined> {
  const { deployment, service } = facts
  const revision = facts.revisions.find(({ digest }) => digest === target.digest)
  if (deployment === undefined || service === undefined || revision === undefined) return undefined
  const others = (await followerNames(context)).filter((name) => name !== context.names.deployment)
  const last = await Promise.all(others.map((name) => revisionWith(context, name, target.digest)))
  return {
    namespace: context.namespace,
    deployment: {
      ...cleaned(deployment),
      spec: { ...deployment.spec, template: templateOf(revision.template) },
    },
    service: { ...cleaned(service), spec: plainService(service) },
    first: [],
    last: last
      .filter((found): found is Deployment => found !== undefined)
      .map((found) => ({ ...cleaned(found), spec: found.spec })),
  }
}

/** The Deployments that Slipway deployed along with it: they carry its notes. */
async function followerNames({ kube, namespace }: Context): Promise<string[]> {
  const all = await kube.list<Deployment>(DEPLOYMENT, { namespace })
  return all
    .filter(({ spec }) => spec.template.metadata?.annotations?.["slipway.dev/digest"] !== undefined)
    .map(({ metadata }) => metadata.name)
}

/** What a server or `kubectl` notes for itself. */
const SERVERS = [
  "kubectl.kubernetes.io/last-applied-configuration",
  "deployment.kubernetes.io/revision",
] as const

/** An object as somebody would write it. */
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
      // What is left out of what was applied before is taken away, such as that a load balancer is internal.
      ...(annotations !== undefined && { annotations: without(annotations, ...SERVERS) }),
    },
    ...own,
  } as unknown as T
}

function plainService({ spec }: Service): Service["spec"] {
  return { ...spec, selector: without(spec.selector ?? {}, HASH) }
}
