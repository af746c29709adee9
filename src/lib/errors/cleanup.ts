import { type Catalogue, type ExitCode } from "./entry.js"

/** Errors of the cleanup. */
export const cleanupErrors = {
  CLEANUP_BLIND: (environment: string, reason: string, exitCode: ExitCode) => ({
    message: `no image is deleted, since the images that ${environment} runs are unknown: ${reason}`,
    remedy:
      "pass the kubeconfig of each environment, or list the environments to check in slipway.yaml (cleanup.environments)",
    exitCode,
  }),
} satisfies Catalogue
