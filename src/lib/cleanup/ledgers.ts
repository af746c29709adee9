import { ClusterLedger, LEDGER_LABEL } from "../deploy/ledgerStore.js"
import type { Kube } from "../kube/client.js"
import type { ConfigMap } from "../kube/objects.js"
import type { FoundLedger } from "./use.js"

/** Reads the ledgers that these ConfigMaps are parts of; `namespace` is that of parts which name none. */
export async function ledgersOf(
  kube: Kube,
  parts: readonly ConfigMap[],
  namespace: string,
): Promise<FoundLedger[]> {
  const owners = new Map(
    parts.map(({ metadata: { namespace: own = namespace, labels = {} } }) => {
      const service = labels[LEDGER_LABEL] ?? ""
      return [`${own}/${service}`, { namespace: own, service }]
    }),
  )
  return Promise.all(
    [...owners.values()].map(async (owner) => ({
      ...owner,
      text: await new ClusterLedger(kube, owner.namespace, owner.service).text(),
    })),
  )
}
