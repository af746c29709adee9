import { type Catalogue, ExitCode, quote } from "./entry.js"

/** Errors of the engine kit. */
export const engineErrors = {
  NOT_ROOT: () => ({
    message: "not running as root on Linux, which building a Dagger engine requires",
    remedy:
      "run as root, or install the dagger CLI and a container runtime, or set _EXPERIMENTAL_DAGGER_RUNNER_HOST",
    exitCode: ExitCode.infrastructure,
  }),
  NO_CLI: (host: string, version: string) => ({
    message: `no dagger CLI of version ${version} or later for the engine at ${quote(host)}`,
    remedy:
      "install the dagger CLI, or unset _EXPERIMENTAL_DAGGER_RUNNER_HOST and run `slipway engine up`, which builds one",
    exitCode: ExitCode.infrastructure,
  }),
  ENGINE_UNREACHABLE: (address: string, seconds: number, reason: string) => ({
    message: `no engine at ${quote(address)}: nothing took a connection for ${seconds} s: ${reason}`,
    remedy:
      "start the engine there, or unset _EXPERIMENTAL_DAGGER_RUNNER_HOST; `slipway doctor` shows which engine is used",
    exitCode: ExitCode.infrastructure,
  }),
  HOME_TOO_LONG: (home: string, limit: number) => ({
    message: `SLIPWAY_HOME ${quote(home)} is too long: the path of the engine's socket exceeds ${limit} characters`,
    remedy: "set SLIPWAY_HOME to a shorter path",
    exitCode: ExitCode.infrastructure,
  }),
  DISK_FULL: (path: string, free: number, needed: number) => ({
    message: `disk full: ${quote(path)} has ${free} GB free, and ${needed} GB are required`,
    remedy: "free some space, or set SLIPWAY_HOME to a folder on another disk",
    exitCode: ExitCode.infrastructure,
  }),
  PACKAGE_MISSING: (names: string[], reason: string) => ({
    message: `can't install the Debian packages ${names.map(quote).join(", ")}: ${reason}`,
    remedy: "install them manually, then run the command again",
    exitCode: ExitCode.infrastructure,
  }),
  ROOT_BUILD: (reason: string) => ({
    message: `can't unpack Debian packages: ${reason}`,
    remedy: "check that this machine's package sources have the package named above",
    exitCode: ExitCode.infrastructure,
  }),
  GO_BUILD: (reason: string) => ({
    message: `can't build from Go modules: ${reason}`,
    remedy: "check that this machine's Go module proxy (GOPROXY) has the module named above",
    exitCode: ExitCode.infrastructure,
  }),
  PROGRAM_MISSING: (folder: string, names: string[]) => ({
    message: `SLIPWAY_DAGGER ${quote(folder)} has no ${names.map(quote).join(", ")}`,
    remedy:
      "put dagger, dnsname, engine and init of one version of Dagger there, or unset SLIPWAY_DAGGER for Slipway's own",
    exitCode: ExitCode.infrastructure,
  }),
  JAVA_BUILD: (reason: string) => ({
    message: `can't build from Maven packages: ${reason}`,
    remedy: "check that the repositories in this machine's Maven settings have the package named above",
    exitCode: ExitCode.infrastructure,
  }),
  NPM_INSTALL: (what: string, reason: string) => ({
    message: `can't install ${what}: ${reason}`,
    remedy: "check that this machine's npm registry has the package named above",
    exitCode: ExitCode.infrastructure,
  }),
  NO_NETWORK: (used: string[]) => ({
    message: `no free private network for the engine; in use: ${used.join(", ")}`,
    remedy: "remove an unused route below 10.0.0.0/8",
    exitCode: ExitCode.infrastructure,
  }),
  ENGINE_START: (reason: string) => ({
    message: `the engine did not start:\n${reason}`,
    remedy: "see `slipway engine logs` for the whole log",
    exitCode: ExitCode.infrastructure,
  }),
  ENGINE_ENDED: (log: string) => ({
    message: "the engine stopped during the run",
    remedy: `run the command again, which starts the engine; \`slipway engine logs\` and ${quote(log)} may show why it stopped`,
    exitCode: ExitCode.infrastructure,
  }),
  CLUSTER_ABSENT: (name: string, waited: number) => ({
    message: `cluster ${quote(name)} did not start within ${waited} s`,
    remedy: "start a cluster with `slipway cluster up`, or the service of this one",
    exitCode: ExitCode.infrastructure,
  }),
  CLUSTER_START: (reason: string, log: string) => ({
    message: `the cluster did not start: ${reason}`,
    remedy: `see ${quote(log)} for the whole log`,
    exitCode: ExitCode.infrastructure,
  }),
} satisfies Catalogue
