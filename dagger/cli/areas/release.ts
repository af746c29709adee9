import type { Command } from "commander"
import type { ProveOptions } from "../commands/proof.js"
import type { VerifyOptions } from "../commands/verify.js"
import {
  CREDENTIALS,
  exit,
  withOneOfEnvironments,
  withPolicy,
  withRegistry,
  withSource,
} from "../options/common.js"

/** Adds the commands that verify published images. */
export function addReleaseCommands(program: Command): void {
  withPolicy(withRegistry(withSource(program.command("verify <reference>"))))
    .description("verify a published image: signatures, SBOMs, provenance and passed gates")
    .option("--key <file>", "cosign public key; by default as in slipway.yaml")
    .option(
      "--identity <identity>",
      "identity of the keyless signer, as in the certificate; in a URL, * stands for any text without a slash",
    )
    .option("--issuer <url>", "OIDC issuer of that identity")
    .option("--origin <url>", "URL of the service's repository; by default that of git's origin")
    .option("--embedded", "use the embedded registry")
    .option(
      "--login",
      "send the environment's registry credentials even if slipway.yaml doesn't name this registry",
    )
    .option("--json", "print verification.json instead of text")
    .addHelpText("after", CREDENTIALS)
    .action(async (reference: string, options: VerifyOptions) => {
      const { verify } = await import("../commands/verify.js")
      exit(await verify(reference, options))
    })

  withOneOfEnvironments(withRegistry(withSource(program.command("proof"))), "environment to use", "first")
    .description("prove that a release works with the database schema of the next one, as after a rollback")
    .requiredOption(
      "--previous <tag>",
      "release that a rollback would restore: a tag, a digest or a full image reference",
    )
    .requiredOption(
      "--tag <tag>",
      "release that migrates the schema: a tag, a digest or a full image reference",
    )
    .option("--embedded", "use the embedded registry")
    .option("--json", "print proof.json instead of text")
    .addHelpText("after", CREDENTIALS)
    .action(async (options: ProveOptions) => {
      const { prove } = await import("../commands/proof.js")
      exit(await prove(options))
    })
}
