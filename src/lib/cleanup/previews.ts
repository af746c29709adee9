/** The previews of pull requests that a cleanup finds: the images that they need, and which have had their time. */
import type { Environment } from "../config/environments.js"
import { LEDGER_LABEL } from "../deploy/ledgerStore.js"
import { isOfService, numberOf, PREVIEW_LABEL } from "../deploy/previewNamespace.js"
import type { Kube } from "../kube/client.js"
import { CONFIG_MAP, type ConfigMap, type KubeObject, NAMESPACE } from "../kube/objects.js"
import { previewOf } from "../text/previews.js"
import { fields, parseJson, text } from "../text/json.js"
import type { StaleObject } from "./cluster.js"
import { ledgersOf } from "./ledgers.js"
import { ageText } from "./policy.js"
import { type EnvironmentState, imageNames, RUNNERS } from "./use.js"

/** The previews of one service in a cluster. */
export interface PreviewCluster {
  kube: Kube
  /** What tells the service from all others. */
  service: string
  previews: readonly FoundPreview[]
}

/** A preview with what it runs. Its ledger is unverified: it lies beside code that nobody has reviewed. */
export interface FoundPreview extends EnvironmentState {
  space: KubeObject
}

/** Reads the previews of a service. */
export async function readPreviews(kube: Kube, service: string): Promise<PreviewCluster> {
  const spaces = await kube.list<KubeObject>(NAMESPACE, { labels: PREVIEW_LABEL })
  const own = spaces.filter((space) => isOfService(space, { service }))
  return { kube, service, previews: await Promise.all(own.map((space) => readPreview(kube, space))) }
}

async function readPreview(kube: Kube, space: KubeObject): Promise<FoundPreview> {
  const namespace = space.metadata.name
  const [ledgers, ...objects] = await Promise.all([
    kube
      .list<ConfigMap>(CONFIG_MAP, { namespace, labels: LEDGER_LABEL })
      .then((parts) => ledgersOf(kube, parts, namespace)),
    ...RUNNERS.map((kind) => kube.list<KubeObject>(kind, { namespace })),
  ])
  return {
    space,
    environment: environmentIn(space),
    namespace,
    service: "",
    entries: [],
    facts: { revisions: [], rollout: undefined },
    running: [{ namespace, names: objects.flat().flatMap(imageNames) }],
    ledgers,
  }
}

const environmentIn = (space: KubeObject): Environment => previewOf(numberOf(space) ?? "")

/** The previews whose last deployment is older than the limit, in seconds. */
export const stalePreviews = (
  { previews }: Pick<PreviewCluster, "previews">,
  age: number,
  now: number,
): StaleObject[] =>
  previews.flatMap(({ space, ledgers }) => {
    const { name, uid = "", creationTimestamp = "", deletionTimestamp } = space.metadata
    const times = [creationTimestamp, ...ledgers.flatMap(({ text: content }) => endsIn(content))]
    const last = Math.max(...times.map((time) => Date.parse(time)).filter((time) => !Number.isNaN(time)))
    // One without any time isn't old either.
    if (deletionTimestamp !== undefined || !Number.isFinite(last) || now - last < age * 1000) return []
    const why = `${environmentIn(space)} was last deployed ${new Date(last).toISOString()}, more than ${ageText(age * 1000)} ago`
    return [{ kind: "Namespace", namespace: "", name, uid, why }]
  })

const endsIn = (ledger: string): string[] =>
  ledger.split("\n").flatMap((line) => text(fields(parseJson(line))["finishedAt"]) || [])
