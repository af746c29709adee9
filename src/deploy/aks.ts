import type { DeployInputs } from "./environment.js"
import { environmentsOf } from "../lib/config/environments.js"
import { environmentSecrets } from "../lib/secrets/credentials.js"
import { aksKubeconfig } from "../lib/kube/azure.js"
import { aksCluster, azureAccount, isOfAccount } from "../lib/kube/azureAccount.js"

/**
 * Fetches a kubeconfig of the environment's AKS cluster from Azure.
 *
 * Undefined if the settings name no cluster, or the secrets no account. Fails with AZURE_LOGIN, AZURE_CREDENTIALS and AKS_CREDENTIALS.
 */
export async function kubeconfigOfAks({
  config,
  environment,
  secrets,
}: DeployInputs): Promise<string | undefined> {
  const place = config.deploy.aks[environment]
  if (place === undefined) return undefined
  const named = environmentSecrets(secrets, environment, environmentsOf(config.deploy)).filter(({ name }) =>
    isOfAccount(name),
  )
  const texts = await Promise.all(
    named.map(async ({ name, secret }) => ({ name, text: await secret.plaintext() })),
  )
  const account = azureAccount(texts)
  return account && aksKubeconfig(account.principal, aksCluster(place, account.subscriptionId))
}
