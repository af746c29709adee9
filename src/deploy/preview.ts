import { clusterOf, type DeployInputs } from "./environment.js"
import { fail } from "../lib/errors/catalogue.js"
import { claimNamespace, deletePreview, type Preview } from "../lib/deploy/previewNamespace.js"
import type { Kube } from "../lib/kube/client.js"
import { previewNumber } from "../lib/text/previews.js"
import { nameOf } from "../stage/texts.js"

/** The preview that an environment is; undefined for any other. */
async function previewIn({ source, config, environment }: DeployInputs): Promise<Preview | undefined> {
  const number = previewNumber(environment)
  const namespace = config.deploy.namespace[environment]
  if (number === undefined || namespace === undefined) return undefined
  return { environment, number, namespace, service: await serviceOfPreviews({ source, config }) }
}

/** What tells the previews of this service from those of all others: where its images are, by its settings. */
export const serviceOfPreviews = async ({
  source,
  config,
}: Pick<DeployInputs, "source" | "config">): Promise<string> =>
  [config.release.registry ?? "", config.release.repository ?? (await nameOf(source, config))]
    .filter((part) => part !== "")
    .join("/")

/** Creates the namespace of an environment that is a preview. Fails with PREVIEW_TAKEN and PREVIEW_ENDING. */
export async function claimPreview(inputs: DeployInputs, kube: Kube): Promise<void> {
  const preview = await previewIn(inputs)
  if (preview !== undefined) await claimNamespace(kube, preview, inputs.config.deploy.finishTimeout)
}

/** Deletes a preview. Returns a summary. Fails with NOT_A_PREVIEW, PREVIEW_TAKEN and PREVIEW_ENDING. */
export async function endPreview(inputs: DeployInputs): Promise<string> {
  const preview = await previewIn(inputs)
  if (preview === undefined) throw fail("NOT_A_PREVIEW", [inputs.environment])
  const { kube } = await clusterOf(inputs)
  const wasThere = await deletePreview(kube, preview, inputs.config.deploy.finishTimeout)
  const { environment, namespace } = preview
  return wasThere
    ? `${environment} is deleted: its namespace ${namespace} is gone\n`
    : `there is no ${environment}: no namespace ${namespace}\n`
}
