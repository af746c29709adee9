import { type Catalogue, ExitCode, quote } from "./entry.js"

/** Errors of building the image. */
export const imageErrors = {
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
    remedy:
      "a secret is known by the last part of its address: give one of them another. Two of the same text are one to " +
      "Dagger: tell them apart, such as by --secrets=env://TOKEN?cacheKey=TOKEN",
    exitCode: ExitCode.badInput,
  }),
  IMAGE_BUILD: (reason: string) => ({
    message: `the image can't be built: ${reason}`,
    remedy: "mend that first: before it, there is no container to look into",
    exitCode: ExitCode.gateFailed,
  }),
  UNKNOWN_PLATFORM: (platform: string, known: readonly string[]) => ({
    message: `no image can be built for the platform ${quote(platform)}`,
    remedy: `choose among ${known.join(", ")}`,
    exitCode: ExitCode.badInput,
  }),
} satisfies Catalogue
