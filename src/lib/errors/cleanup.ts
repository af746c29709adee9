import { ownVariable } from "../text/variables.js"
import { type Catalogue, ExitCode } from "./entry.js"

/** Errors of the cleanup. */
export const cleanupErrors = {
  CLEANUP_BLIND: (environment: string, reason: string, remedy: string, exitCode: ExitCode) => ({
    message: `no image is deleted, since the images that ${environment} runs are unknown: ${reason}`,
    remedy,
    exitCode,
  }),
  CLEANUP_NO_OVERLAY: (environment: string, folder: string, why: string) => ({
    message: `this checkout has no manifests of ${environment} in ${folder}, and ${why}`,
    remedy: `check out the branch that has it, or list only the environments in use in slipway.yaml (cleanup.environments)`,
    exitCode: ExitCode.badInput,
  }),
  WRONG_CLUSTER: (environment: string, reason: string) => ({
    message: `the cluster isn't known to be that of ${environment}: ${reason}`,
    remedy: `pass the kubeconfig of ${environment} itself (${ownVariable(environment, "KUBECONFIG")}) with the checkout that it is deployed from; if nothing was ever deployed to it, leave it out of cleanup.environments in slipway.yaml`,
    exitCode: ExitCode.badInput,
  }),
} satisfies Catalogue
