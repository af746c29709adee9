import type { Command } from "commander"
import type { ProveOptions } from "../commands/proof.js"
import type { VerifyOptions } from "../commands/verify.js"
import { CREDENTIALS, environmentOption, exit, withRegistry, withSource } from "../options/common.js"

/** What is asked of images that were published. */
export function addReleaseCommands(program: Command): void {
  withRegistry(withSource(program.command("verify <reference>")))
    .description(
      "verify a published image: signatures, bills of material, provenance and the gates that it passed",
    )
    .option("--key <file>", "cosign's public key; by default what release in slipway.yaml says")
    .option("--identity <identity>", "who signed without a key, exactly as in the certificate")
    .option("--issuer <url>", "who vouches for that identity")
    .option("--embedded", "look in the registry of Slipway's own")
    .option(
      "--login",
      "send the user and password of the environment to this registry, though slipway.yaml doesn't name it",
    )
    .option("--json", "print verification.json instead of text")
    .addHelpText("after", CREDENTIALS)
    .action(async (reference: string, options: VerifyOptions) => {
      const { verify } = await import("../commands/verify.js")
      exit(await verify(reference, options))
    })

  withRegistry(withSource(program.command("proof")))
    .description("prove that one release works on the database's schema of another, as after a rollback")
    .requiredOption(
      "--previous <tag>",
      "what a rollback would go back to: a tag, a digest or a whole reference",
    )
    .requiredOption("--tag <tag>", "the release that migrates, in the same way")
    .addOption(environmentOption().default("staging"))
    .option("--embedded", "look in the registry of Slipway's own")
    .option("--json", "print proof.json instead of text")
    .addHelpText("after", CREDENTIALS)
    .action(async (options: ProveOptions) => {
      const { prove } = await import("../commands/proof.js")
      exit(await prove(options))
    })
}
