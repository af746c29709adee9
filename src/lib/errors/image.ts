import { type Catalogue, ExitCode, quote } from "./entry.js"

/** Errors of building the image. */
export const imageErrors = {
  NO_COMMAND: (missing: string, example: string) => ({
    message: `the image has no command to run: ${missing}`,
    remedy: `set it in slipway.yaml, for example \`image: { command: ${example} }\``,
    exitCode: ExitCode.badInput,
  }),
  NO_WHEEL: (packages: readonly string[], platform: string, reason: string) => ({
    message: `${packages.join(", ")} can't be installed for ${platform} without being compiled: ${reason}`,
    remedy:
      "choose a version that has a wheel for it, leave the platform out of image.platforms, or add a Dockerfile that compiles it",
    exitCode: ExitCode.badInput,
  }),
  WRONG_PROCESSOR: (what: readonly string[], platform: string) => ({
    message: `files for another processor than ${platform}: ${what.map(quote).join(", ")}`,
    remedy: "use the files of that platform, or leave it out of image.platforms",
    exitCode: ExitCode.badInput,
  }),
  IMAGE_PACKAGES: (files: readonly string[], reason: string, network: boolean) => ({
    message: `the packages of ${files.join(", ") || "the service"} can't be installed: ${reason}`,
    remedy: network ? "check that the package index is reachable" : "fix the requirements of the service",
    exitCode: network ? ExitCode.infrastructure : ExitCode.badInput,
  }),
  SERVICE_NOT_BUILT: (reason: string) => ({
    message: `the service can't be installed: ${reason}`,
    remedy: "make `pip install .` work in its folder, or add a Dockerfile",
    exitCode: ExitCode.badInput,
  }),
  IMAGES_LOCK_INVALID: (line: number, text: string) => ({
    message: `.slipway/images.lock:${line}: expected name:tag@sha256:… and each image once, received ${quote(text)}`,
    remedy: "write it again: slipway images lock",
    exitCode: ExitCode.badInput,
  }),
  IMAGES_LOCK_LACKS: (image: string) => ({
    message: `the image ${quote(image)} isn't in .slipway/images.lock`,
    remedy:
      "see what would change with `slipway images update`, write it with `slipway images lock`, and commit it",
    exitCode: ExitCode.badInput,
  }),
  IMAGES_LOCK_DIFFERS: (image: string, digest: string, locked: string) => ({
    message: `the image ${quote(image)} is asked for as ${digest}, and locked as ${locked} in .slipway/images.lock`,
    remedy:
      "use the same digest in both: write the lock again with `slipway images lock`, or fix the reference",
    exitCode: ExitCode.badInput,
  }),
  IMAGE_UNRESOLVED: (image: string, reason: string) => ({
    message: `the digest of the image ${quote(image)} can't be found: ${reason}`,
    remedy: "see whether its registry can be reached and has it, then run it again",
    exitCode: ExitCode.infrastructure,
  }),
  NO_DOCKERFILE: (file: string) => ({
    message: `there is no Dockerfile ${quote(file)}`,
    remedy: "fix `image: { dockerfile: … }` in slipway.yaml, or leave it out",
    exitCode: ExitCode.badInput,
  }),
  NO_SSH_AGENT: (socket: string) => ({
    message:
      socket === ""
        ? "no SSH agent runs: SSH_AUTH_SOCK isn't set"
        : `there is no SSH agent at ${quote(socket)}`,
    remedy: "start one: eval $(ssh-agent) && ssh-add; or pass a key alone: --ssh ~/.ssh/id_ed25519",
    exitCode: ExitCode.badInput,
  }),
  SSH_KEY: (name: string, reason: string) => ({
    message: `the SSH key ${quote(name)} can't be used: ${reason}`,
    remedy: "pass the file of a private key, such as --ssh ~/.ssh/id_ed25519, or its text in SLIPWAY_SSH_KEY",
    exitCode: ExitCode.badInput,
  }),
  SECRET_UNREAD: (address: string) => ({
    message: `the secret ${quote(address)} can't be read`,
    remedy: "check that it exists, and pass it again, such as --secrets=env://TOKEN",
    exitCode: ExitCode.badInput,
  }),
  SECRET_TWICE: (name: string) => ({
    message: `two secrets have the name ${quote(name)}`,
    remedy:
      "the last part of an address is the name of its secret: change one of them. Dagger takes two secrets of the same " +
      "text for one: distinguish them, such as by --secrets=env://TOKEN?cacheKey=TOKEN",
    exitCode: ExitCode.badInput,
  }),
  IMAGE_BUILD: (reason: string) => ({
    message: `the image can't be built: ${reason}`,
    remedy: "fix that first: before it, there is no container to inspect",
    exitCode: ExitCode.gateFailed,
  }),
  UNKNOWN_PLATFORM: (platform: string, known: readonly string[]) => ({
    message: `unsupported platform ${quote(platform)}`,
    remedy: `choose among ${known.join(", ")}`,
    exitCode: ExitCode.badInput,
  }),
} satisfies Catalogue
