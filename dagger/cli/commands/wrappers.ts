import { callModule, daggerHere } from "../../module/call.js"
import { REPOSITORY } from "../../lib/home.js"
import { absoluteSource, gitStateOf, configured } from "./sourceFolder.js"

export interface WrappersOptions {
  source: string
  host?: string[]
  slipway?: string
  yes?: boolean
}

/** Prints changes to the CI configuration files as a patch, or writes them. Returns the exit code. */
export async function writeWrappers({ source, host = [], slipway, yes }: WrappersOptions): Promise<number> {
  const folder = absoluteSource(source)
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

/** Address and commit of this Slipway; empty if its repository has no address. */
async function pinOfThisSlipway(): Promise<string> {
  const { origin, sha } = await gitStateOf(REPOSITORY)
  return origin === "" ? "" : `${origin}@${sha}`
}
