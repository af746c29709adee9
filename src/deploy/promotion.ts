import { contextOf, type DeployInputs } from "./environment.js"
import type { WantedRelease } from "./wantedRelease.js"
import { deployedTo, promotionGate } from "../lib/deploy/promotion.js"
import { fail, SlipwayError } from "../lib/errors/catalogue.js"
import { oneLine } from "../lib/text/words.js"

/**
 * How a release came to the environment, for report and ledger; empty where the settings ask for no order.
 *
 * Reads the ledger of the environment before, in its cluster. Fails with NOT_PROMOTED where the settings demand that the
 * same image was deployed there, unless a reason is given.
 */
export async function promotionOf(
  inputs: DeployInputs,
  { name, digest }: Pick<WantedRelease, "name" | "digest">,
): Promise<string> {
  const { config, environment, offOrder = "" } = inputs
  const gate = promotionGate(config.deploy, environment)
  if (gate === undefined) return ""
  const { before, policy } = gate
  const found = await deployedBefore(inputs, before, digest)
  if (found.deployed) return `promoted from ${before}: ${found.text}`
  if (offOrder !== "") return `off order: ${oneLine(offOrder)} (${found.text})`
  if (policy === "enforce") throw fail("NOT_PROMOTED", [name, environment, before, found.text])
  return `NOT promoted from ${before}, which ${environment} only reports: ${found.text}`
}

async function deployedBefore(
  inputs: DeployInputs,
  before: string,
  digest: string,
): Promise<{ deployed: boolean; text: string }> {
  try {
    const { context } = await contextOf({ ...inputs, environment: before })
    const entry = deployedTo(await context.ledger.entries(), before, digest)
    const short = digest.slice(0, 19)
    return entry === undefined
      ? { deployed: false, text: `its ledger has no successful deployment of ${short} that still stands` }
      : { deployed: true, text: `${short} was deployed there at ${entry.finishedAt} by run ${entry.run}` }
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error
    return { deployed: false, text: `its ledger can't be read: ${oneLine(error.message)}` }
  }
}
