import { contextOf, type DeployInputs } from "../deploy/environment.js"
import type { Config } from "../lib/config/config.js"
import { type StaleObject, oldJobs, oldPreviews, oldReplicaSets } from "../lib/cleanup/cluster.js"
import { type DeletionResult, objectName } from "../lib/cleanup/report.js"
import { type EnvironmentState, rollbackDigests } from "../lib/cleanup/use.js"
import { type Context, observe } from "../lib/deploy/context.js"
import { LEDGER_LABEL } from "../lib/deploy/ledgerStore.js"
import type { Facts } from "../lib/deploy/facts.js"
import {
  CONFIG_MAP,
  CRON_JOB,
  DAEMON_SET,
  DEPLOYMENT,
  JOB,
  type Job,
  type KubeObject,
  NAMESPACE,
  POD,
  REPLICA_SET,
  type ReplicaSet,
  STATEFUL_SET,
} from "../lib/kube/objects.js"
import { oneLine } from "../lib/text/words.js"
import { messageOf } from "../stage/stage.js"

/** The state of an environment that was inspected. */
export interface InspectedEnvironment extends EnvironmentState {
  context: Context
  facts: Facts
  jobs: readonly Job[]
}

/** Kinds of objects that run images. */
const RUNNERS = [POD, REPLICA_SET, DEPLOYMENT, STATEFUL_SET, DAEMON_SET, CRON_JOB]
const KINDS = { Job: JOB, ReplicaSet: REPLICA_SET, Namespace: NAMESPACE }

/** Reads the state of an environment. Fails with NO_CLUSTER and errors of the cluster. */
export async function inspectEnvironment(inputs: DeployInputs): Promise<InspectedEnvironment> {
  const { context } = await contextOf(inputs)
  const { kube, namespace } = context
  const [facts, entries, jobs, ...others] = await Promise.all([
    observe(context),
    context.ledger.entries(),
    kube.list<Job>(JOB, { namespace }),
    ...RUNNERS.map((kind) => kube.list<KubeObject>(kind, { namespace })),
  ])
  return {
    environment: context.environment,
    context,
    facts,
    entries,
    jobs,
    objects: [...jobs, ...others.flat()],
  }
}

type PlannedObject = StaleObject & { of: InspectedEnvironment }

/** Plans the objects to delete in these environments. `all` are all reachable environments. */
export async function planClusters(
  asked: readonly InspectedEnvironment[],
  all: readonly InspectedEnvironment[],
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
  // Environments may share a cluster.
  return [...new Map(found.flat().map((each) => [each.uid, each])).values()]
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

/** Deletes objects by uid. An effect. Reports those that the cluster refuses to delete. */
export async function deleteObjects(going: readonly PlannedObject[]): Promise<DeletionResult> {
  const deleted: string[] = []
  const left: { what: string; why: string }[] = []
  for (const each of going) {
    const { kind, name, namespace, uid, of } = each
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

async function isUsed({ kube, namespace }: Context, name: string): Promise<boolean> {
  const set = await kube.get<ReplicaSet>(REPLICA_SET, name, namespace)
  return (set?.spec.replicas ?? 0) > 0 || (set?.status?.replicas ?? 0) > 0
}
