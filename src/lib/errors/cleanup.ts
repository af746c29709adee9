import { type Catalogue, type ExitCode } from "./entry.js"

/** Errors of taking away what earlier runs left. */
export const cleanupErrors = {
  CLEANUP_BLIND: (environment: string, reason: string, exitCode: ExitCode) => ({
    message: `no image is deleted, since it isn't known what ${environment} runs: ${reason}`,
    remedy:
      "give the kubeconfig of each environment, or say in slipway.yaml which of them are to be asked (cleanup.environments)",
    exitCode,
  }),
} satisfies Catalogue
