import { callModule, daggerHere } from "../../module/call.js"
import { REPOSITORY } from "../../lib/home.js"
import { DEFAULTS } from "../../../src/lib/config/config.js"
import { fail } from "../../../src/lib/errors/catalogue.js"
import { absoluteSource, configured, defaultBranchOf, gitStateOf, isAddress } from "./sourceFolder.js"

export interface WrappersOptions {
  source: string
  host?: string[]
  slipway?: string
  yes?: boolean
}

/** Prints changes to the CI configuration files as a patch, or writes them. Returns the exit code. */
export async function writeWrappers({ source, host = [], slipway, yes }: WrappersOptions): Promise<number> {
  const folder = absoluteSource(source)
  await refuseOtherBranches(folder)
  const pin = slipway ?? (configured(source)?.wrappers.slipway === undefined ? await pinOfThisSlipway() : "")
  const changes = [
    "--progress=plain",
    ...callModule(folder),
    "wrappers",
    ...host.map((name) => `--hosts=${name}`),
    ...(pin === "" ? [] : [`--slipway=${pin}`]),
  ]
  return daggerHere([...changes, ...(yes ? ["export", `--path=${folder}`] : ["as-patch", "contents"])])
}

/** Fails with DEFAULT_BRANCH if the wrappers would run nothing on the repository's default branch. */
export async function refuseOtherBranches(folder: string): Promise<void> {
  if (isAddress(folder)) return
  const { branches } = configured(folder) ?? DEFAULTS
  const found = await defaultBranchOf(folder)
  if (found !== undefined && !Object.values(branches).includes(found))
    throw fail("DEFAULT_BRANCH", [found, branches.main])
}

/** Address and commit of this Slipway; empty if its repository has no address. */
async function pinOfThisSlipway(): Promise<string> {
  const { origin, sha } = await gitStateOf(REPOSITORY)
  return origin === "" ? "" : `${origin}@${sha}`
}
