/**
 * The one catalogue of errors: a function per code, each giving what failed, with the value quoted,
 * and what to do next. A code's exit code is what the `slipway` command ends with.
 */

/** What the process exits with, and what each number means. */
export const ExitCode = {
  /** Everything that was asked for passed. */
  passed: 0,
  /** A gate failed: the service needs a change. */
  gateFailed: 1,
  /** Changes or drift, where asked for. */
  changes: 2,
  /** The infrastructure failed: engine, registry, network; the service may be fine. */
  infrastructure: 3,
  /** Bad input: source, configuration or arguments. */
  badInput: 4,
} as const

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

interface Entry {
  message: string
  remedy: string
  exitCode: ExitCode
}

const quote = (value: string): string =>
  JSON.stringify(value.length > 200 ? `${value.slice(0, 200)}…` : value)

const catalogue = {
  EMPTY_SOURCE: () => ({
    message: "the source holds no files",
    remedy: "pass the service's folder, for example --source=.",
    exitCode: ExitCode.badInput,
  }),
  NO_SOURCE: (source: string) => ({
    message: `there is no folder ${quote(source)} to check`,
    remedy: "pass the service's folder, for example --source=., or a git address",
    exitCode: ExitCode.badInput,
  }),
  OUT_NOT_FOLDER: (out: string, reason: string) => ({
    message: `no reports can be left in ${quote(out)}: ${reason}`,
    remedy: "pass a folder that can be written to, for example --out=out",
    exitCode: ExitCode.badInput,
  }),
  NOT_PYTHON: (seen: string[]) => ({
    message: `the source is no Python project: no .py file in it (found ${seen.map(quote).join(", ")})`,
    remedy: "pass the folder that holds the service's Python code, for example --source=./service",
    exitCode: ExitCode.badInput,
  }),
  CONFIG_INVALID: (file: string, problems: string[], total = problems.length) => ({
    message: [`${file} has ${total} ${total === 1 ? "problem" : "problems"}:`, ...problems].join("\n  "),
    remedy: "mend each line above; `slipway.schema.json` lists every key",
    exitCode: ExitCode.badInput,
  }),
  UNKNOWN_STAGE: (name: string, known: readonly string[]) => ({
    message: `unknown stage ${quote(name)}`,
    remedy: `choose one of ${known.join(", ")}`,
    exitCode: ExitCode.badInput,
  }),
  INVALID_TIME: (value: string) => ({
    message: `${quote(value)} is no time`,
    remedy: "give one as RFC 3339 has it, for example 2026-03-01T12:00:00Z, or none for the present",
    exitCode: ExitCode.badInput,
  }),
  GATE_FAILED: (failures: string) => ({
    message: failures.trimEnd(),
    remedy: "mend what is listed, or run `fix` for what a tool can mend by itself",
    exitCode: ExitCode.gateFailed,
  }),
  NOT_ROOT: () => ({
    message: "making a Dagger engine takes root on Linux",
    remedy:
      "run as root, or install the dagger CLI and a container runtime, or set _EXPERIMENTAL_DAGGER_RUNNER_HOST",
    exitCode: ExitCode.infrastructure,
  }),
  NO_CLI: (host: string, version: string) => ({
    message: `the engine at ${quote(host)} is to be used, but there is no dagger command of at least ${version}`,
    remedy: "install the dagger CLI, or unset _EXPERIMENTAL_DAGGER_RUNNER_HOST",
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
  NO_COMMAND: (missing: string, example: string) => ({
    message: `nothing tells what the service's image is to run: ${missing}`,
    remedy: `say it in slipway.yaml, for example \`image: { command: ${example} }\``,
    exitCode: ExitCode.badInput,
  }),
  NO_WHEEL: (packages: readonly string[], platform: string, reason: string) => ({
    message: `${packages.join(", ")} can't be installed for ${platform} without being compiled: ${reason}`,
    remedy:
      "choose a version that has a wheel for it, leave the platform out of image.platforms, or add a Dockerfile that compiles it",
    exitCode: ExitCode.badInput,
  }),
  WRONG_PROCESSOR: (what: readonly string[], platform: string) => ({
    message: `these are not for ${platform}: ${what.map(quote).join(", ")}`,
    remedy: "bring those of that platform, or leave it out of image.platforms",
    exitCode: ExitCode.badInput,
  }),
  IMAGE_PACKAGES: (files: readonly string[], reason: string, network: boolean) => ({
    message: `what ${files.join(", ") || "the service"} asks for can't be installed: ${reason}`,
    remedy: network ? "see whether the package index can be reached" : "mend what the service asks for",
    exitCode: network ? ExitCode.infrastructure : ExitCode.badInput,
  }),
  SERVICE_NOT_BUILT: (reason: string) => ({
    message: `the service can't be installed: ${reason}`,
    remedy: "see that `pip install .` works in its folder, or add a Dockerfile",
    exitCode: ExitCode.badInput,
  }),
  NO_DOCKERFILE: (file: string) => ({
    message: `there is no file ${quote(file)} to build the image by`,
    remedy: "mend `image: { dockerfile: … }` in slipway.yaml, or leave it out",
    exitCode: ExitCode.badInput,
  }),
  SECRET_UNREAD: (address: string) => ({
    message: `the secret ${quote(address)} can't be read`,
    remedy: "see that it is there, and pass it again, such as --secrets=env://TOKEN",
    exitCode: ExitCode.badInput,
  }),
  SECRET_TWICE: (name: string) => ({
    message: `two secrets have the name ${quote(name)}`,
    remedy: "a Dockerfile mounts a secret by the last part of its address: give one of them another",
    exitCode: ExitCode.badInput,
  }),
  IMAGE_BUILD: (reason: string) => ({
    message: `the image can't be built: ${reason}`,
    remedy: "mend that first: before it, there is no container to look into",
    exitCode: ExitCode.gateFailed,
  }),
  NO_REGISTRY: () => ({
    message: "no registry is named to publish to",
    remedy: "say `release: { registry: team.azurecr.io }` in slipway.yaml, or pass one",
    exitCode: ExitCode.badInput,
  }),
  NO_NAME: () => ({
    message: "the service has no name, and its image no repository",
    remedy: "say `name: …` or `release: { repository: … }` in slipway.yaml, or `name` in pyproject.toml",
    exitCode: ExitCode.badInput,
  }),
  NOT_SCANNED: () => ({
    message: "the image was not scanned, and is not published unseen",
    remedy: "run the groups image and release together",
    exitCode: ExitCode.badInput,
  }),
  NO_SIGNER: () => ({
    message: "there is nothing to sign with",
    remedy:
      "pass a private key of cosign's (COSIGN_PRIVATE_KEY), or the token of who signs (SIGSTORE_ID_TOKEN)",
    exitCode: ExitCode.badInput,
  }),
  TWO_SIGNERS: () => ({
    message: "both a private key and an identity token are given to sign with",
    remedy: "pass one of them (COSIGN_PRIVATE_KEY or SIGSTORE_ID_TOKEN)",
    exitCode: ExitCode.badInput,
  }),
  SIGSTORE_SETTINGS: (contradiction: string) => ({
    message: `release in slipway.yaml contradicts itself: ${contradiction}`,
    remedy: 'name both files of a private Sigstore, or none; `log: "off"` goes with a key alone',
    exitCode: ExitCode.badInput,
  }),
  NO_COMMIT: (sha: string) => ({
    message: `a release must be of a commit, and ${sha === "" ? "none is known" : `${quote(sha)} is none`}`,
    remedy: "pass --sha with the whole commit, or run it in a git checkout",
    exitCode: ExitCode.badInput,
  }),
  GATES_MISSING: (faults: readonly string[]) => ({
    message: `not released: ${faults.join(", ")}`,
    remedy: "run all groups that `release: { gates: … }` demands in the same run",
    exitCode: ExitCode.gateFailed,
  }),
  NO_TRUST: () => ({
    message: "it isn't known whose signature is to be trusted",
    remedy:
      "say so in slipway.yaml: `release: { key: cosign.pub }`, or `release: { identity: …, issuer: … }` where no key is used",
    exitCode: ExitCode.badInput,
  }),
  SIGN: (what: string, reason: string, exitCode: ExitCode) => ({
    message: `${quote(what)} can't be signed: ${reason}`,
    remedy: "mend that, then run it again: what is signed already stays so",
    exitCode,
  }),
  TAG_MOVED: (reference: string, wanted: string, now: string) => ({
    message: `the tag of ${quote(reference)} has moved: it stands for ${now}, not for ${wanted}`,
    remedy: "find out who moved it; verify by the digest alone what is meant",
    exitCode: ExitCode.gateFailed,
  }),
  NOT_VERIFIED: (reference: string, problems: readonly string[]) => ({
    message: [`${quote(reference)} is not what was released:`, ...problems].join("\n  "),
    remedy: "deploy nothing of it; publish it anew, or verify with the key or identity that signed it",
    exitCode: ExitCode.gateFailed,
  }),
  INVALID_REFERENCE: (reference: string, problem: string) => ({
    message: `${quote(reference)} is no reference of an image: ${problem}`,
    remedy: "write it as registry.example.com/repository:tag, or with @sha256:… in place of the tag",
    exitCode: ExitCode.badInput,
  }),
  INVALID_TAG: (tag: string) => ({
    message: `${quote(tag)} is no tag that an image can have`,
    remedy:
      "take up to 128 of A-Z, a-z, 0-9, _ . and -, the first no . or -; a release's git tag is such as v1.2.3",
    exitCode: ExitCode.badInput,
  }),
  TAG_TAKEN: (tag: string, existing: string, wanted: string) => ({
    message: `${quote(tag)} stands for ${quote(existing)} already, and not for ${quote(wanted)}`,
    remedy:
      "a version is published once: give what has changed a version of its own; one commit gives the same image only while its base images are the same, so pin those by digest",
    exitCode: ExitCode.badInput,
  }),
  REGISTRY: (
    reference: string,
    reason: string,
    remedy = "see whether the registry can be reached, and what the user may do there",
    exitCode: ExitCode = ExitCode.infrastructure,
  ) => ({
    message: `${quote(reference)}: ${reason}`,
    remedy,
    exitCode,
  }),
  UNKNOWN_EVENT: (event: string, known: readonly string[]) => ({
    message: `unknown event ${quote(event)}`,
    remedy: `choose one of ${known.join(", ")}`,
    exitCode: ExitCode.badInput,
  }),
  UNKNOWN_PLATFORM: (platform: string, known: readonly string[]) => ({
    message: `no image can be built for the platform ${quote(platform)}`,
    remedy: `choose among ${known.join(", ")}`,
    exitCode: ExitCode.badInput,
  }),
  DIRTY: (paths: readonly string[], total = paths.length) => ({
    message: `not as in the commit: ${paths.map(quote).join(", ")}${total > paths.length ? ` and ${total - paths.length} more` : ""}`,
    remedy: "commit or stash them; a release names a commit, and must be of it",
    exitCode: ExitCode.badInput,
  }),
} satisfies Record<string, (...args: never[]) => Entry>

export type ErrorCode = keyof typeof catalogue

/** An error that a user can act upon. Its message carries the code, the value quoted and the remedy. */
export class SlipwayError extends Error {
  override readonly name = "SlipwayError"

  constructor(
    readonly code: ErrorCode,
    readonly exitCode: ExitCode,
    message: string,
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    super(`${message}\n→ ${remedy} [${code}]`, options)
  }
}

/** What an error makes the command end with: one that nobody foresaw is the infrastructure's. */
export const exitCodeOf = (error: unknown): ExitCode =>
  error instanceof SlipwayError ? error.exitCode : ExitCode.infrastructure

/** Makes the error of a code: `throw fail("UNKNOWN_STAGE", [name, stages])`. */
export function fail<C extends ErrorCode>(
  code: C,
  args: Parameters<(typeof catalogue)[C]>,
  options?: ErrorOptions,
): SlipwayError {
  const { message, remedy, exitCode } = (catalogue[code] as (...args: unknown[]) => Entry)(...args)
  return new SlipwayError(code, exitCode, message, remedy, options)
}
