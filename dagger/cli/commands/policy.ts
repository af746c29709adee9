import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { parsePolicyAddress } from "../../../src/lib/release/policyAddress.js"

/** The call of `with-policy`, if a floor is given. Fails with POLICY_UNPINNED and POLICY_ADDRESS. */
export function policyArguments(policy: string | undefined): string[] {
  if (policy === undefined || policy === "") return []
  if (existsSync(policy)) return ["with-policy", `--file=${resolve(policy)}`]
  parsePolicyAddress(policy)
  return ["with-policy", `--address=${policy}`]
}
