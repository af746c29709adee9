import type { Environment } from "../../../src/lib/config/environments.js"
import type { Group } from "../../../src/lib/pipeline/stages.js"
import { ExitCode } from "../../../src/lib/errors/catalogue.js"
import { pullRequestOf } from "../../../src/lib/forge/pullRequest.js"
import { forTool } from "../../../src/lib/secrets/credentials.js"
import { variablesFor } from "../../../src/lib/pipeline/deliverySecrets.js"
import { ownVariable } from "../../../src/lib/text/variables.js"
import { failure, type DoctorFinding, ok, warning } from "./finding.js"
import type { Variables } from "../../lib/variables.js"

/** The parts of a run that need secrets. */
export interface SecretNeeds {
  groups: readonly Group[]
  environment: Environment | undefined
  /** True if registry, signer and cluster are the embedded ones. */
  embedded: boolean
  /** False for an image that isn't signed. */
  signs?: boolean
  /** True if the cluster's kubeconfig comes from Azure. */
  aks: boolean
}

/** Checks that the environment has the secrets of a run. */
export function secretFindings(need: SecretNeeds, env: Variables): DoctorFinding[] {
  const { groups, embedded, signs = true } = need
  return [
    ...(groups.includes("release") && !embedded && signs ? [signer(env)] : []),
    ...(groups.includes("deploy") && !embedded ? deployment(need, env) : []),
    ...(groups.includes("plan") ? planning(env) : []),
  ]
}

function signer(env: Variables): DoctorFinding {
  const { COSIGN_PRIVATE_KEY: key, SIGSTORE_ID_TOKEN: token } = env
  if (key && token)
    return failure(
      "signer",
      "both COSIGN_PRIVATE_KEY and SIGSTORE_ID_TOKEN are set",
      "unset one of them",
      ExitCode.badInput,
    )
  if (key || token) return ok("signer", key ? "COSIGN_PRIVATE_KEY" : "SIGSTORE_ID_TOKEN")
  return failure(
    "signer",
    "nothing to sign with",
    "set COSIGN_PRIVATE_KEY and COSIGN_PASSWORD, or SIGSTORE_ID_TOKEN",
    ExitCode.badInput,
  )
}

/** The variable with a secret; one with the environment's prefix takes precedence. */
export const variableFor = (name: string, environment: string, env: Variables): string | undefined =>
  variablesFor(environment, name).find((each) => env[each])

function deployment({ environment = "", aks }: SecretNeeds, env: Variables): DoctorFinding[] {
  const has = (name: string) => variableFor(name, environment, env)
  const kubeconfig = has("KUBECONFIG")
  const azure = has("AZURE_CREDENTIALS") ?? has("AZURE_CLIENT_ID")
  const way = kubeconfig ?? (aks ? azure : undefined)
  const database = has("DATABASE_URL")
  return [
    way === undefined
      ? failure(
          "cluster",
          `no kubeconfig for ${environment}`,
          `set ${ownVariable(environment, "KUBECONFIG")}${aks ? ", or AZURE_CREDENTIALS" : ""}`,
          ExitCode.badInput,
        )
      : ok("cluster", way),
    database === undefined
      ? warning(
          "database",
          `no DATABASE_URL for ${environment}`,
          `set ${ownVariable(environment, "DATABASE_URL")} where a deployment migrates`,
        )
      : ok("database", database),
  ]
}

function planning(env: Variables): DoctorFinding[] {
  const names = forTool(env)
  const tokens = ["GITHUB_TOKEN", "GITLAB_TOKEN", "SYSTEM_ACCESSTOKEN"].filter((name) => env[name])
  return [
    names.length === 0
      ? warning(
          "terraform",
          "nothing to plan with",
          "set TF_VAR_…, TF_BACKEND or AZURE_CREDENTIALS, where state or provider want them",
        )
      : ok("terraform", names.join(", ")),
    env["SLIPWAY_PLAN_KEY"]
      ? ok("plan key", "SLIPWAY_PLAN_KEY")
      : warning(
          "plan key",
          "none: plans are shown, and not kept",
          "set SLIPWAY_PLAN_KEY where they are to be applied as reviewed",
        ),
    ...(pullRequestOf(env) !== undefined && tokens.length === 0
      ? [
          warning(
            "comment",
            "no token to write to the pull request with",
            "hand the step the host's token, such as GITHUB_TOKEN",
          ),
        ]
      : []),
  ]
}
