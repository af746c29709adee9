/** What is live in clusters: read, planned and deleted through the API of each. */
import { messageOf } from "../run/execError.js"
import type { Config } from "../config/config.js"
import { type StaleObject, oldJobs, oldPreviews, oldReplicaSets } from "./cluster.js"
import { ledgersOf } from "./ledgers.js"
import { type DeletionResult, objectName } from "./report.js"
import { type PreviewCluster, stalePreviews } from "./previews.js"
import { type EnvironmentState, imageNames, rollbackDigests, RUNNERS } from "./use.js"
import { type Context, observe } from "../deploy/context.js"
import { LEDGER_LABEL } from "../deploy/ledgerStore.js"
import type { Facts } from "../deploy/facts.js"
import {
  CONFIG_MAP,
  type ConfigMap,
  JOB,
  type Job,
  type KubeObject,
  NAMESPACE,
  type ObjectKind,
  REPLICA_SET,
  type ReplicaSet,
} from "../kube/objects.js"
import { SlipwayError } from "../errors/catalogue.js"
import { oneLine } from "../text/words.js"

/** The state of an environment that was inspected. */
export interface InspectedEnvironment extends EnvironmentState {
  context: Context
  facts: Facts
  jobs: readonly Job[]
}

const KINDS = { Job: JOB, ReplicaSet: REPLICA_SET, Namespace: NAMESPACE }

/** Reads the state of an environment. */
export async function readState(context: Context): Promise<InspectedEnvironment> {
  const { kube, namespace, environment, names } = context
  const [facts, entries, jobs, ledgers, ...running] = await Promise.all([
    observe(context),
    context.ledger.entries(),
    kube.list<Job>(JOB, { namespace }),
    everywhere<ConfigMap>(context, CONFIG_MAP, LEDGER_LABEL).then((parts) =>
      ledgersOf(kube, parts, namespace),
    ),
    ...RUNNERS.map((kind) => everywhere<KubeObject>(context, kind)),
  ])
  return {
    environment,
    namespace,
    service: names.deployment,
    context,
    facts,
    entries,
    jobs,
    ledgers,
    running: running
      .flat()
      .map((each) => ({ namespace: each.metadata.namespace ?? namespace, names: imageNames(each) })),
  }
}

/** Lists the objects of all namespaces; those of the environment's alone where no others may be read. */
async function everywhere<T extends KubeObject>(
  { kube, namespace }: Context,
  kind: ObjectKind,
  labels?: string,
): Promise<T[]> {
  try {
    return await kube.list<T>(kind, { labels })
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.code !== "KUBE_FORBIDDEN") throw error
    return kube.list<T>(kind, { namespace, labels })
  }
}

type PlannedObject = StaleObject & { of: { context: Pick<Context, "kube" | "namespace"> } }

/** The clusters to clean up, and all environments that can be reached. */
export interface CleanedClusters {
  asked: readonly InspectedEnvironment[]
  all: readonly InspectedEnvironment[]
  /** The cluster of previews, unless one environment alone is cleaned up. */
  previews: PreviewCluster | undefined
}

/** Plans the objects to delete in clusters. */
export async function planClusters(
  { asked, all, previews: cluster }: CleanedClusters,
  { cleanup, deploy }: Pick<Config, "cleanup" | "deploy">,
  now: number,
): Promise<PlannedObject[]> {
  const { jobs: age, rollbacks, previews } = cleanup
  const taken = [...all.map(({ context }) => context.namespace), ...Object.values(deploy.namespace)]
  const found = await Promise.all(
    asked.map(async (of): Promise<PlannedObject[]> => {
      const needed = rollbackDigests(of.entries, rollbacks)
      const leaving = [
        ...oldJobs(of.jobs, age, now),
        ...oldReplicaSets(of.facts, rollbacks, needed),
        ...(await previewsIn(of.context, previews, taken, now)),
      ]
      return leaving.map((each) => ({ ...each, of }))
    }),
  )
  const ended = cluster === undefined ? [] : stalePreviews(cluster, previews.age, now)
  const of = cluster && { context: { kube: cluster.kube, namespace: "" } }
  const planned = [...found.flat(), ...(of === undefined ? [] : ended.map((each) => ({ ...each, of })))]
  // Environments may share a cluster.
  return [...new Map(planned.map((each) => [each.uid, each])).values()]
}

/** Old preview namespaces. One with a ledger is an environment and is kept. */
async function previewsIn(
  { kube }: Context,
  previews: Config["cleanup"]["previews"],
  taken: readonly string[],
  now: number,
): Promise<StaleObject[]> {
  if (previews.label === undefined) return []
  const namespaces = await kube.list<KubeObject>(NAMESPACE, { labels: previews.label })
  const old = oldPreviews(namespaces, previews, taken, now)
  const ledgers = await Promise.all(
    old.map(({ name }) => kube.list<KubeObject>(CONFIG_MAP, { namespace: name, labels: LEDGER_LABEL })),
  )
  return old.filter((_, index) => ledgers[index]?.length === 0)
}

/**
 * Deletes objects by uid, unless a plan that was made just before lists them no more. An effect.
 *
 * Reports those that the cluster refuses to delete.
 */
export async function deleteObjects(
  going: readonly PlannedObject[],
  again: readonly Pick<PlannedObject, "uid">[],
): Promise<DeletionResult> {
  const deleted: string[] = []
  const left: { what: string; why: string }[] = []
  for (const each of going) {
    const { kind, name, namespace, uid, of } = each
    if (!again.some((other) => other.uid === uid)) {
      left.push({ what: objectName(each), why: "it is needed by now" })
      continue
    }
    try {
      // A ReplicaSet that has pods now was rolled back to.
      if (kind === "ReplicaSet" && (await isUsed(of.context, name)))
        left.push({ what: objectName(each), why: "it has pods now" })
      else {
        await of.context.kube.delete(KINDS[kind], name, namespace, { uid })
        deleted.push(objectName(each))
      }
    } catch (error) {
      left.push({ what: objectName(each), why: oneLine(messageOf(error)) })
    }
  }
  return { deleted, left }
}

async function isUsed({ kube, namespace }: PlannedObject["of"]["context"], name: string): Promise<boolean> {
  const set = await kube.get<ReplicaSet>(REPLICA_SET, name, namespace)
  return (set?.spec.replicas ?? 0) > 0 || (set?.status?.replicas ?? 0) > 0
}
