/**
 * Deploys in a process of its own, which can be killed: `deployer.ts PLACE VERSION`, PLACE as JSON. Prints each step.
 */
import { readFileSync } from "node:fs"
import { KUBECONFIG } from "../../dagger/lib/clusterHolder.js"
import { deployOnce } from "../../src/lib/deploy/run.js"
import { readKubeconfig } from "../../src/lib/kube/access.js"
import { Kube } from "../../src/lib/kube/client.js"
import { context, type Place, plan } from "./rollouts.js"

const [given = "{}", version = ""] = process.argv.slice(2)
const place = {
  ...(JSON.parse(given) as Omit<Place, "kube">),
  kube: new Kube(readKubeconfig(readFileSync(KUBECONFIG, "utf8"))),
}
const wanted = plan(place, version)
await deployOnce(
  context(place, `killed-${version}-${place.namespace}`, (line) => console.log(line)),
  () => Promise.resolve(wanted),
)
