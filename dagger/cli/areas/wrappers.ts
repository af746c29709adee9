import type { Command } from "commander"
import { CI_HOSTS } from "../../../src/lib/config/wrappers.js"
import { fail } from "../../../src/lib/errors/catalogue.js"
import type { WrappersOptions } from "../commands/wrappers.js"
import { exit, withSource } from "../options/common.js"

/** Parses a list such as `github,gitlab`. */
const hosts = (value: string): string[] =>
  value.split(",").map((name) => {
    if (!CI_HOSTS.some((host) => host === name)) throw fail("UNKNOWN_HOST", [name, CI_HOSTS])
    return name
  })

/** Adds the command that generates CI configuration files. */
export function addWrappersCommand(program: Command): void {
  withSource(program.command("wrappers"))
    .description("print changes to the generated CI configuration files as a patch")
    .option(
      "--host <names>",
      `CI hosts, comma-separated, of ${CI_HOSTS.join(", ")}; by default those in slipway.yaml`,
      hosts,
    )
    .option(
      "--slipway <address@commit>",
      "version of Slipway to pin; by default the one in slipway.yaml, else this one",
    )
    .option("--yes", "write the files")
    .action(async (options: WrappersOptions) => {
      const { writeWrappers } = await import("../commands/wrappers.js")
      exit(await writeWrappers(options))
    })
}
