import { join } from "node:path"
import { type Config, DEFAULTS } from "../../../src/lib/config/config.js"
import { entryEnvironments } from "../../../src/lib/config/environments.js"
import { LEDGER_LABEL, ledgerEntriesOf } from "../../../src/lib/deploy/ledgerStore.js"
import { type Staged, stagedBy } from "../../../src/lib/deploy/staged.js"
import { fail, SlipwayError } from "../../../src/lib/errors/catalogue.js"
import { readKubeconfig } from "../../../src/lib/kube/access.js"
import { Kube } from "../../../src/lib/kube/client.js"
import { CONFIG_MAP, type ConfigMap } from "../../../src/lib/kube/objects.js"
import type { Trigger } from "../../../src/lib/pipeline/policy.js"
import type { LedgerEntry } from "../../../src/lib/run/ledger.js"
import { ownVariable } from "../../../src/lib/text/variables.js"
import { findHolder, KUBECONFIG } from "../../lib/clusterHolder.js"
import { say } from "../../lib/progress.js"
import type { Variables } from "../../lib/variables.js"
import { deploySettings } from "./environment.js"
import { givenKubeconfig } from "./kubeconfig.js"
import { configured, folderOf, repositoryName } from "./sourceFolder.js"
import { refuseOffMain } from "./tagOrigin.js"

/** The run of a tag that may deploy a hotfix. */
interface TaggedRun {
  source: string
  service?: string | undefined
  trigger: Trigger
  commit: string
  /** The given reason to deploy a version that isn't on main. */
  offMain?: string | undefined
  embedded?: boolean | undefined
}

/** Time for that cluster to answer, in milliseconds. */
const PATIENCE = 15_000

/**
 * Returns why a version that isn't on main goes to production, for the ledger; undefined for one that is.
 *
 * A hotfix goes there after the environment that its branch was deployed to, by the ledger in its cluster. Where that can't be read, the reason says so.
 * Fails with TAG_OFF_MAIN and HOTFIX_NOT_STAGED, unless a reason is given.
 */
export async function reasonOffMain(
  run: TaggedRun,
  env: Variables = process.env,
): Promise<string | undefined> {
  const { source, trigger, commit, offMain } = run
  if (refuseOffMain(source, trigger, offMain) !== "hotfix") return offMain
  const deploy = deploySettings(source, run.service)
  // Where the push of its branch deployed it.
  const before = entryEnvironments(deploy).develop
  if (before === entryEnvironments(deploy).version)
    return `a hotfix, whose branch is deployed to ${before} as versions are`
  const { staged, problem } = await stagedHotfix(run, before, env)
  const tag = trigger.ref.replace(/^refs\/tags\//, "")
  if (staged === "never") throw fail("HOTFIX_NOT_STAGED", [tag, commit, before])
  if (staged !== "unknown")
    return `a hotfix, deployed to ${before} at ${staged.finishedAt} by run ${staged.run}`
  say(`! can't tell whether ${tag} was deployed to ${before}: ${problem}`)
  return `a hotfix; whether it was deployed to ${before} is unknown: ${problem}`
}

async function stagedHotfix(
  { source, service, commit, embedded }: TaggedRun,
  environment: string,
  env: Variables,
): Promise<{ staged: Staged; problem: string }> {
  const config = configured(source, service) ?? DEFAULTS
  const repository = repositoryName(join(source, folderOf(source, service)), config)
  const entries = await entriesIn(environment, kubeconfigOf(environment, embedded, env), config)
  if (typeof entries === "string") return { staged: "unknown", problem: entries }
  const staged = stagedBy(entries, environment, commit, repository)
  return { staged, problem: `no ledger in the cluster of ${environment} has deployments of ${repository}` }
}

/** The text of the kubeconfig of an environment, as a deployment to it would use it. */
function kubeconfigOf(
  environment: string,
  embedded: boolean | undefined,
  env: Variables,
): string | undefined {
  const own = embedded && findHolder() !== undefined ? KUBECONFIG : undefined
  const given = own ?? [env[ownVariable(environment, "KUBECONFIG")], env["KUBECONFIG"]].find(Boolean)
  return given && givenKubeconfig(given)
}

/** The entries of all ledgers in a cluster or namespace, or why there are none. */
async function entriesIn(
  environment: string,
  kubeconfig: string | undefined,
  { deploy }: Config,
): Promise<LedgerEntry[] | string> {
  if (kubeconfig === undefined)
    return `there is no ${ownVariable(environment, "KUBECONFIG")} to read its ledger with`
  const namespace = deploy.namespace[environment]
  try {
    const kube = new Kube(readKubeconfig(kubeconfig), { timeout: PATIENCE, patience: PATIENCE })
    try {
      const place = namespace === undefined ? {} : { namespace }
      return ledgerEntriesOf(await kube.list<ConfigMap>(CONFIG_MAP, { labels: LEDGER_LABEL, ...place }))
    } finally {
      kube.close()
    }
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error
    return error.message.split("\n")[0] ?? ""
  }
}
