/** The environments that a repository has files for, by their names. */
import { type Environment, ENVIRONMENTS } from "../config/environments.js"

/** Names of environments, in the usual order of promotion. */
export const USUAL_NAMES: readonly Environment[] = [
  ...["dev", "develop", "development"],
  ...["int", "integration", "test", "testing", "qa"],
  ...["uat", "acceptance", "stage", "staging", "preprod", "pre-prod", "preproduction"],
  ...["prod", "production", "live"],
]

/** True for the environments that Slipway deploys to without a setting. */
export const areDefault = (environments: readonly Environment[]): boolean =>
  environments.length === ENVIRONMENTS.length && ENVIRONMENTS.every((name) => environments.includes(name))

/** What the order of these environments comes from, for a reason. */
export const orderText = (environments: readonly Environment[]): string =>
  environments.length > 1 && !areDefault(environments) ? ", in the usual order of promotion" : ""
