import { type Catalogue, ExitCode, quote } from "./entry.js"

/** Errors of preparing a service's Python environment. */
export const pythonErrors = {
  PACKAGES_NOT_INSTALLED: (files: readonly string[], reason: string, remedy: string, network: boolean) => ({
    message: `the packages of ${files.join(", ") || "the service"} can't be installed: ${reason}`,
    remedy,
    exitCode: network ? ExitCode.infrastructure : ExitCode.badInput,
  }),
  TOOLS_NOT_INSTALLED: (tools: readonly string[], reason: string, network: boolean) => ({
    message: `${tools.join(", ")} can't be installed: ${reason}`,
    remedy: network
      ? "check that the package index is reachable"
      : "choose another version of Python, or let the service's own packages contain a version that fits",
    exitCode: network ? ExitCode.infrastructure : ExitCode.badInput,
  }),
  NO_PYTHON_IMAGE: (image: string, why: string, others: readonly string[], reason: string) => ({
    message: `no image ${quote(image)} (${why}): ${reason}`,
    remedy: `see whether its registry can be reached and has it, or choose another version with \`python: { version: "…" }\` in slipway.yaml: ${
      others.length === 0 ? "none could be reached" : `there are images of ${others.join(", ")}`
    }`,
    exitCode: ExitCode.infrastructure,
  }),
  NO_TOOLCHAIN: (small: string, full: string, reason: string) => ({
    message: `packages need git or a compiler, which ${quote(small)} lacks, and ${quote(full)} can't be had; Debian's packages can't be added either: ${reason}`,
    remedy:
      "name an image of Python that has them in slipway.yaml, `images: { replace: { python: … } }`, or use versions of the packages that have wheels",
    exitCode: ExitCode.badInput,
  }),
} satisfies Catalogue
