/** What Slipway relies on of Terraform from 1.6 on, and of OpenTofu. */
import { TERRAFORM_APPLIES } from "./terraformApplies.js"
import { TERRAFORM_AZURE } from "./terraformAzure.js"
import { TERRAFORM_COMMANDS } from "./terraformCommands.js"
import { TERRAFORM_PLANS } from "./terraformPlans.js"
import type { TerraformFact } from "./terraformRuns.js"

export const TERRAFORM_FACTS: readonly TerraformFact[] = [
  ...TERRAFORM_COMMANDS,
  ...TERRAFORM_PLANS,
  ...TERRAFORM_APPLIES,
  ...TERRAFORM_AZURE,
]
