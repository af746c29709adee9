import type { Command } from "commander"
import { CI_HOSTS } from "../../../src/lib/config/wrappers.js"
import { fail } from "../../../src/lib/errors/catalogue.js"
import type { WrappersOptions } from "../commands/wrappers.js"
import { exit, withSource } from "../options/common.js"

/** Several may stand in one word, as in github,gitlab. */
const hosts = (value: string): string[] =>
  value.split(",").map((name) => {
    if (!CI_HOSTS.some((host) => host === name)) throw fail("UNKNOWN_HOST", [name, CI_HOSTS])
    return name
  })

/** The files by which CI hosts call Slipway. */
export function addWrappersCommand(program: Command): void {
  withSource(program.command("wrappers"))
    .description("print as a patch how the files by which CI hosts call Slipway would change")
    .option(
      "--host <names>",
      `which hosts, of ${CI_HOSTS.join(", ")}; by default those in slipway.yaml`,
      hosts,
    )
    .option(
      "--slipway <address@commit>",
      "which Slipway they fetch; by default the one in slipway.yaml, else this one",
    )
    .option("--yes", "write them")
    .action(async (options: WrappersOptions) => {
      const { writeWrappers } = await import("../commands/wrappers.js")
      exit(await writeWrappers(options))
    })
}
