import { type Catalogue, ExitCode, quote } from "./entry.js"

/** Errors of the engine kit: what this machine lacks or refuses. */
export const engineErrors = {
  NOT_ROOT: () => ({
    message: "making a Dagger engine takes root on Linux",
    remedy:
      "run as root, or install the dagger CLI and a container runtime, or set _EXPERIMENTAL_DAGGER_RUNNER_HOST",
    exitCode: ExitCode.infrastructure,
  }),
  NO_CLI: (host: string, version: string) => ({
    message: `the engine at ${quote(host)} is to be used, but there is no dagger command of at least ${version}`,
    remedy:
      "install the dagger CLI, or unset _EXPERIMENTAL_DAGGER_RUNNER_HOST; `slipway engine up` without it builds one too",
    exitCode: ExitCode.infrastructure,
  }),
  HOME_TOO_LONG: (home: string, limit: number) => ({
    message: `the engine's socket below ${quote(home)} would have a path of more than ${limit} characters`,
    remedy: "set SLIPWAY_HOME to a shorter path",
    exitCode: ExitCode.infrastructure,
  }),
  DISK_FULL: (path: string, free: number, needed: number) => ({
    message: `${quote(path)} has ${free} GB left, and ${needed} GB are needed`,
    remedy: "free some space, or set SLIPWAY_HOME to a folder on another disk",
    exitCode: ExitCode.infrastructure,
  }),
  PACKAGE_MISSING: (names: string[], reason: string) => ({
    message: `installing the Debian packages ${names.map(quote).join(", ")}: ${reason}`,
    remedy: "install them by hand, then run this again",
    exitCode: ExitCode.infrastructure,
  }),
  ROOT_BUILD: (reason: string) => ({
    message: `unpacking Debian packages: ${reason}`,
    remedy: "see whether the package named above can be had from this machine's package sources",
    exitCode: ExitCode.infrastructure,
  }),
  GO_BUILD: (reason: string) => ({
    message: `building from Go modules: ${reason}`,
    remedy: "a module that is refused can't be had from this machine's module proxy (GOPROXY)",
    exitCode: ExitCode.infrastructure,
  }),
  JAVA_BUILD: (reason: string) => ({
    message: `building from Maven's packages: ${reason}`,
    remedy:
      "a package that is refused can't be had from the repositories that this machine's Maven is set up with",
    exitCode: ExitCode.infrastructure,
  }),
  NPM_INSTALL: (what: string, reason: string) => ({
    message: `installing ${what}: ${reason}`,
    remedy: "a package that is refused can't be had from this machine's npm registry",
    exitCode: ExitCode.infrastructure,
  }),
  NO_NETWORK: (used: string[]) => ({
    message: `every private network that the engine could take is in use: ${used.join(", ")}`,
    remedy: "remove a route below 10.0.0.0/8 that isn't needed",
    exitCode: ExitCode.infrastructure,
  }),
  ENGINE_START: (reason: string) => ({
    message: `the engine did not start:\n${reason}`,
    remedy: "`slipway engine logs` shows the whole log",
    exitCode: ExitCode.infrastructure,
  }),
  ENGINE_ENDED: (log: string) => ({
    message: "the engine ended in the middle of this",
    remedy: `run the same again, which starts one; \`slipway engine logs\` and ${quote(log)} may say why it ended`,
    exitCode: ExitCode.infrastructure,
  }),
  CLUSTER_ABSENT: (name: string, waited: number) => ({
    message: `no cluster ${quote(name)} came up within ${waited} s`,
    remedy: "start one with `slipway cluster up`, or this one's service",
    exitCode: ExitCode.infrastructure,
  }),
  CLUSTER_START: (reason: string, log: string) => ({
    message: `the cluster did not start: ${reason}`,
    remedy: `see ${quote(log)} for all that was said`,
    exitCode: ExitCode.infrastructure,
  }),
} satisfies Catalogue
